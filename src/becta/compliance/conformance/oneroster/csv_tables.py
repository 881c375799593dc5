"""What a table of the OneRoster CSV binding is made of, and how its columns are written down."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

STATUSES = frozenset({"active", "tobedeleted"})
ROLES = (
    "administrator",
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
)
"""What people are in either version."""


class Kind(StrEnum):
    """What one item of a cell must look like."""

    TEXT = "text"
    ID = "id"
    REFERENCE = "reference"
    DATE = "date"
    DATE_TIME = "dateTime"
    YEAR = "year"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CHOICE = "enumeration"
    GRADE = "grade"
    PAIR = "pair"
    EMAIL = "email"
    COUNTRY = "country"


class Column(Struct, frozen=True, kw_only=True):
    """A column; `many` if its cell is a comma-separated list, `extensible` if `ext:` values may join `choices`.

    A reference names the table it points into, and the type that the row there must have, if the specification says.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    choices: frozenset[str] = frozenset()
    extensible: bool = False
    refers: str = ""
    of_type: str = ""


class Relation(Struct, frozen=True, kw_only=True):
    """A rule over some cells of one row; the check's id says which rule."""

    check: str
    columns: tuple[str, ...]


class Unique(Struct, frozen=True, kw_only=True):
    """What no two rows of a table may share, among the rows whose cells have the values of `among`.

    Rows may share it if the times between their two columns of `apart` do not meet. Rows to be deleted count only
    with `deleted_too`.
    """

    check: str
    columns: tuple[str, ...]
    among: tuple[tuple[str, str], ...] = ()
    apart: tuple[()] | tuple[str, str] = ()
    deleted_too: bool = False


class Table(Struct, frozen=True, kw_only=True):
    """One data file: its columns in their order, the rules over a row, and what must be unique in it."""

    name: str
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...] = ()
    uniques: tuple[Unique, ...] = ()

    @property
    def file(self) -> str:
        """The file's name in the package."""
        return f"{self.name}.csv"


class Binding(Struct, frozen=True, kw_only=True):
    """A version of the CSV binding: its tables by name, and the clauses it is cited by."""

    version: str
    tables: dict[str, Table]
    overview: str
    format: str
    dependencies: str


def table(
    name: str,
    *columns: Column,
    relations: Iterable[Relation] = (),
    uniques: Iterable[Unique] = (),
    own: Column | None = None,
) -> Table:
    """A table that begins, as all do, with sourcedId (or `own` in its place), status and dateLastModified."""
    first = own or Column(name="sourcedId", kind=Kind.ID, required=True)
    common = (
        first,
        Column(name="status", kind=Kind.CHOICE, choices=STATUSES),
        Column(name="dateLastModified", kind=Kind.DATE_TIME),
    )
    by_id = Unique(check="duplicate-id", columns=("sourcedId",), deleted_too=True)
    return Table(name=name, columns=common + columns, relations=tuple(relations), uniques=(by_id, *uniques))


def text(name: str, *, required: bool = False, many: bool = False) -> Column:
    """A column of free text."""
    return Column(name=name, required=required, many=many)


def plain(kind: Kind, name: str, *, required: bool = False, many: bool = False) -> Column:
    """A column whose kind says everything."""
    return Column(name=name, kind=kind, required=required, many=many)


def choice(name: str, values: Iterable[str], *, extensible: bool, required: bool = False, many: bool = False) -> Column:
    """A column of an enumeration."""
    return Column(
        name=name, kind=Kind.CHOICE, required=required, many=many, choices=frozenset(values), extensible=extensible
    )


def reference(name: str, refers: str, *, required: bool = False, many: bool = False, of_type: str = "") -> Column:
    """A column of sourcedIds of another table."""
    return Column(name=name, kind=Kind.REFERENCE, required=required, many=many, refers=refers, of_type=of_type)
