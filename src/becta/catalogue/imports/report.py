"""What an import did, and what it could not take: file, line, field, value and mend of every fault."""

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from msgspec import Struct

from becta.kernel.errors import Fault

KEPT = 1_000
"""Faults kept in memory for the summary; all of them go to the errors file."""


class LineFault(Struct, frozen=True, kw_only=True):
    """A fault and where it is."""

    file: str
    line: int
    fault: Fault


class ImportReport:
    """Counts and faults of one import. With a path, every fault is also written there as CSV as it comes."""

    def __init__(self, errors_path: Path | None = None) -> None:
        """Start at nothing."""
        self.read = self.created = self.changed = self.unchanged = self.failed = 0
        self.faults: list[LineFault] = []
        self._path = errors_path
        self._stream: TextIO | None = None

    @property
    def changes(self) -> int:
        """Rows that changed the database."""
        return self.created + self.changed

    def reject(self, file: str, line: int, faults: Sequence[Fault]) -> None:
        """Count a row as failed, with everything that is wrong with it."""
        self.failed += 1
        for fault in faults:
            if len(self.faults) < KEPT:
                self.faults.append(LineFault(file=file, line=line, fault=fault))
            self._write(file, line, fault)

    def _write(self, file: str, line: int, fault: Fault) -> None:
        if self._stream is not None:
            csv.writer(self._stream).writerow([file, line, fault.field, fault.problem, fault.value or "", fault.mend])

    def __enter__(self) -> Self:
        if self._path is not None:  # made even for no faults, so that no older file passes for this import's
            self._stream = self._path.open("w", encoding="utf-8", newline="")
            csv.writer(self._stream).writerow(["file", "line", "field", "problem", "value", "mend"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
