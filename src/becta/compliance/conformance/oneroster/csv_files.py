"""The checks of one data file: its header, then its rows in batches, column by column.

A column of a batch is judged through the set of its values, so that a million rows cost a few set operations each;
rows are walked one by one only where a value is found bad.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from becta.compliance.conformance.oneroster.csv_cells import ID, CellFault, items_of, judge_cell, judge_item
from becta.compliance.conformance.oneroster.csv_common_tables import ORG_TYPES, SESSION_TYPES
from becta.compliance.conformance.oneroster.csv_manifest import Mode
from becta.compliance.conformance.oneroster.csv_reading import Batch, Find
from becta.compliance.conformance.oneroster.csv_relations import Judge
from becta.compliance.conformance.oneroster.csv_tables import Column, Kind, Relation, Table
from becta.compliance.conformance.oneroster.csv_unique import Cells, UniqueCheck
from becta.compliance.conformance.oneroster.csv_wider_relations import Index
from becta.compliance.conformance.reports import Refused

_PERSONAL = frozenset({"users", "demographics", "userProfiles"})
"""Tables about people: reports are public, so findings in these never show what a cell holds."""
_TYPES = frozenset((*SESSION_TYPES, *ORG_TYPES))
"""Types of which it is known that they are not another; of others, `ext:` ones say nothing and wrong ones are found."""
_COMMON = ("status", "dateLastModified")
_KNOWN_VALUES = 10_000
_LONGEST_KNOWN = 255
MOST_ROWS = 10_000_000
"""Rows of one file that we check; our own limit."""


class TableCheck:
    """Checks the rows of one file; `targets` holds the index of each table that its references may be looked up in."""

    def __init__(
        self,
        table: Table,
        header: list[str],
        mode: Mode,
        find: Find,
        targets: Mapping[str, Index],
        absent: frozenset[str],
        judges: Mapping[str, Judge],
    ) -> None:
        """Prepare to check; `absent` names the tables that the package lacks though bulk files refer to them."""
        self._find = find
        self._file = table.file
        self._mode = mode
        self._width = len(header)
        self._shows = table.name not in _PERSONAL
        self._targets = targets
        self._absent = absent
        self._judges = judges
        self._places = {name: header.index(name) for name in header}
        self._columns = [column for column in table.columns if column.name in self._places]
        self._relations = [relation for relation in table.relations if self._has(relation.columns)]
        self._uniques = [
            UniqueCheck(unique, self._places, table.file, shows=self._shows)
            for unique in table.uniques
            if self._has((*unique.columns, *unique.apart, *(name for name, _ in unique.among)))
        ]
        self._known: dict[str, set[str]] = {column.name: {""} for column in self._columns}
        self._missed: set[str] = set()
        self.rows = 0

    def _has(self, names: Iterable[str]) -> bool:
        return all(name in self._places for name in names)

    def check(self, batch: Batch) -> None:
        """Check some rows; raises Refused where there are too many."""
        self.rows += len(batch.rows)
        if self.rows > MOST_ROWS:
            raise Refused(f"{self._file} has more than {MOST_ROWS:,} rows")
        batch = self._of_right_width(batch)
        if not batch.rows:
            return
        columns: list[Cells] = list(zip(*batch.rows, strict=True))
        for column in self._columns:
            self._check_column(column, columns[self._places[column.name]], batch.lines)
        for relation in self._relations:
            self._check_relation(relation, columns, batch.lines)
        for unique in self._uniques:
            unique.add(columns)

    def _of_right_width(self, batch: Batch) -> Batch:
        if set(map(len, batch.rows)) == {self._width}:
            return batch
        kept = Batch([], [])
        for line, row in zip(batch.lines, batch.rows, strict=True):
            if len(row) == self._width:
                kept.lines.append(line)
                kept.rows.append(row)
            else:
                message = f"the row has {len(row)} cells, the header {self._width}"
                self._find("cells", message, mend="give each row a cell for each column", line=line)
        return kept

    def _check_column(self, column: Column, cells: Cells, lines: list[int]) -> None:
        known = self._known[column.name]
        if column.name in _COMMON and self._mode is Mode.BULK:
            self._find_filled(column, cells, lines, set(cells) - known)
            return
        if "" in cells and (column.required or (column.name in _COMMON and self._mode is Mode.DELTA)):
            self._find_blank(column, cells, lines)
        if column.kind is Kind.TEXT and not column.many:
            return
        fresh = set(cells) - known
        if not fresh:
            return
        if column.kind is Kind.REFERENCE and self._mode is not Mode.DELTA:
            faults = self._reference_faults(column, fresh, cells, lines)
        else:
            if column.kind is Kind.ID:
                fresh = {value for value in fresh if not ID.fullmatch(value)}
            faults = {value: fault for value in fresh if (fault := judge_cell(column, value)) is not None}
        if column.kind is not Kind.ID and len(known) < _KNOWN_VALUES:
            known |= {value for value in fresh - faults.keys() if len(value) <= _LONGEST_KNOWN}
        self._find_values(column, cells, lines, faults)

    def _find_filled(self, column: Column, cells: Cells, lines: list[int], fresh: set[str]) -> None:
        fault = CellFault("bulk-blank", "is filled in a bulk file", "leave it blank, or declare the file as delta")
        self._find_values(column, cells, lines, dict.fromkeys(fresh, fault))

    def _find_blank(self, column: Column, cells: Cells, lines: list[int]) -> None:
        check = "delta-filled" if column.name in _COMMON else "required"
        where = "in a delta file" if column.name in _COMMON else "though the table requires it"
        for line, cell in zip(lines, cells, strict=True):
            if not cell:
                self._find(check, f"{column.name} is blank {where}", mend="fill it", line=line, field=column.name)

    def _find_values(self, column: Column, cells: Cells, lines: list[int], faults: Mapping[str, CellFault]) -> None:
        if not faults:
            return
        for line, cell in zip(lines, cells, strict=True):
            fault = faults.get(cell)
            if fault is not None:
                value = cell if self._shows else None
                message = f"{column.name} {fault.message}"
                self._find(fault.check, message, mend=fault.mend, line=line, field=column.name, value=value)

    def _reference_faults(
        self, column: Column, fresh: set[str], cells: Cells, lines: list[int]
    ) -> dict[str, CellFault]:
        target = self._targets.get(column.refers)
        if target is not None and not column.many and not column.of_type:
            fresh = fresh.difference(target)
        elif column.refers in self._absent and column.name not in self._missed:
            self._missed.add(column.name)
            first = next(index for index, cell in enumerate(cells) if cell)
            message = f"{column.name} refers to {column.refers}.csv, which the package lacks"
            mend = f"add {column.refers}.csv"
            self._find("file-needed", message, mend=mend, line=lines[first], field=column.name)
        faults = {}
        for value in fresh:
            fault = self._reference_fault(column, value, target)
            if fault is not None:
                faults[value] = fault
        return faults

    def _reference_fault(self, column: Column, value: str, target: Index | None) -> CellFault | None:
        for item in items_of(column, value):
            if target is not None and item in target:
                kind = target[item][0] if column.of_type else ""
                if column.of_type and kind != column.of_type and kind in _TYPES:
                    message = f"leads to a row of type {kind}, not {column.of_type}"
                    return CellFault("reference-type", message, f"name a row of type {column.of_type}")
            elif not item:
                return judge_cell(column, value)
            elif (fault := judge_item(column, item)) is not None:
                return fault
            elif target is not None:
                return CellFault("reference", f"leads to no row of {column.refers}.csv", "add the row or mend the id")
        return None

    def _check_relation(self, relation: Relation, columns: list[Cells], lines: list[int]) -> None:
        judge = self._judges[relation.check]
        together = [columns[self._places[name]] for name in relation.columns]
        faults = {cells: message for cells in set(zip(*together, strict=True)) if (message := judge(cells)) is not None}
        if not faults:
            return
        for line, cells in zip(lines, zip(*together, strict=True), strict=True):
            message = faults.get(cells)
            if message is not None:
                field = relation.columns[0]
                value = cells[0] if self._shows else None
                self._find(relation.check, message, line=line, field=field, value=value)

    def find_repeated(self, again: Callable[[], Iterator[Batch]]) -> None:
        """Find what must be unique and is not; `again` reads the rows once more, only where hashes are alike."""
        for unique in self._uniques:
            unique.find_repeated(again, self._find, self._width)
