"""Which columns make which fields of an establishment and of a group, and reading a row by that."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct

from becta.kernel.errors import Fault
from becta.market.organisations.register import cells
from becta.market.organisations.register.cells import BadCell
from becta.market.organisations.register.files import Part, RegisterFile, column
from becta.market.organisations.rules import SchoolPhase, name_key

VERSION = "1"
"""Raise it when cells come to be read otherwise: every row is then read anew."""


class Cell(Struct, frozen=True):
    """A field, the columns it is read from (the first that says something), and how."""

    field: str
    columns: tuple[str, ...]
    read: Callable[[str], Any]
    required: bool = False
    blank: Any = None


_LONG, _SHORT = cells.text_of(250), cells.text_of(120)
_AGE, _COUNT = cells.whole(0, 99), cells.whole(0, 100_000)

KEYS: dict[Part, Cell] = {
    Part.ESTABLISHMENTS: Cell("urn", ("URN",), cells.urn, required=True),
    Part.GROUPS: Cell("uid", ("Group UID",), cells.uid, required=True),
}

FIELDS: dict[Part, tuple[Cell, ...]] = {
    Part.ESTABLISHMENTS: (
        Cell("name", ("EstablishmentName",), _LONG, required=True),
        Cell("status", ("EstablishmentStatus (name)",), cells.status, required=True),
        Cell("ukprn", ("UKPRN",), cells.ukprn),
        Cell("uprn", ("UPRN",), cells.digits_of(1, 12, "a UPRN")),
        Cell("la_code", ("LA (code)",), cells.digits_of(1, 3, "a local authority's code")),
        Cell("la_name", ("LA (name)",), _SHORT),
        Cell("establishment_number", ("EstablishmentNumber",), cells.digits_of(1, 4, "an establishment number")),
        Cell("type_code", ("TypeOfEstablishment (code)",), cells.whole(0, 999)),
        Cell("type_name", ("TypeOfEstablishment (name)",), _SHORT),
        Cell("type_group", ("EstablishmentTypeGroup (name)",), _SHORT),
        Cell("opened_on", ("OpenDate",), cells.day),
        Cell("opened_reason", ("ReasonEstablishmentOpened (name)",), _SHORT),
        Cell("closed_on", ("CloseDate",), cells.day),
        Cell("closed_reason", ("ReasonEstablishmentClosed (name)",), _SHORT),
        Cell("phase", ("PhaseOfEducation (name)",), cells.phase, blank=SchoolPhase.NOT_APPLICABLE),
        Cell("age_low", ("StatutoryLowAge",), _AGE),
        Cell("age_high", ("StatutoryHighAge",), _AGE),
        Cell("capacity", ("SchoolCapacity",), _COUNT),
        Cell("pupils", ("NumberOfPupils",), _COUNT),
        Cell("gender", ("Gender (name)",), cells.gender),
        Cell("free_meals_basis_points", ("PercentageFSM", "FreeSchoolMealsPercentage"), cells.percentage),
        Cell("street", ("Street",), _LONG),
        Cell("locality", ("Locality",), _LONG),
        Cell("address3", ("Address3",), _LONG),
        Cell("town", ("Town",), _LONG),
        Cell("county", ("County (name)",), _LONG),
        Cell("postcode", ("Postcode",), cells.postcode),
        Cell("easting", ("Easting",), cells.whole(0, 700_000)),
        Cell("northing", ("Northing",), cells.whole(0, 1_300_000)),
        Cell("region", ("GOR (name)",), cells.region),
        Cell("website", ("SchoolWebsite",), cells.website),
        Cell("last_changed_on", ("LastChangedDate",), cells.day),
    ),
    Part.GROUPS: (
        Cell("name", ("Group Name",), _LONG, required=True),
        Cell("status", ("Group Status", "Group Status (code)"), cells.group_status, required=True),
        Cell("type", ("Group Type", "Group Type (code)"), cells.group_type, required=True),
        Cell("type_name", ("Group Type", "Group Type (code)"), _SHORT, required=True),
        Cell("group_id", ("Group ID",), cells.group_id),
        Cell("company_number", ("Companies House Number",), cells.company_number),
        Cell("ukprn", ("UKPRN",), cells.ukprn),
        Cell("opened_on", ("Incorporated on (open date)", "Open date"), cells.day),
        Cell("closed_on", ("Closed Date",), cells.day),
        Cell("street", ("Group Street",), _LONG),
        Cell("locality", ("Group Locality",), _LONG),
        Cell("address3", ("Group Address 3",), _LONG),
        Cell("town", ("Group Town",), _LONG),
        Cell("county", ("Group County",), _LONG),
        Cell("postcode", ("Group Postcode",), cells.postcode),
    ),
}


class BoundCell(Struct, frozen=True):
    """A cell and the headers under which one file has it."""

    cell: Cell
    headers: tuple[str, ...]


class Layout:
    """How to read the rows of one file. Fields whose columns the file lacks are left as they were."""

    def __init__(self, file: RegisterFile) -> None:
        """Find the columns."""
        self.file = file
        self.key = bind(KEYS[file.part], file)
        bound = [bind(cell, file) for cell in FIELDS[file.part]]
        self.cells = [cell for cell in bound if cell.headers]
        self._headers = [header for cell in self.cells for header in cell.headers]
        self._seed = f"{VERSION}\x1f" + "\x1f".join(self._headers)

    def hash_of(self, values: dict[str, str]) -> str:
        """A fingerprint of what we read of a row."""
        text = "\x1f".join([self._seed, *(values[header] for header in self._headers)])
        return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def read(self, values: dict[str, str]) -> tuple[dict[str, Any], list[Fault]]:
        """The fields of a row, and everything wrong with it."""
        made: dict[str, Any] = {}
        faults: list[Fault] = []
        for bound in self.cells:
            value, fault = take(bound, values)
            if fault is None:
                made[bound.cell.field] = value
            else:
                faults.append(fault)
        if not faults:
            made["name_key"] = name_key(made["name"])
            faults += _ages(made)
        return made, faults


def bind(cell: Cell, file: RegisterFile) -> BoundCell:
    """Find a cell's columns in a file."""
    found = (file.headers.get(column(name)) for name in cell.columns)
    return BoundCell(cell, tuple(header for header in found if header is not None))


def take(bound: BoundCell, values: dict[str, str]) -> tuple[Any, Fault | None]:
    """The value of a cell, or its fault."""
    header, text = bound.headers[0], ""
    try:
        for candidate in bound.headers:
            found = cells.clean(values[candidate])
            if found and (bound.cell.required or not cells.is_blank(found)):
                header, text = candidate, found
                break
        else:
            if bound.cell.required:
                raise BadCell("is missing", "every row of the register has it")
            return bound.cell.blank, None
        return bound.cell.read(text), None
    except BadCell as bad:
        shown = (text or cells.shown(values[header]))[:80]
        return None, Fault(field=header, problem=bad.problem, mend=bad.mend, value=shown)


def _ages(made: dict[str, Any]) -> Sequence[Fault]:
    low, high = made.get("age_low"), made.get("age_high")
    if low is None or high is None or low <= high:
        return ()
    mend = "correct StatutoryLowAge or StatutoryHighAge"
    return [Fault(field="StatutoryLowAge", problem=f"is above StatutoryHighAge ({high})", mend=mend, value=str(low))]
