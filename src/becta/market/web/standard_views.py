"""What the pages of standards show, as values; like `views`, of which they are part."""

from datetime import date

from msgspec import Struct

from becta.market.web.views import Fact, Link


class StandardRow(Struct, frozen=True, kw_only=True):
    """A standard in the list."""

    link: Link
    publisher: str
    summary: str
    is_core: bool = False
    is_for_schools: bool = False


class StandardGroup(Struct, frozen=True, kw_only=True):
    """The standards of a theme."""

    title: str
    rows: tuple[StandardRow, ...]


class StandardsPage(Struct, frozen=True, kw_only=True):
    """What the badges mean, by theme."""

    groups: tuple[StandardGroup, ...]


class EditionRow(Struct, frozen=True, kw_only=True):
    """An edition of a standard; days are words, "" where not known. `certainty` is a code, `source` its id."""

    version: str
    name: str
    state: str
    state_words: str
    certainty: str
    source: str
    starts: str = ""
    ends: str = ""
    transition_end: str = ""
    note: str = ""


class StatementRow(Struct, frozen=True, kw_only=True):
    """A requirement with its clause, or a criterion with its phases in `clause` and what is `wanted`."""

    text: str
    certainty: str
    source: str
    clause: str = ""
    wanted: str = ""


class SourceRow(Struct, frozen=True, kw_only=True):
    """Where statements come from; `href` empty for general knowledge."""

    id: str
    title: str
    certainty: str
    href: str = ""


class StandardPage(Struct, frozen=True, kw_only=True):
    """A standard on a day. `search` finds what holds its badge, None where no badge names it."""

    title: str
    publisher: str
    summary: str
    facts: tuple[Fact, ...]
    editions: tuple[EditionRow, ...]
    requirements: tuple[StatementRow, ...]
    sources: tuple[SourceRow, ...]
    data: Link
    today: date
    is_core: bool = False
    evidence: tuple[str, ...] = ()
    four_eyes_why: str = ""
    criteria: tuple[StatementRow, ...] = ()
    search: Link | None = None
    has_general: bool = False
