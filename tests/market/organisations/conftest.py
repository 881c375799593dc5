"""Files in the register's own layout, and a database to import them into."""

import csv
import gzip
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import becta.market.tables  # noqa: F401 - the schema must know every table
from becta.catalogue.imports.report import ImportReport
from becta.kernel.actor import system
from becta.kernel.events import AuditEvent
from becta.market.db import Database
from becta.market.organisations.models import Establishment, EstablishmentGroup, EstablishmentLink, GroupMembership
from becta.market.organisations.schemas import RegisterSummary
from becta.market.organisations.service import import_register

GIAS = Path(__file__).parents[4] / "shared" / "data" / "gias"
START = datetime(2026, 11, 22, 9, tzinfo=UTC)
Row = Mapping[str, Any]

SCHOOL = {
    "URN": "", "LA (code)": "201", "LA (name)": "City of London", "EstablishmentNumber": "3614",
    "EstablishmentName": "A School", "TypeOfEstablishment (code)": "02",
    "TypeOfEstablishment (name)": "Voluntary aided school", "EstablishmentTypeGroup (code)": "4",
    "EstablishmentTypeGroup (name)": "Local authority maintained schools", "EstablishmentStatus (code)": "1",
    "EstablishmentStatus (name)": "Open", "ReasonEstablishmentOpened (code)": "00",
    "ReasonEstablishmentOpened (name)": "Not applicable", "OpenDate": "01-09-1999",
    "ReasonEstablishmentClosed (code)": "00", "ReasonEstablishmentClosed (name)": "Not applicable", "CloseDate": "",
    "PhaseOfEducation (code)": "2", "PhaseOfEducation (name)": "Primary", "StatutoryLowAge": "3",
    "StatutoryHighAge": "11", "Gender (code)": "3", "Gender (name)": "Mixed", "SchoolCapacity": "286",
    "CensusDate": "19-01-2017", "NumberOfPupils": "276", "PercentageFSM": "12.5", "UKPRN": "",
    "LastChangedDate": "16-09-2017", "Street": "St James's Passage", "Locality": "Duke's Place", "Address3": "",
    "Town": "London", "County (name)": "Not recorded", "Postcode": "EC3A 5DE", "SchoolWebsite": "www.example.sch.uk",
    "TelephoneNum": "02070000000", "HeadTitle (name)": "Mrs", "HeadFirstName": "Winifred",
    "HeadLastName": "Quillfeather", "HeadHonours": "BSc",
    "HeadPreferredJobTitle": "Headteacher", "InspectorateName (name)": "", "GOR (code)": "H",
    "GOR (name)": "London", "Easting": "533498", "Northing": "181201", "UPRN": "200000071925", "SiteName": "",
}  # fmt: skip
GROUP = {
    "Group UID": "", "Group ID": "", "Group Name": "A TRUST", "Companies House Number": "7318714",
    "Group Type (code)": "06", "Group Type": "Multi-academy trust", "Closed Date": "", "Open date": "",
    "Incorporated on (open date)": "19/07/2010", "Group Status (code)": "OPEN", "Group Status": "Open",
    "Group Street": "Abbey Road", "Group Locality": "", "Group Address 3": "", "Group Town": "Bourne",
    "Group County": "Not recorded", "Group Postcode": "PE10 9EP", "Head of Group Title": "Mr",
    "Head of Group First Name": "Winifred", "Head of Group Last Name": "Quillfeather", "UKPRN": "",
}  # fmt: skip
MEMBER = {
    "URN": "", "Group UID": "", "Group ID": "", "Group Name": "A TRUST", "Companies House Number": "7318714",
    "Group Type (code)": "6", "Group Type": "Multi-academy trust", "Closed Date": "", "Open date": "",
    "Incorporated on (open date)": "19/07/2010", "Group Status (code)": "OPEN", "Group Status": "Open",
    "Joined date": "01/12/2010", "EstablishmentName": "A School",
}  # fmt: skip
LINK = {
    "URN": "", "LinkURN": "", "LinkName": "Another School", "LinkType": "Predecessor",
    "LinkEstablishedDate": "01-09-2019",
}  # fmt: skip


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Row], *, encoding: str = "cp1252") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        writer.writerows([row.get(name, "") for name in header] for row in rows)
    return path


class Register:
    """Writes files of the register, imports them and looks at what came of it; each import is a day later."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.folder, self.now = db, folder, START
        self.report = ImportReport()

    def schools(self, *rows: Row, name: str = "edubasealldata20261122.csv", **other: Any) -> Path:
        return write_csv(self.folder / name, list(SCHOOL), [{**SCHOOL, **row} for row in rows], **other)

    def groups(self, *rows: Row, name: str = "allgroupsdata20261122.csv") -> Path:
        return write_csv(self.folder / name, list(GROUP), [{**GROUP, **row} for row in rows])

    def members(self, *rows: Row, name: str = "alllinksdata20261122.csv") -> Path:
        return write_csv(self.folder / name, list(MEMBER), [{**MEMBER, **row} for row in rows])

    def links(self, *rows: Row, name: str = "links_edubasealldata20261122.csv") -> Path:
        return write_csv(self.folder / name, list(LINK), [{**LINK, **row} for row in rows])

    def load(self, *files: Path, **options: Any) -> RegisterSummary:
        self.now += timedelta(days=1)
        self.report = ImportReport()
        return import_register(self.db, files, actor=system("test"), now=self.now, report=self.report, **options)

    def faults(self) -> list[tuple[int, str, str, str | None]]:
        return [(one.line, one.fault.field, one.fault.problem, one.fault.value) for one in self.report.faults]

    def school(self, urn: int) -> Establishment:
        with self.db.read() as session:
            found = session.get(Establishment, urn)
        assert found is not None
        return found

    def group(self, uid: int) -> EstablishmentGroup:
        with self.db.read() as session:
            found = session.get(EstablishmentGroup, uid)
        assert found is not None
        return found

    def events(self, *, register: bool = False) -> list[tuple[str, dict[str, Any] | None, dict[str, Any] | None]]:
        with self.db.read() as session:
            rows = session.execute(select(AuditEvent).order_by(AuditEvent.position)).scalars()
            return [(row.action, row.before, row.after) for row in rows if register or row.object_type != "register"]

    def state(self, *, times: bool = True) -> dict[str, list[tuple[Any, ...]]]:
        """Everything stored of the register, without made-up ids and, if asked, without instants."""
        instants = set() if times else {"first_seen_at", "changed_at", "started_at", "ended_at", "missing_since"}
        found = {}
        with self.db.read() as session:
            for table in (Establishment, EstablishmentGroup, GroupMembership, EstablishmentLink):
                left_out = instants | ({"id"} if table is GroupMembership else set())
                names = [name for name in table.model_fields if name not in left_out]
                rows = session.execute(select(*(getattr(table, name) for name in names)))
                found[table.__name__] = sorted((tuple(row) for row in rows), key=repr)
        return found


@pytest.fixture
def register(db: Database, tmp_path: Path) -> Register:
    return Register(db, tmp_path)


@pytest.fixture
def gias() -> Path:
    if not GIAS.is_dir():
        reason = f"the register's data is not at {GIAS}"
        pytest.fail(reason) if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip(reason)
    return GIAS


@pytest.fixture
def whole_register(gias: Path, tmp_path: Path) -> Callable[[], list[Path]]:
    """Writes the cleaned table of all schools as the register's four files."""

    def write() -> list[Path]:
        with gzip.open(gias / "schools_england_current.csv.gz", "rt", encoding="utf-8", newline="") as stream:
            clean = list(csv.DictReader(stream))
        with (gias / "groups_clean.csv").open(encoding="utf-8", newline="") as stream:
            trusts = list(csv.DictReader(stream))
        joined = [row for row in clean if row["trust_uid"]]
        followed = [row for row in clean if row["likely_superseded_by_urn"]]
        folder = tmp_path / "whole"
        folder.mkdir()
        tables: list[tuple[str, dict[str, str], list[dict[str, str]]]] = [
            ("links_edubasealldata20261122.csv", LINK, [_link_row(row, side) for row in followed for side in (0, 1)]),
            ("alllinksdata20261122.csv", MEMBER, [_member_row(row) for row in joined]),
            ("edubasealldata20261122.csv", SCHOOL, [_school_row(row) for row in clean]),
            ("allgroupsdata20261122.csv", GROUP, [_group_row(row) for row in trusts]),
        ]
        return [
            write_csv(folder / name, list(layout), [{name: row.get(name, "") for name in layout} for row in rows])
            for name, layout, rows in tables
        ]

    return write


def _cp1252(text: str) -> str:
    return text.replace("�", "’")


def _school_row(row: Mapping[str, str]) -> dict[str, str]:
    return {
        "URN": row["urn"], "UKPRN": row["ukprn"], "EstablishmentName": _cp1252(row["name"]),
        "LA (code)": row["la_code"], "LA (name)": row["la_name"], "GOR (name)": row["region"],
        "PhaseOfEducation (name)": "Not applicable" if row["phase"] == "Special" else row["phase"],
        "TypeOfEstablishment (name)": row["type"], "EstablishmentTypeGroup (name)": row["type_group"],
        "EstablishmentStatus (name)": row["status"].partition(" (per")[0], "Street": _cp1252(row["street"]),
        "Town": row["town"], "Postcode": row["postcode"], "NumberOfPupils": row["pupils"],
        "SchoolCapacity": row["capacity"], "PercentageFSM": row["fsm_ever6_pct_2023"], "Gender (name)": row["gender"],
        "StatutoryLowAge": row["age_low"], "StatutoryHighAge": row["age_high"], "SchoolWebsite": row["website"],
        "HeadLastName": "Quillfeather",
    }  # fmt: skip


def _group_row(row: Mapping[str, str]) -> dict[str, str]:
    return {
        "Group UID": row["group_uid"], "Group ID": row["group_id"], "Group Name": _cp1252(row["group_name"]),
        "Companies House Number": row["companies_house_number"], "Group Type": row["group_type"],
        "Group Status": row["group_status"], "Incorporated on (open date)": row["incorporated_on"],
        "Closed Date": row["closed_date"], "Group Street": _cp1252(row["street"]),
        "Group Locality": _cp1252(row["locality"]), "Group Town": row["town"], "Group Postcode": row["postcode"],
        "UKPRN": row["ukprn"],
    }  # fmt: skip


def _member_row(row: Mapping[str, str]) -> dict[str, str]:
    return {"URN": row["urn"], "Group UID": row["trust_uid"], "Joined date": row["trust_joined"]}


def _link_row(row: Mapping[str, str], side: int) -> dict[str, str]:
    old, new = row["urn"], row["likely_superseded_by_urn"]
    return {
        "URN": new if side else old,
        "LinkURN": old if side else new,
        "LinkType": "Predecessor" if side else "Successor",
    }
