"""What must be unique in a file, found in eight bytes a row: the hash of the row's key.

Equal keys have equal hashes, so no pair is missed; and where hashes are alike the rows are read once more and the keys
themselves are compared, so none is found wrongly.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from sys import intern

from becta.compliance.conformance.oneroster.csv_reading import Batch, Find
from becta.compliance.conformance.oneroster.csv_tables import Unique
from becta.compliance.conformance.reports import Refused

MOST_REPEATED = 500_000
"""Values of one file that may come again, and again be told of; our own limit."""
_SORTED_AT_ONCE = 1_000_000
_COMPARED = 10
"""Rows with one key but times of their own that a further one is compared with."""

Cells = tuple[str, ...]


class UniqueCheck:
    """Checks one uniqueness of one file; `shows` says whether findings may hold what the cells hold."""

    def __init__(self, unique: Unique, places: Mapping[str, int], file: str, *, shows: bool) -> None:
        """Prepare to check; `places` says where the columns stand."""
        self._unique = unique
        self._places = places
        self._file = file
        self._shows = shows
        self._hashes = array("q")

    def add(self, columns: list[Cells]) -> None:
        """Keep the hashes of some rows."""
        if self._unique.among:
            self._hashes.extend(hash(key) for _, key in self._keys(columns))
        else:
            self._hashes.extend(map(hash, self._all_keys(columns)))

    def find_repeated(self, again: Callable[[], Iterator[Batch]], find: Find, width: int) -> None:
        """Find the rows whose key came before; `again` reads the rows once more, those of `width` cells count."""
        repeated = _repeated(self._hashes)
        if len(repeated) > MOST_REPEATED:
            what = f"values of {', '.join(self._unique.columns)} that come again"
            raise Refused(f"{self._file} has more than {MOST_REPEATED:,} {what}")
        if not repeated:
            return
        seen: dict[str, list[tuple[int, str, str]]] = {}
        for batch in again():
            rows = [(line, row) for line, row in zip(batch.lines, batch.rows, strict=True) if len(row) == width]
            columns: list[Cells] = list(zip(*(row for _, row in rows), strict=True))
            if columns:
                self._compare(columns, [line for line, _ in rows], repeated, seen, find)

    def _compare(
        self,
        columns: list[Cells],
        lines: list[int],
        repeated: set[int],
        seen: dict[str, list[tuple[int, str, str]]],
        find: Find,
    ) -> None:
        spans = [columns[self._places[name]] for name in self._unique.apart]
        for index, key in self._keys(columns):
            if hash(key) not in repeated:
                continue
            begin, end = (intern(cells[index]) for cells in spans) if spans else ("", "")
            rows = seen.setdefault(key if isinstance(key, str) else "\0".join(key), [])
            first = next((line for line, start, stop in rows if _meet(start, stop, begin, end)), None)
            if first is not None:
                message = f"{', '.join(self._unique.columns)} is the same as on line {first}"
                value = key if self._shows and isinstance(key, str) else None
                find(self._unique.check, message, line=lines[index], field=self._unique.columns[0], value=value)
            elif len(rows) < _COMPARED:
                rows.append((lines[index], begin, end))

    def _all_keys(self, columns: list[Cells]) -> Iterable[str | Cells]:
        if len(self._unique.columns) == 1:
            return columns[self._places[self._unique.columns[0]]]
        return zip(*(columns[self._places[name]] for name in self._unique.columns), strict=True)

    def _keys(self, columns: list[Cells]) -> Iterator[tuple[int, str | Cells]]:
        """The place and key of the rows that the uniqueness is about; blank keys are not."""
        wanted = [(columns[self._places[name]], value) for name, value in self._unique.among]
        if not all(value in cells for cells, value in wanted):
            return
        judged = not self._unique.deleted_too and "status" in self._places
        status = columns[self._places["status"]] if judged else None
        for index, key in enumerate(self._all_keys(columns)):
            if not key or any(cells[index] != value for cells, value in wanted):
                continue
            if status is None or status[index] != "tobedeleted":
                yield index, key


def _meet(start: str, stop: str, begin: str, end: str) -> bool:
    """Whether two times meet; an end left blank is open."""
    return not ((stop and begin and stop < begin) or (end and start and end < start))


def _repeated(hashes: "array[int]") -> set[int]:
    """The hashes that come more than once; sorted a part at a time, as a number in a list takes forty bytes."""
    parts = 1 + len(hashes) // _SORTED_AT_ONCE
    repeated: set[int] = set()
    for part in range(parts):
        some = sorted(hashes if parts == 1 else (number for number in hashes if number % parts == part))
        repeated.update(one for one, other in pairwise(some) if one == other)
    return repeated
