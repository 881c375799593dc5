"""What is held in memory of a table that others refer to: each row's sourcedId and the few cells that rules ask for."""

from typing import BinaryIO

from becta.compliance.conformance.oneroster.csv_reading import find_nothing, read_csv
from becta.compliance.conformance.oneroster.csv_tables import Table
from becta.compliance.conformance.oneroster.csv_wider_relations import TOLD_OF, Cells
from becta.compliance.conformance.reports import Refused

LONGEST_INDEX = 1_000_000
"""Rows of all files together that other files refer to and that we hold in memory; our own limit."""
LONGEST_ID = 255
"""Characters of a sourcedId (the binding's data type GUID); longer ones are found where they stand."""
_MOST_SHARED = 10_000
"""Groups of cells that rows share in memory where they are equal."""


def read_index(stream: BinaryIO, path: str, table: Table, held: int) -> dict[str, Cells] | None:
    """The rows of a file by sourcedId, None if it has no such column; `held` rows of other files are held already.

    Raises Refused where that makes more than LONGEST_INDEX.
    """
    index: dict[str, Cells] = {}
    shared: dict[Cells, Cells] = {}
    names = TOLD_OF.get(table.name, ())

    def hold(sourced_id: str, told: Cells) -> None:
        known = shared.get(told)
        if known is None and len(shared) < _MOST_SHARED:
            known = shared[told] = told
        index[sourced_id[:LONGEST_ID]] = told if known is None else known
        if held + len(index) > LONGEST_INDEX:
            raise Refused(f"{table.file} and others have more than {LONGEST_INDEX:,} rows to look up in")

    def hold_lost(text: str) -> None:
        """A line at fault is told of itself, not those that refer to it."""
        hold(text.partition(",")[0].strip('"'), ("",) * len(names))

    header, batches = read_csv(stream, path, find_nothing, hold_lost)
    if header is None or "sourcedId" not in header:
        return None
    place = header.index("sourcedId")
    others = [header.index(name) if name in header else len(header) for name in names]
    for batch in batches:
        for row in batch.rows:
            if len(row) > place:
                hold(row[place], tuple(row[other][:LONGEST_ID] if other < len(row) else "" for other in others))
    return index


def read_roles(stream: BinaryIO, path: str, users: dict[str, Cells]) -> None:
    """Write into the index of users which role roles.csv gives each: student, if that is one of them."""
    header, batches = read_csv(stream, path, find_nothing)
    if header is None or not {"userSourcedId", "role"} <= set(header):
        return
    place, other = header.index("userSourcedId"), header.index("role")
    shared: dict[str, Cells] = {}
    for batch in batches:
        for row in batch.rows:
            if len(row) != len(header) or row[place] not in users:
                continue
            role = row[other][:LONGEST_ID]
            if role == "student" or users[row[place]] == ("",):
                if len(shared) < _MOST_SHARED:
                    shared.setdefault(role, (role,))
                users[row[place]] = shared.get(role, (role,))
