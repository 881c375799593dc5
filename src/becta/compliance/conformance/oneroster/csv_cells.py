"""What a single cell must look like, by the kind of its column."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from becta.compliance.conformance.oneroster.csv_tables import Column, Kind

ID = re.compile(r"[0-9A-Za-z._/@-]{1,255}")
"""A sourcedId: at most 255 of these characters (the binding's data type GUID)."""
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?Z", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,300}(\.\d{0,300})?|\.\d{1,300})([eE][+-]?\d{1,2})?", re.ASCII)
_PAIR = re.compile(r"\{[^{}:]+:[^{}]+\}")
GRADES = frozenset({"IT", "PR", "PK", "TK", "KG", *(f"{year:02}" for year in range(1, 14)), "PS", "UG", "Other"})
"""CEDS 5, Entry Grade Level, to which the binding points for `grades`."""


_EMAIL = re.compile(r"[^\s@()<>,;:\\\"\[\]]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES.split())
"""ISO 3166-1, alpha-2, to which CEDS points for countries, and XK, which is used for Kosovo."""


class CellFault(NamedTuple):
    """What is wrong with a cell."""

    check: str
    message: str
    mend: str


@lru_cache(maxsize=10_000)
def is_date(value: str) -> bool:
    """Whether a text is a day of the calendar as YYYY-MM-DD."""
    parts = _DATE.fullmatch(value)
    if parts is None:
        return False
    try:
        date(*map(int, parts.groups()))
    except ValueError:
        return False
    return True


def _is_date_time(value: str) -> bool:
    parts = _DATE_TIME.fullmatch(value)
    return parts is not None and is_date(parts[1])


def _by(check: str, is_good: Callable[[str], object], what: str, mend: str) -> Callable[[str], CellFault | None]:
    fault = CellFault(check, f"is not {what}", mend)
    return lambda value: None if is_good(value) else fault


_JUDGES: dict[Kind, Callable[[str], CellFault | None]] = {
    Kind.TEXT: lambda value: None,  # noqa: ARG005
    Kind.ID: _by("id", ID.fullmatch, "a sourcedId", "use 1 to 255 of 0-9 A-Z a-z . - _ / @"),
    Kind.REFERENCE: _by("id", ID.fullmatch, "a sourcedId", "use 1 to 255 of 0-9 A-Z a-z . - _ / @"),
    Kind.DATE: _by("date", is_date, "a date", "write it as YYYY-MM-DD"),
    Kind.DATE_TIME: _by("date-time", _is_date_time, "a time in UTC", "write it as YYYY-MM-DDTHH:MM:SS.sssZ"),
    Kind.YEAR: _by("year", _YEAR.fullmatch, "a year", "write it as YYYY"),
    Kind.BOOLEAN: _by("boolean", {"true", "false"}.__contains__, "true or false", "write true or false, in lower case"),
    Kind.INTEGER: _by("number", _INTEGER.fullmatch, "a whole number", "write digits only"),
    Kind.DECIMAL: _by("number", _DECIMAL.fullmatch, "a number", "write digits, with a point before decimals"),
    Kind.GRADE: _by("grades", GRADES.__contains__, "a grade of CEDS", "use one such as KG, 01 or 12 if it fits"),
    Kind.EMAIL: _by("email", _EMAIL.fullmatch, "an e-mail address", "write it as name@domain.example"),
    Kind.COUNTRY: _by("country", COUNTRIES.__contains__, "a country code", "write two letters, as GB (ISO 3166-1)"),
    Kind.PAIR: _by("pairs", _PAIR.fullmatch, "of the form {type:value}", "write it as {type:value}"),
}


def judge_item(column: Column, value: str) -> CellFault | None:
    """What is wrong with one item of a cell that is not blank."""
    if column.kind is not Kind.CHOICE:
        return _JUDGES[column.kind](value)
    if value in column.choices or (column.extensible and value.startswith("ext:") and len(value) > len("ext:")):
        return None
    more = " or an ext: value" if column.extensible else ""
    return CellFault(
        "enumeration", "is not a value of the enumeration", f"use {', '.join(sorted(column.choices))}{more}"
    )


def items_of(column: Column, value: str) -> list[str]:
    """The items of a cell: those between commas in a list, else the cell itself."""
    return [item.strip(" ") for item in value.split(",")] if column.many else [value]


def judge_cell(column: Column, value: str) -> CellFault | None:
    """The first thing wrong with a cell, a blank one being the business of another check."""
    if not value:
        return None
    items = items_of(column, value)
    if column.many and not all(items):
        return CellFault("list", "has an empty item in its list", "separate items by single commas")
    return next((fault for item in items if (fault := judge_item(column, item)) is not None), None)
