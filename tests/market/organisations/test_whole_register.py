"""All 24,735 schools, and the register's own files as other projects keep them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from becta.market.db import Database
from becta.market.organisations.models import Establishment, EstablishmentGroup, EstablishmentLink, GroupMembership
from becta.market.organisations.rules import GroupType, LinkKind, SchoolPhase, Status
from becta.market.organisations.schemas import Counts

WholeRegister = Callable[[], list[Path]]


def _count(db: Database, table: Any) -> int:
    with db.read() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def _number_by(session: Session, column: Any) -> dict[Any, int]:
    return {row[0]: row[1] for row in session.execute(select(column, func.count()).group_by(column))}


def test_all_schools_of_england_load_and_a_second_time_nothing_changes(
    register: Any, db: Database, whole_register: WholeRegister
) -> None:
    files = whole_register()
    advanced: list[int] = []

    first = register.load(*files, progress=advanced.append)

    assert first.establishments == Counts(read=24_735, created=24_735)
    assert first.groups == Counts(read=6_523, created=6_523)
    assert first.memberships == Counts(read=11_743, created=11_742, failed=1)
    assert first.links == Counts(read=2_498, created=1_249)
    assert [(one.file, one.fault.field) for one in register.report.faults] == [
        ("alllinksdata20261122.csv", "Group UID")
    ]
    assert sum(advanced) >= 24_735 + 6_523
    assert register.events() == []
    assert [action for action, _, _ in register.events(register=True)] == ["register.imported"] * 4
    assert _count(db, Establishment) == 24_735
    assert _count(db, EstablishmentGroup) == 6_523
    assert _count(db, GroupMembership) == 11_742
    assert _count(db, EstablishmentLink) == 1_249
    with db.read() as session:
        by_phase = _number_by(session, col(Establishment.phase))
        kinds = set(session.execute(select(col(EstablishmentLink.kind))).scalars())
        by_status = _number_by(session, col(Establishment.status))
    assert by_phase[SchoolPhase.PRIMARY] == 18_481
    assert by_phase[SchoolPhase.NOT_APPLICABLE] == 674 + 454
    assert by_status == {Status.OPEN: 24_696, Status.CLOSED: 36, Status.PROPOSED_TO_CLOSE: 3}
    assert kinds == {LinkKind.SUCCEEDED}
    before = register.state()

    second = register.load(*reversed(files))

    assert second.establishments == Counts(read=24_735, unchanged=24_735)
    assert second.groups == Counts(read=6_523, unchanged=6_523)
    assert second.memberships == Counts(read=11_743, unchanged=11_742, failed=1)
    assert second.links == Counts(read=2_498, unchanged=1_249)
    assert register.state() == before
    assert register.events() == []


_IMPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import becta.market.tables
from becta.catalogue.imports.report import ImportReport
from becta.kernel.actor import system
from becta.market.db import Database
from becta.market.organisations.service import import_register
db = Database(f"sqlite:///{sys.argv[1]}")
db.migrate()
files = [Path(name) for name in sys.argv[2:]]
summary = import_register(db, files, actor=system("t"), now=datetime(2026, 11, 22, tzinfo=UTC), report=ImportReport())
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(summary.establishments.created, int(peak.split()[1]) // 1024)
"""


# the kernel's VmHWM, not getrusage: that counts the memory of the process it was forked from
linux_only = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def _import_apart(*arguments: Path) -> tuple[int, int]:
    """Import in a process of its own: schools created, and the most memory it held in MB."""
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", _IMPORT, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    created, megabytes = done.stdout.split()
    return int(created), int(megabytes)


@linux_only
def test_memory_stays_below_300_mb(tmp_path: Path, whole_register: WholeRegister) -> None:
    created, megabytes = _import_apart(tmp_path / "apart.db", *whole_register())

    assert created == 24_735
    assert megabytes < 300


@linux_only
def test_memory_does_not_grow_with_the_file(register: Any, tmp_path: Path) -> None:
    small = register.schools(*({"URN": str(100_000 + n)} for n in range(5_000)))
    _, of_small = _import_apart(tmp_path / "small.db", small)
    large = register.schools(*({"URN": str(100_000 + n)} for n in range(40_000)))
    created, of_large = _import_apart(tmp_path / "large.db", large)

    assert created == 40_000
    assert of_large - of_small < 30


def test_the_registers_own_layouts_of_three_years_are_read(register: Any, gias: Path) -> None:
    folder = gias / "fixtures"

    summary = register.load(
        folder / "tv_example_links_data.csv",
        folder / "bfys_example_schools_data.csv",
        folder / "tv_example_schools_data.csv",
        folder / "tv_example_groups_data.csv",
    )

    # ten rows of the fixture have lost a cell, so that a head's title stands where the postcode should
    assert summary.establishments == Counts(read=22, created=12, failed=10)
    assert {fault.line for fault in register.report.faults if fault.file.startswith("tv_example_schools")} == set(
        range(11, 21)
    )
    assert summary.groups == Counts(read=4, created=4)
    assert summary.memberships == Counts(read=3, created=3)
    school = register.school(100_000)
    assert (school.name, school.phase, school.status) == (
        "Sir John Cass's Foundation Primary School",
        SchoolPhase.PRIMARY,
        Status.OPEN,
    )
    assert (school.free_meals_basis_points, school.establishment_number, school.type_code) == (1_200, "3614", 2)
    assert register.school(100_001).free_meals_basis_points is None
    assert register.school(126_416).name == "St Thomas à Becket Church of England Aided Primary School"
    assert register.school(117_137).closed_reason == "Academy Converter"
    assert register.group(2_044).type is GroupType.MULTI_ACADEMY_TRUST
    assert register.group(2_044).company_number == "07318714"


def test_a_file_that_a_spreadsheet_spoilt_says_so_on_every_row(register: Any, gias: Path) -> None:
    summary = register.load(gias / "fixtures" / "fbit_gias.csv")

    assert summary.establishments == Counts(read=60, failed=60)
    assert {(fault.fault.field, fault.fault.value) for fault in register.report.faults} == {("UPRN", "5.00E+06")}
    assert "spreadsheet" in register.report.faults[0].fault.mend
