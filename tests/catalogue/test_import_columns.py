"""What a file's cells may hold: the same types and rules as a request's body, in words a spreadsheet allows."""

from datetime import date
from enum import StrEnum
from typing import Any

import pytest
from msgspec import Struct

from becta.catalogue.imports.columns import columns_of, describe, flatten, known_spelling, take, unknown_columns


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"
    VERY_LARGE = "very-large"
    OUT_SIZE = "out_size"


class Part(Struct, frozen=True, kw_only=True):
    name: str
    count: int


class Lid(Struct, frozen=True, kw_only=True):
    colour: str
    tight: bool = False


class Box(Struct, frozen=True, kw_only=True):
    title: str
    price: int | None = None
    open: bool = False
    size: Size | None = None
    sizes: tuple[Size, ...] = ()
    tags: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    parts: tuple[Part, ...] = ()
    packed_on: date | None = None
    lid: Lid | None = None


COLUMNS = list(columns_of(Box))
NAMES = [column.name for column in COLUMNS]


def box(**cells: Any) -> Box:
    row, faults = take(Box, flatten({"title": "Box", **cells}, NAMES))
    assert faults == []
    assert row is not None
    return row


def test_a_nested_struct_is_columns_with_a_dot() -> None:
    assert NAMES == [
        "title",
        "price",
        "open",
        "size",
        "sizes",
        "tags",
        "facts",
        "parts",
        "packed_on",
        "lid.colour",
        "lid.tight",
    ]
    assert [column.name for column in COLUMNS if column.required] == ["title"]


def test_every_column_is_described_in_words() -> None:
    assert [describe(column) for column in COLUMNS] == [
        "text",
        "a whole number",
        "yes or no",
        "one of small, large, very-large, out_size",
        "one of small, large, very-large, out_size; several separated by ;",
        "text; several separated by ;",
        "name=value pairs separated by ;",
        "a JSON list of objects with name, count",
        "a date such as 2026-11-22",
        "text",
        "yes or no",
    ]


@pytest.mark.parametrize(
    ("_case", "cell", "field", "value"),
    [
        ("text is trimmed", {"title": "  A box "}, "title", "A box"),
        ("a number", {"price": " 12 "}, "price", 12),
        ("a number in JSON", {"price": 12}, "price", 12),
        ("an empty cell is not given", {"price": ""}, "price", None),
        ("a blank cell is not given", {"price": "  "}, "price", None),
        ("null is not given", {"price": None}, "price", None),
        *[(f"{word} is true", {"open": word}, "open", True) for word in ("yes", "Y", "true", "TRUE", "1")],
        *[(f"{word} is false", {"open": word}, "open", False) for word in ("no", "N", "false", "False", "0")],
        ("true in JSON", {"open": True}, "open", True),
        ("a list", {"tags": "red; green ;;blue;"}, "tags", ("red", "green", "blue")),
        ("a list of one", {"tags": "red, green"}, "tags", ("red, green",)),
        ("a list as JSON in a cell", {"tags": '["a;b", "c"]'}, "tags", ("a;b", "c")),
        ("a list in JSON Lines", {"tags": ["a;b"]}, "tags", ("a;b",)),
        ("a list of choices", {"sizes": "small;large"}, "sizes", (Size.SMALL, Size.LARGE)),
        ("a choice in another case", {"size": " Small "}, "size", Size.SMALL),
        ("a choice with a space for a hyphen", {"size": "Very  large"}, "size", Size.VERY_LARGE),
        ("a choice with a space for a low line", {"size": "Out size"}, "size", Size.OUT_SIZE),
        ("choices in another case", {"sizes": "SMALL; Very Large"}, "sizes", (Size.SMALL, Size.VERY_LARGE)),
        ("choices in another case in JSON", {"sizes": ["Small"]}, "sizes", (Size.SMALL,)),
        ("text keeps its case", {"tags": "Very Large"}, "tags", ("Very Large",)),
        ("a map", {"facts": "Colour = red; Weight=1=1 kg"}, "facts", {"Colour": "red", "Weight": "1=1 kg"}),
        ("a map as JSON in a cell", {"facts": '{"a;b": "c"}'}, "facts", {"a;b": "c"}),
        ("a map in JSON Lines", {"facts": {"a": "b"}}, "facts", {"a": "b"}),
        ("objects as JSON", {"parts": '[{"name": "n", "count": 2}]'}, "parts", (Part(name="n", count=2),)),
        ("a day", {"packed_on": "2026-11-22"}, "packed_on", date(2026, 11, 22)),
        ("nested columns", {"lid.colour": "red", "lid.tight": "yes"}, "lid", Lid(colour="red", tight=True)),
        ("an object in JSON Lines", {"lid": {"colour": "red"}}, "lid", Lid(colour="red")),
        ("blank nested columns are no object", {"lid.colour": " ", "lid.tight": ""}, "lid", None),
        ("a null object", {"lid": None}, "lid", None),
    ],
)
def test_what_a_cell_says(_case: str, cell: dict[str, Any], field: str, value: object) -> None:
    assert getattr(box(**cell), field) == value


@pytest.mark.parametrize(
    ("_case", "cell", "field", "problem", "value", "mend"),
    [
        ("nothing where something must be", {"title": " "}, "title", "is missing", None, "give text"),
        ("a number for text", {"title": 5}, "title", "cannot be read", "5", "give text"),
        ("pounds for pence", {"price": "£12.50"}, "price", "cannot be read", "£12.50", "give a whole number"),
        ("pounds that are whole", {"price": "12.00"}, "price", "cannot be read", "12.00", "give a whole number"),
        ("pounds that are whole in JSON", {"price": 12.0}, "price", "cannot be read", "12.0", "give a whole number"),
        ("a number in letters of science", {"price": "1e3"}, "price", "cannot be read", "1e3", "give a whole number"),
        ("a fraction", {"price": 12.5}, "price", "cannot be read", "12.5", "give a whole number"),
        ("a truth for a number", {"price": True}, "price", "cannot be read", "true", "give a whole number"),
        ("neither yes nor no", {"open": "maybe"}, "open", "cannot be read", "maybe", "give yes or no"),
        (
            "no such choice",
            {"sizes": "small;huge"},
            "sizes",
            "cannot be read",
            "small;huge",
            "give one of small, large, very-large, out_size; several separated by ;",
        ),
        ("a map without =", {"facts": "red"}, "facts", "cannot be read", "red", "give name=value pairs separated by ;"),
        ("broken JSON", {"tags": '["a"'}, "tags", "cannot be read", '["a"', "give text; several separated by ;"),
        (
            "bottomless JSON",
            {"tags": "[" * 100_000},
            "tags",
            "cannot be read",
            "[" * 80,
            "give text; several separated by ;",
        ),
        (
            "objects of another shape",
            {"parts": '[{"name": "n"}]'},
            "parts",
            "cannot be read",
            '[{"name": "n"}]',
            "give a JSON list of objects with name, count",
        ),
        ("a day by another calendar", {"packed_on": "22/11/2026"}, "packed_on", "cannot be read", "22/11/2026", None),
        ("part of an object", {"lid.tight": "yes"}, "lid.colour", "is missing", None, "give text"),
        ("a bad part of an object", {"lid": {"colour": "red", "tight": 7}}, "lid.tight", "cannot be read", "7", None),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_with_its_mend(
    _case: str, cell: dict[str, Any], field: str, problem: str, value: str | None, mend: str | None
) -> None:
    row, faults = take(Box, flatten({"title": "Box", **cell}, NAMES))

    assert row is None
    assert [(fault.field, fault.problem, fault.value) for fault in faults] == [(field, problem, value)]
    assert mend is None or faults[0].mend == mend


def test_every_cell_that_cannot_be_read_is_named() -> None:
    _, faults = take(Box, {"price": "x", "open": "x", "lid.tight": "x"})

    assert [fault.field for fault in faults] == ["title", "price", "open", "lid.colour", "lid.tight"]


@pytest.mark.parametrize(
    ("_case", "name", "problem", "mend"),
    [
        ("a slip of the pen", "prise", "is not a column", "rename it to price"),
        ("another case", "Title", "is not a column", "rename it to title"),
        ("nothing like it", "zzzzqq", "is not a column", "remove it; --schema lists the columns"),
        ("within an object", "lid.color", "is not a column", "rename it to lid.colour"),
        (
            "the object itself in CSV",
            "lid",
            "is several columns",
            "give an object in JSON Lines, or columns such as lid.colour",
        ),
    ],
)
def test_an_unknown_column_is_refused_with_the_nearest_name(_case: str, name: str, problem: str, mend: str) -> None:
    (fault,) = unknown_columns(["title", name], NAMES)

    assert (fault.field, fault.problem, fault.mend) == (name, problem, mend)


def test_names_are_known_whatever_their_case_spaces_and_hyphens() -> None:
    known = ["cpv_code", "lid.colour", "Lot", "lot"]
    written = ["CPV code", "Cpv-Code", " cpv_code", "Lid.Colour", "Lot", "lot", "price"]

    spelt = ["cpv_code", "cpv_code", "cpv_code", "lid.colour", "Lot", "lot", "price"]
    assert known_spelling(written, known) == spelt


def test_an_unknown_field_of_an_object_is_not_passed_over() -> None:
    flat = flatten({"title": "Box", "lid": {"colour": "red", "handle": "brass"}}, NAMES)

    assert [fault.field for fault in unknown_columns(flat, NAMES)] == ["lid.handle"]
