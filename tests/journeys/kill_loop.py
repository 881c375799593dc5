"""Kill the marketplace at random moments of publishing and importing, many times, then compare index and database.

    python -m tests.journeys.kill_loop 200

A child process publishes listings, edits them, imports files and reindexes as fast as it can while its relay feeds the
index; what it was told is committed it writes to a journal. The parent kills it with SIGKILL at a random
moment and starts the next one. Afterwards everything in the journal must be there, once.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlmodel import col, func, select

from becta.catalogue.categories import Kind
from becta.catalogue.imports.loading import import_file
from becta.catalogue.imports.products import ProductLoader
from becta.catalogue.imports.report import ImportReport
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingContent, ListingState
from becta.catalogue.products.service import edit_listing, publish_listing, start_listing, submit_listing
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import system
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.market.audit.verify import verify
from becta.market.settings import Settings
from becta.market.wiring import House, build
from becta.search.engine import Query

ACTOR = system("kill loop")
ROWS = 40
PUBLISHED_BY = ("listing.published", "listing.imported")


def child(folder: Path, run: int) -> None:
    """Publish, edit and import until killed."""
    house = _house(folder)
    house.db.migrate()
    house.projection.heal()
    house.relay.start()
    chance = random.Random(run)
    journal = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    print("ready", flush=True)
    turn = 0
    while True:
        turn += 1
        match chance.choices(("import", "publish", "reindex"), weights=(10, 10, 1))[0]:
            case "import":
                committed = _import(house, folder, f"i{run}-{turn}")
            case "publish":
                committed = _publish(house, f"p{run}-{turn}")
            case _:
                house.projection.rebuild()
                committed = {}
        for reference, title in committed.items():
            os.write(journal, (json.dumps([reference, title]) + "\n").encode())
        os.fsync(journal)


def _publish(house: House, reference: str) -> dict[str, str]:
    first, second = f"Listing {reference}", f"Listing {reference} again"
    now = clock.now()
    with house.db.write() as session:
        supplier_id = session.exec(select(Supplier.id)).first()
        if supplier_id is None:
            supplier_id = register_supplier(session, ACTOR, "larch", SupplierDetails(name="Larch"), now=now).id
    with house.db.write() as session:
        product, _ = start_listing(
            session,
            ACTOR,
            supplier_id=supplier_id,
            reference=reference,
            kind=Kind.DEVICE,
            content=_content(first),
            now=now,
        )
        submit_listing(session, ACTOR, product.id, revision=None, now=now)
        publish_listing(session, ACTOR, product.id, revision=None, now=now)
    with house.db.write() as session:
        edit_listing(session, ACTOR, product.id, _content(second), revision=None, now=now)
    with house.db.write() as session:
        submit_listing(session, ACTOR, product.id, revision=None, now=now)
        publish_listing(session, ACTOR, product.id, revision=None, now=now)
    return {reference: second}


def _import(house: House, folder: Path, stem: str) -> dict[str, str]:
    rows = {f"{stem}-{number}": f"Imported {stem} {number}" for number in range(ROWS)}
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(_row(reference, title)) + "\n" for reference, title in rows.items()))
    report = ImportReport()
    loader = ProductLoader(create_suppliers=True)
    import_file(house.db.write, loader, path, actor=ACTOR, now=clock.now(), report=report)
    assert (report.created, report.failed) == (ROWS, 0), report.faults
    return rows


def _content(title: str) -> ListingContent:
    return ListingContent(title=title, cpv_code="30213100", category="laptops")


def _row(reference: str, title: str) -> dict[str, Any]:
    return {"supplier": "Larch", "reference": reference, "kind": "device", "title": title, "cpv_code": "30213100"}


def kill_many(folder: Path, kills: int, *, seed: int) -> dict[str, int]:
    """Start and kill `kills` children, then let the marketplace start once more and check all of it."""
    chance = random.Random(seed)
    for run in range(kills):
        command = [sys.executable, "-m", "tests.journeys.kill_loop", "child", str(folder), str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", f"child {run} did not start"
            if run == 0:
                _await_first_write(folder)
            time.sleep(chance.uniform(0.0, 0.7))
            os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, f"child {run} ended by itself with {process.returncode}"
    return check(folder)


def _await_first_write(folder: Path) -> None:
    """Wait until something is acknowledged: on a busy machine every child could be killed before it did anything."""
    journal, until = folder / "journal", time.monotonic() + 120
    while not (journal.exists() and journal.stat().st_size):
        assert time.monotonic() < until, "the first child wrote nothing in two minutes"
        time.sleep(0.05)


def check(folder: Path) -> dict[str, int]:
    """Start as any server does, then compare journal, database and index; returns what was counted."""
    house = _house(folder)
    healed = house.projection.heal()
    drained = house.relay.drain()
    journal = dict(json.loads(line) for line in (folder / "journal").read_text().splitlines())
    with house.db.read() as session:
        live = session.exec(
            select(Product.reference, ListingVersion.title, Product.id, Product.revision + Supplier.revision)
            .join(ListingVersion, col(ListingVersion.product_id) == Product.id)
            .join(Supplier, col(Supplier.id) == Product.supplier_id)
            .where(ListingVersion.state == ListingState.PUBLISHED)
        ).all()
        versions = dict(
            session.exec(
                select(ListingVersion.product_id, func.count())
                .where(col(ListingVersion.published_at).is_not(None))
                .group_by(col(ListingVersion.product_id))
            ).all()
        )
        events = Counter(
            session.exec(select(AuditEvent.object_id).where(col(AuditEvent.action).in_(PUBLISHED_BY))).all()
        )
        waiting = session.exec(select(func.count()).where(col(OutboxMessage.done_at).is_(None))).one()
    titles = Counter(reference for reference, _, _, _ in live)
    held_titles = {(reference, title) for reference, title, _, _ in live}
    lost = [reference for reference, title in journal.items() if (reference, title) not in held_titles]
    with house.engine.exclusive() as writer:
        indexed = list(writer.stamps())
    total = house.engine.search(Query(now=int(clock.now().timestamp()), limit=1)).total
    house.sealer.seal()
    trail = verify(house.db, [house.sealer.key])
    house.close()
    assert lost == [], f"lost: {lost[:5]}"
    assert max(titles.values()) == 1, "a product is there twice"
    held = sorted((str(product_id), stamp) for _, _, product_id, stamp in live)
    assert sorted(indexed) == held, "index and database differ"
    assert total == len(live), f"the index finds {total}, the database holds {len(live)}"
    assert events == versions, "a version was published without its audit event, or audited twice"
    assert trail.findings == [], trail.findings[:5]
    assert trail.signed == trail.events
    assert waiting == 0, f"{waiting} outbox messages are not done"
    return {
        "acknowledged": len(journal),
        "published": len(live),
        "indexed": len(indexed),
        "audit_events": sum(events.values()),
        "events_verified": trail.events,
        "healed_at_the_end": healed.put + healed.removed,
        "messages_left_to_the_end": drained,
    }


def _house(folder: Path) -> House:
    return build(Settings(data_dir=folder, database_url=None))


if __name__ == "__main__":
    if sys.argv[1] == "child":
        child(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        with TemporaryDirectory() as temporary:
            print(kill_many(Path(temporary), int(sys.argv[1]), seed=2026))
