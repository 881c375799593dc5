"""Relevance through the public search API, against judgments: nDCG@10, plain and condensed."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from becta.catalogue.imports.loading import import_file
from becta.catalogue.imports.products import ProductLoader
from becta.catalogue.imports.report import ImportReport
from becta.kernel import clock
from becta.kernel.actor import system
from becta.market.bench.serving import serving
from becta.market.settings import Settings
from becta.market.wiring import build
from becta.search.metrics import ndcg_condensed, ndcg_plain

DEPTH = 100
"""Hits asked for, so that the condensed measure still has ten after unjudged ones are left out."""


class QueryScore(Struct, frozen=True, kw_only=True):
    """The score of one query; `unjudged` counts results among the first ten that no judge saw."""

    query: str
    plain: float
    condensed: float
    unjudged: int


def relevance(products: Path, qrels: Path) -> list[QueryScore]:
    """Import the products into a fresh marketplace, serve it, and score each judged query."""
    judged = read_qrels(qrels)
    with _marketplace(products) as connection:
        return [_score(connection, query, ratings) for query, ratings in judged.items()]


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgments by query and document: a CSV with the columns query, docid and rating."""
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            judged[row["query"]][row["docid"]] = int(row["rating"])
    return dict(judged)


@contextmanager
def _marketplace(products: Path) -> Iterator[HTTPConnection]:
    with TemporaryDirectory() as folder:
        house = build(Settings(data_dir=Path(folder), database_url=None))
        house.db.migrate()
        report = ImportReport()
        loader = ProductLoader(create_suppliers=True)
        actor = system("benchmark")
        import_file(house.db.write, loader, products, actor=actor, now=clock.now(), report=report)
        house.projection.heal()
        house.close()
        with serving(Path(folder)) as port, closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            yield connection


def _score(connection: HTTPConnection, query: str, ratings: dict[str, int]) -> QueryScore:
    connection.request("GET", "/api/v1/search?" + urlencode({"q": query, "limit": DEPTH}))
    answer: dict[str, Any] = msgspec.json.decode(connection.getresponse().read())
    ranked = [hit["reference"] for hit in answer["hits"]]
    return QueryScore(
        query=query,
        plain=ndcg_plain(ranked, ratings),
        condensed=ndcg_condensed(ranked, ratings),
        unjudged=sum(reference not in ratings for reference in ranked[:10]),
    )
