"""The OneRoster CSV runners: a package of CSV files, 1.1 or 1.2, checked against its binding while streaming."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

from becta.compliance.conformance.oneroster.csv_checks import csv_checks
from becta.compliance.conformance.oneroster.csv_files import TableCheck
from becta.compliance.conformance.oneroster.csv_header import check_header, is_header
from becta.compliance.conformance.oneroster.csv_indexes import read_index, read_roles
from becta.compliance.conformance.oneroster.csv_manifest import (
    MANIFEST,
    MANIFEST_BYTES,
    Declared,
    Mode,
    read_manifest,
)
from becta.compliance.conformance.oneroster.csv_reading import Batch, find_nothing, read_csv
from becta.compliance.conformance.oneroster.csv_relations import relation_judges
from becta.compliance.conformance.oneroster.csv_tables import Binding, Kind, Table
from becta.compliance.conformance.oneroster.csv_tables_1_1 import ONEROSTER_1_1
from becta.compliance.conformance.oneroster.csv_tables_1_2 import ONEROSTER_1_2
from becta.compliance.conformance.oneroster.csv_wider_relations import Cells
from becta.compliance.conformance.packages import Package, open_package
from becta.compliance.conformance.reports import Recorder, Refused
from becta.compliance.conformance.runner import ArtefactRunner
from becta.kernel.clock import london_date, now

LONGEST_HEADER = 1_000
"""Columns of a file; our own limit."""


class _Run:
    """One look at one package."""

    def __init__(self, package: Package, binding: Binding, recorder: Recorder, today: date) -> None:
        self._today = today
        self._package = package
        self._binding = binding
        self._recorder = recorder
        self._folder = _folder_of(package)
        self._declared: dict[str, Declared] = {}
        self._present: dict[str, Table] = {}

    def look(self) -> None:
        """Check everything."""
        manifest = f"{self._folder}{MANIFEST}"
        if manifest not in self._package.names:
            message = "the package has no manifest.csv, so that nothing in it is declared"
            self._recorder.find(
                "manifest-missing", message, mend="add manifest.csv at the root of the zip", file=MANIFEST
            )
            return
        data = self._package.read(manifest, MANIFEST_BYTES)
        self._declared = read_manifest(data, self._binding, partial(self._recorder.find, file=manifest))
        self._look_at_names(manifest)
        indexes = self._indexes()
        absent = frozenset(self._binding.tables) - self._present.keys()
        rows = 0
        for table in self._present.values():
            rows += self._look_at_table(table, indexes, absent)
        self._recorder.facts |= {"version": self._binding.version, "files": len(self._present), "rows": rows}

    def _look_at_names(self, manifest: str) -> None:
        for path in self._package.names:
            folder, _, name = path.rpartition("/")
            table = self._binding.tables.get(name.removesuffix(".csv")) if name.endswith(".csv") else None
            if table is None and name != MANIFEST:
                message = "is no file of this version's packages"
                self._recorder.find("file-unknown", f"{path[:80]} {message}", mend="leave it out", file=path)
                continue
            if folder:
                mend = "put it at the root of the zip"
                self._recorder.find("place", f"{name} lies in the folder {folder[:80]}", mend=mend, file=path)
            if table is not None and path == f"{self._folder}{name}":
                self._present[table.name] = table
        for name in self._binding.tables:
            self._compare(name, manifest)

    def _compare(self, name: str, manifest: str) -> None:
        declared = self._declared.get(name, Declared())
        find = self._recorder.find
        if name not in self._present and declared.mode in {Mode.BULK, Mode.DELTA}:
            message = f"{name}.csv is declared {declared.mode} and not in the package"
            mend = "add it or declare it absent"
            find("file-missing", message, mend=mend, file=manifest, line=declared.line, field=f"file.{name}")
        if name in self._present and declared.mode is Mode.ABSENT:
            message = f"{name}.csv is declared absent and is in the package"
            mend = "declare it bulk or delta, or leave it out"
            find("file-undeclared", message, mend=mend, file=manifest, line=declared.line, field=f"file.{name}")

    def _mode(self, table: Table) -> Mode:
        mode = self._declared.get(table.name, Declared()).mode
        return Mode.UNKNOWN if mode is Mode.ABSENT else mode

    def _path(self, table: Table) -> str:
        return f"{self._folder}{table.file}"

    def _indexes(self) -> dict[str, dict[str, Cells]]:
        """The ids of each table that another one present refers to; delta files say too little to be looked up in."""
        asked = {
            column.refers
            for table in self._present.values()
            if self._mode(table) is not Mode.DELTA
            for column in table.columns
            if column.kind is Kind.REFERENCE
        }
        indexes: dict[str, dict[str, Cells]] = {}
        for name in sorted(asked & self._present.keys()):
            if self._mode(self._present[name]) is not Mode.DELTA:
                path = self._path(self._present[name])
                with self._package.open(path) as stream:
                    index = read_index(stream, path, self._present[name], sum(map(len, indexes.values())))
                if index is not None:
                    indexes[name] = index
        roles = self._present.get("roles")
        if roles is not None and "users" in indexes and self._mode(roles) is not Mode.DELTA:
            with self._package.open(self._path(roles)) as stream:
                read_roles(stream, self._path(roles), indexes["users"])
        return indexes

    def _look_at_table(
        self,
        table: Table,
        indexes: dict[str, dict[str, Cells]],
        absent: frozenset[str],
    ) -> int:
        path = self._path(table)
        find = partial(self._recorder.find, file=path)
        unread = self._recorder.found("quoting")
        with self._package.open(path) as stream:
            header, batches = read_csv(stream, path, find)
            if header is None or not is_header(table, header):
                message = "the file is empty" if header is None else "the first row names no column of the table"
                mend = "begin it with the header of the table, the names separated by commas"
                find("no-header", message, mend=mend, line=1)
                return 0
            if len(header) > LONGEST_HEADER:
                raise Refused(f"{path} has more than {LONGEST_HEADER:,} columns")
            check_header(table, header, find)
            judges = relation_judges(table.name, indexes, self._today)
            check = TableCheck(table, header, self._mode(table), find, indexes, absent, judges)
            for batch in batches:
                check.check(batch)
        if not check.rows and self._recorder.found("quoting") == unread:
            find("no-rows", "the file has no row of data", mend="leave it out and declare it absent", line=1)
        check.find_repeated(partial(self._again, path))
        return check.rows

    def _again(self, path: str) -> Iterator[Batch]:
        with self._package.open(path) as stream:
            _, batches = read_csv(stream, path, find_nothing)
            yield from batches


def _folder_of(package: Package) -> str:
    """Where the files lie: at the root, or in the one folder that holds manifest.csv if the root does not."""
    folders = [name.removesuffix(MANIFEST) for name in package.names if f"/{name}".endswith(f"/{MANIFEST}")]
    return folders[0] if len(folders) == 1 else ""


def _look(binding: Binding, artefact: Path, recorder: Recorder) -> None:
    with open_package(artefact) as package:
        _Run(package, binding, recorder, london_date(now())).look()


def _runner(binding: Binding) -> ArtefactRunner:
    return ArtefactRunner(
        code=f"oneroster-csv-{binding.version}",
        version="1",
        title=f"OneRoster {binding.version} CSV package",
        standard="oneroster",
        standard_version=binding.version,
        role="Provider",
        suffixes=(".zip",),
        checks=csv_checks(binding),
        look=partial(_look, binding),
    )


RUNNERS = (_runner(ONEROSTER_1_1), _runner(ONEROSTER_1_2))
"""The runners of this module."""
