"""What the pages for shortlists show; see `becta.market.web.views`."""

from datetime import datetime

from msgspec import Struct

from becta.market.web.views import Badge, Fact, Link, Option
from becta.market.web.work.views import FormView, Happening, Tag


class ShortlistRow(Struct, frozen=True, kw_only=True):
    """A shortlist in a list."""

    href: str
    name: str
    organisation: str
    entries: int
    started_by: str
    started_at: datetime
    state: Tag


class ShortlistsPage(Struct, frozen=True, kw_only=True):
    """Shortlists, newest first."""

    rows: tuple[ShortlistRow, ...]
    only_open: bool
    may_write: bool
    next_href: str = ""


class EditShortlistPage(Struct, frozen=True, kw_only=True):
    """Starting a shortlist, or changing what one says of itself (then `revision` is set and `places` empty).

    `product` is the id of the product to be added next, "" for none.
    """

    form: FormView
    title: str
    action: str
    button: str
    back: Link
    places: tuple[Option, ...] = ()
    product: str = ""
    revision: int | None = None
    codes: tuple[Option, ...] = ()


class AddToShortlistPage(Struct, frozen=True, kw_only=True):
    """Putting a product on one of the open shortlists (`options`)."""

    form: FormView
    product: str
    title: str
    supplier: str
    back_href: str
    new_href: str
    options: tuple[Option, ...]


class EntryRow(Struct, frozen=True, kw_only=True):
    """A product on a shortlist as it is compared with the others; pence are ex VAT for one `unit`.

    `href` leads to its page, "" for a withdrawn listing; `remove_href` to taking it off, "" for who may not.
    """

    title: str
    href: str
    supplier: str
    note: str
    added_by: str
    added_at: datetime
    price_pence: int | None
    unit: str
    price_pence_then: int | None
    badges: tuple[Badge, ...]
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    lacking: tuple[str, ...]
    is_chosen: bool
    remove_href: str


class RemovedRow(Struct, frozen=True, kw_only=True):
    """A product that was taken off a shortlist."""

    title: str
    supplier: str
    removed_by: str
    removed_at: datetime
    reason: str


class ShortlistPage(Struct, frozen=True, kw_only=True):
    """One shortlist: its products side by side as of now, what they have lost (`warnings`), and what was done."""

    title: str
    href: str
    state: Tag
    headline: str
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    entries: tuple[EntryRow, ...]
    removed: tuple[RemovedRow, ...]
    history: tuple[Happening, ...]
    may_write: bool
    has_ended: bool


class RemoveFromShortlistPage(Struct, frozen=True, kw_only=True):
    """Taking a product off a shortlist, with a reason."""

    form: FormView
    action: str
    back_href: str
    shortlist: str
    product: str
    revision: int


class EndShortlistPage(Struct, frozen=True, kw_only=True):
    """Closing a shortlist with a choice, or putting it away without one."""

    form: FormView
    action: str
    back_href: str
    shortlist: str
    revision: int
    choices: tuple[Option, ...]


TEMPLATES: dict[type[Struct], str] = {
    ShortlistsPage: "work/shortlists.html",
    EditShortlistPage: "work/shortlist_edit.html",
    AddToShortlistPage: "work/shortlist_add.html",
    ShortlistPage: "work/shortlist.html",
    RemoveFromShortlistPage: "work/shortlist_remove.html",
    EndShortlistPage: "work/shortlist_end.html",
}
