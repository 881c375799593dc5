"""Packages of releases and records, and a table of them: how our data travel. Bodies are put in as they were stored."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from becta.market.ocds.merging import compiled, versioned
from becta.market.ocds.reading import encoded, parsed
from becta.market.ocds.releases import EXTENSIONS, instant

LICENSE = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
"""What we publish may be used under the Open Government Licence 3.0."""
VERSION = "1.1"
COLUMNS = (
    "ocid",
    "id",
    "date",
    "tag",
    "notice",
    "buyer_id",
    "buyer_name",
    "title",
    "status",
    "procurement_method",
    "cpv",
    "value_amount",
    "value_currency",
    "tender_deadline",
    "award_suppliers",
    "award_amount",
    "contract_signed",
)
"""One row a release; lists are parted by semicolons, sums are pounds ex VAT, instants are UTC."""
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run as a formula."""


class Publisher(Struct, frozen=True, kw_only=True):
    """Who publishes, from which address (`origin`)."""

    name: str
    origin: str


def release_package(bodies: Sequence[str], publisher: Publisher, *, uri: str, published: datetime) -> bytes:
    """A release package of stored releases."""
    return _package(publisher, uri, published, "releases", [msgspec.Raw(body.encode()) for body in bodies])


def record_package(
    processes: Iterable[Sequence[str]],
    publisher: Publisher,
    *,
    uri: str,
    published: datetime,
    with_versions: bool = False,
) -> bytes:
    """A record package: each process with its releases, oldest first, and what they come to."""
    records = [msgspec.Raw(record(bodies, with_versions=with_versions)) for bodies in processes]
    return _package(publisher, uri, published, "records", records)


def record(bodies: Sequence[str], *, with_versions: bool = False) -> bytes:
    """The record of a process from its stored releases, oldest first."""
    releases = [parsed(body) for body in bodies]
    parts: dict[str, Any] = {
        "ocid": releases[-1]["ocid"],
        "releases": [msgspec.Raw(body.encode()) for body in bodies],
        "compiledRelease": msgspec.Raw(encoded(compiled(releases)).encode()),
    }
    if with_versions:
        parts["versionedRelease"] = msgspec.Raw(encoded(versioned(releases)).encode())
    return msgspec.json.encode(parts)


def csv_head() -> str:
    """The names of the columns."""
    return _row(COLUMNS)


def csv_row(body: str, notice: str | None) -> str:
    """A stored release as a row."""
    one = parsed(body)
    tender, awards, contracts = one.get("tender", {}), one.get("awards", []), one.get("contracts", [])
    cells = (
        one["ocid"],
        one["id"],
        one["date"],
        ";".join(one["tag"]),
        notice or "",
        one["buyer"]["id"],
        one["buyer"]["name"],
        tender.get("title", ""),
        tender.get("status", ""),
        tender.get("procurementMethod", ""),
        ";".join(dict.fromkeys(item["classification"]["id"] for item in tender.get("items", []))),
        str(tender.get("value", {}).get("amount", "")),
        tender.get("value", {}).get("currency", ""),
        tender.get("tenderPeriod", {}).get("endDate", ""),
        ";".join(dict.fromkeys(s["name"].replace(";", ",") for award in awards for s in award.get("suppliers", []))),
        ";".join(str(award["value"]["amount"]) for award in awards if "value" in award),
        ";".join(contract["dateSigned"] for contract in contracts if "dateSigned" in contract),
    )
    return _row([_inert(cell) for cell in cells])


def _package(publisher: Publisher, uri: str, published: datetime, name: str, entries: list[msgspec.Raw]) -> bytes:
    return msgspec.json.encode(
        {
            "uri": uri,
            "version": VERSION,
            "extensions": EXTENSIONS,
            "publishedDate": instant(published),
            "publisher": {"name": publisher.name, "uri": publisher.origin},
            "license": LICENSE,
            "publicationPolicy": f"{publisher.origin}/schema",
            name: entries,
        }
    )


def _row(cells: Sequence[str]) -> str:
    made = io.StringIO()
    csv.writer(made).writerow(cells)
    return made.getvalue()


def _inert(text: str) -> str:
    """The text so that no spreadsheet runs it: buyers and suppliers wrote some of it."""
    return f"'{text}" if text.startswith(_ACTIVE) else text
