"""Bringing our copy of the DfE register "Get Information about Schools" in line with its files."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from becta.catalogue.imports.report import ImportReport
from becta.kernel.actor import Actor
from becta.market.db import Database
from becta.market.organisations.register.entities import Entities
from becta.market.organisations.register.files import Part, RegisterFile, recognise
from becta.market.organisations.register.memberships import Memberships
from becta.market.organisations.register.run import RegisterShrinks, Run, StrictRefused
from becta.market.organisations.register.successions import Successions
from becta.market.organisations.schemas import RegisterSummary

__all__ = ["RegisterShrinks", "StrictRefused", "import_register"]


def import_register(
    db: Database,
    files: Sequence[Path],
    *,
    actor: Actor,
    now: datetime,
    strict: bool = False,
    force: bool = False,
    report: ImportReport,
    progress: Callable[[int], None] | None = None,
) -> RegisterSummary:
    """Import files of the register in whatever order they are given; the same files again change nothing.

    A row that cannot be taken goes to the report and blocks no other. `progress` is told how many more rows were done.
    Raises UnreadableFile for a file that is none of the register's; RegisterShrinks, unless `force`, for files that
    lack more than a tenth of what stands; StrictRefused, if `strict`, for any row that fails. All three leave
    everything as it was.
    """
    found = [recognise(path) for path in dict.fromkeys(path.resolve() for path in files)]
    run = Run(db, actor, now, report, progress)
    parts = [_part(part, [file for file in found if file.part is part], run) for part in Part]
    present = [part for part in parts if part is not None]
    if not force:
        for part in present:
            part.guard(run)
    with run.writing(strict=strict):
        for part in present:
            part.load(run)
    counts = {part.value: tally.counts() for part, tally in run.tallies.items()}
    return RegisterSummary(files=tuple(file.name for file in found), **counts)


def _part(part: Part, files: Sequence[RegisterFile], run: Run) -> Entities | Memberships | Successions | None:
    if not files:
        return None
    if part is Part.MEMBERSHIPS:
        return Memberships(files, run)
    if part is Part.LINKS:
        return Successions(files, run)
    return Entities(part, files)
