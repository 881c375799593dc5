"""Badges: how soon a credential is verified, and what checking a OneRoster package of a large trust takes."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import UUID

import msgspec

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.compliance.badges.checking import decide_claim
from becta.compliance.badges.rules import BadgeClaim, ClaimState, Level
from becta.compliance.badges.service import claim_badge
from becta.compliance.conformance.child import Job
from becta.compliance.conformance.lti.platform import key_to_pem, new_key
from becta.compliance.conformance.reports import Report
from becta.compliance.openbadges.verifying import verify
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.actor import system
from becta.market.api.ledger import judge
from becta.market.bench.rosters import write_package
from becta.market.settings import Settings
from becta.market.wiring import House, build

ROUNDS = 1_000
WARM_UP = 20


def badges(enrolments: int) -> Iterator[str]:
    """Measure verifying, and a run over a package of so many enrolments; yields the lines of a table as they come."""
    with TemporaryDirectory() as folder:
        house = build(Settings(data_dir=Path(folder), database_url=None))
        house.db.migrate()
        yield from _verifying(house)
        house.close()
        yield from _checking(Path(folder), enrolments)


def _verifying(house: House) -> Iterator[str]:
    signed = house.ledger.signed(_badge(house))
    resolver = house.ledger.resolver()
    forms: dict[str, Callable[[], object]] = {
        "VC-JWT, keys at hand": lambda: verify(signed.jwt, at=clock.now(), resolver=resolver),
        "VC-JWT, with our keys and both status lists read": lambda: judge(
            house.ledger, signed.jwt.encode(), clock.now()
        ),
        "Data Integrity, keys at hand": lambda: verify(signed.credential, at=clock.now(), resolver=resolver),
    }
    for name, look in forms.items():
        times = _times(look)
        cuts = quantiles(times, n=20)
        yield f"verify {name}: p50 {cuts[9] * 1_000:.2f}, p95 {cuts[18] * 1_000:.2f} ms (wanted: p50 < 5 for VC-JWT)"


def _badge(house: House) -> UUID:
    now, actor = clock.now(), system("benchmark")
    today = clock.london_date(now)
    claim = BadgeClaim(
        standard="cyber-essentials",
        standard_version="Danzell",
        level=Level.CERTIFIED,
        issued_on=today,
        expires_on=today + timedelta(days=365),
        certificate_reference="benchmark",
        evidence_note="benchmark",
    )
    with house.db.write() as session:
        supplier = register_supplier(session, actor, "larch", SupplierDetails(name="Larch"), now=now)
        made = claim_badge(session, actor, holder=Holder.SUPPLIER, holder_id=supplier.id, claim=claim, now=now)
        decide_claim(session, actor, made.id, ClaimState.ACCEPTED, (), revision=None, now=now)
        return made.id


def _times(look: Callable[[], object]) -> list[float]:
    times = []
    for number in range(WARM_UP + ROUNDS):
        began = perf_counter()
        look()
        if number >= WARM_UP:
            times.append(perf_counter() - began)
    return times


def _checking(folder: Path, enrolments: int) -> Iterator[str]:
    path = write_package(folder / "roster.zip", enrolments=enrolments)
    job = Job(
        runner="oneroster-csv-1.1",
        path=str(path),
        origin="http://127.0.0.1:8000",
        lti_key=key_to_pem(new_key()).decode(),
    )
    began, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "becta.compliance.conformance.child"],
        input=msgspec.json.encode(job),
        capture_output=True,
        check=True,
    )
    took, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    report = msgspec.json.decode(done.stdout, type=Report)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    yield (
        f"OneRoster package of {enrolments:,} enrolments ({path.stat().st_size / 1e6:.0f} MB) in its own process: "
        f"{report.outcome}, {took:.1f} s, {spent:.1f} s of processor, {after.ru_maxrss / 1024:.0f} MiB "
        "(wanted: < 60 s, < 500 MB)"
    )
