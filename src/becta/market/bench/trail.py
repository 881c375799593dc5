"""The audit trail at scale: how soon the history of an object is told, and what the trail adds to a write."""

import random
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import UUID

import msgspec
from sqlalchemy import text

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import Actor, system
from becta.kernel.events import audit_row, record_rows
from becta.kernel.ids import new_id
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.tokens import issue_token
from becta.market.audit.verify import verify
from becta.market.bench.serving import serving
from becta.market.settings import Settings
from becta.market.wiring import House, build

SEED = 2026
BATCH = 20_000
EVENTS_OF_AN_OBJECT = 50
HISTORIES = 2_000
WRITES = 1_500
WARM_UP = 100


def trail(events: int) -> Iterator[str]:
    """Measure over a trail of so many events; yields the lines of a table as they come."""
    with TemporaryDirectory() as folder:
        house = build(Settings(data_dir=Path(folder), database_url=None))
        house.db.migrate()
        began = perf_counter()
        objects = _fill(house, events)
        yield f"{events:,} events of {len(objects):,} objects recorded in {perf_counter() - began:.1f} s"
        began = perf_counter()
        house.sealer.seal()
        yield f"signed in {(perf_counter() - began) * 1_000:.0f} ms"
        began = perf_counter()
        report = verify(house.db, [house.sealer.key])
        yield f"the whole trail verified in {perf_counter() - began:.1f} s: {len(report.findings)} findings"
        supplier_id, secret = _scene(house)
        house.close()
        yield from _histories(Path(folder), secret, objects)
        yield from _writes(Path(folder), secret, supplier_id)


def _fill(house: House, events: int) -> list[UUID]:
    chance, now = random.Random(SEED), clock.now()  # noqa: S311 - no secrets
    objects = [new_id() for _ in range(max(1, events // EVENTS_OF_AN_OBJECT))]
    person = Actor(
        kind="person", id="p", label="Jo Bloggs", scopes=frozenset(), person_id=new_id(), organisation_id=new_id()
    )
    actors = [person, system("benchmark")]
    for start in range(0, events, BATCH):
        rows = [
            audit_row(
                actors[number % 2],
                "offer.changed",
                "offer",
                chance.choice(objects),
                now=now,
                before={"price_pence": number, "stock": 3},
                after={"price_pence": number + 1, "stock": 4},
                reason="the price of the day",
            )
            for number in range(start, min(start + BATCH, events))
        ]
        with house.db.write() as session:
            session.execute(text("PRAGMA cache_size=-400000"))  # the index of objects is filled in no order
            record_rows(session, rows)
    return objects


def _scene(house: House) -> tuple[UUID, str]:
    """A supplier to write to, and a token that may."""
    now = clock.now()
    with house.db.write() as session:
        supplier = register_supplier(session, system("benchmark"), "larch", SupplierDetails(name="Larch"), now=now)
        _, secret = issue_token(
            session,
            system("benchmark"),
            open_organisation(session, "operator", now=now),
            label="benchmark",
            scopes=None,
            expires_at=None,
            now=now,
        )
        return supplier.id, secret


def _histories(folder: Path, secret: str, objects: list[UUID]) -> Iterator[str]:
    chance = random.Random(SEED + 1)  # noqa: S311
    with serving(folder, target="becta.market.bench.untrailed:create_trailed") as port:
        ask = _client(port, secret)
        took = sorted(
            ask("GET", f"/api/v1/audit/objects/offer/{chance.choice(objects)}?limit=50", None) for _ in range(HISTORIES)
        )
    p95 = quantiles(took, n=20)[-1] * 1_000
    yield (
        f"history of an object, {HISTORIES:,} times over HTTP: p50 {median(took) * 1_000:.1f} ms, "
        f"p95 {p95:.1f} ms (wanted: below 50)"
    )


def _writes(folder: Path, secret: str, supplier_id: UUID) -> Iterator[str]:
    """The same write on two servers over one database, in turn: one keeps the trail, the other forgets it."""
    module, path = "becta.market.bench.untrailed", f"/api/v1/suppliers/{supplier_id}"
    with (
        serving(folder, target=f"{module}:create_trailed") as with_trail,
        serving(folder, target=f"{module}:create_untrailed") as without,
    ):
        clients = [_client(with_trail, secret), _client(without, secret)]
        took: tuple[list[float], list[float]] = ([], [])
        for turn in range(WARM_UP + WRITES):
            for which in (0, 1) if turn % 2 else (1, 0):
                body = msgspec.json.encode({"name": "Larch", "summary": f"turn {turn} of {which}"})
                seconds = clients[which]("PUT", path, body)
                if turn >= WARM_UP:
                    took[which].append(seconds)
    audited, bare = (median(times) * 1_000 for times in took)
    yield f"a write of {WRITES:,}: {audited:.2f} ms with the trail, {bare:.2f} ms without (medians, in turn)"
    yield f"  ratio: {audited / bare:.2f} of medians, {sum(took[0]) / sum(took[1]):.2f} of means (wanted: at most 1.15)"


def _client(port: int, secret: str) -> Callable[[str, str, bytes | None], float]:
    """Something that sends a request, and tells how long the answer took; raises RuntimeError if it is not 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def ask(method: str, path: str, body: bytes | None) -> float:
        began = perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        took = perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {told[:200]!r}")
        return took

    return ask
