"""Shortlists as they are sent and shown. Money is integer pence ex VAT."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from becta.catalogue.offers.rules import Unit
from becta.market.accounts.organisations import OrganisationOut
from becta.market.shortlists.rules import HeldBadge, LostBadge, ShortlistState


class ShortlistTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shortlist says of itself: its name, the need in words, and wanted badges as requirement texts.

    A requirement text is a standard's code, or more: `lti;version=1.3;role=Tool;level=tested_by_us`.
    """

    name: str
    need: str
    badges: tuple[str, ...] = ()


class NewShortlist(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shortlist to start for a school or trust; see ShortlistTerms."""

    organisation: str
    name: str
    need: str
    badges: tuple[str, ...] = ()


class NewEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product to put on a shortlist, and why."""

    product_id: UUID
    note: str = ""


class Choice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The product chosen from a shortlist, and why it and none of the others."""

    product_id: UUID
    reason: str


class LackingBadge(Struct, frozen=True, kw_only=True):
    """A wanted badge (its requirement text) that a product does not hold, and why not."""

    requirement: str
    sentence: str


class EntryOut(Struct, frozen=True, kw_only=True):
    """A product on a shortlist: what was true when it was put there (`*_then`), and what is true now.

    `badges_lost` were held then and are not now; `badges_lacking` are wanted and not held. `price_pence` is the lowest
    offer's for one `unit`, None without an offer or where the listing is withdrawn. `added_by_name` is None once the
    person's data were erased.
    """

    id: UUID
    product_id: UUID
    title: str
    supplier: str
    note: str
    added_by: UUID
    added_by_name: str | None
    added_at: datetime
    price_pence_then: int | None
    badges_then: tuple[HeldBadge, ...]
    is_listed: bool
    withdrawn_at: datetime | None
    price_pence: int | None
    unit: Unit | None
    badges_now: tuple[HeldBadge, ...]
    badges_lost: tuple[LostBadge, ...]
    badges_gained: tuple[HeldBadge, ...]
    badges_lacking: tuple[LackingBadge, ...]


class RemovedOut(Struct, frozen=True, kw_only=True):
    """A product that was on a shortlist and was taken off, by whom and why."""

    id: UUID
    product_id: UUID
    title: str
    supplier: str
    note: str
    added_by: UUID
    added_by_name: str | None
    added_at: datetime
    price_pence_then: int | None
    badges_then: tuple[HeldBadge, ...]
    removed_by: UUID
    removed_by_name: str | None
    removed_at: datetime
    reason: str


class ShortlistShort(Struct, frozen=True, kw_only=True):
    """A shortlist in a list; `entries` counts the products on it."""

    id: UUID
    organisation: OrganisationOut
    name: str
    state: ShortlistState
    entries: int
    created_by: UUID
    created_by_name: str | None
    created_at: datetime
    ended_at: datetime | None
    revision: int


class ShortlistOut(Struct, frozen=True, kw_only=True):
    """A shortlist with what is true of its products now.

    `as_ended` holds its entries as they stood at `ended_at`, the second it was closed or archived; None while open.
    """

    id: UUID
    organisation: OrganisationOut
    name: str
    need: str
    badges: tuple[str, ...]
    state: ShortlistState
    created_by: UUID
    created_by_name: str | None
    created_at: datetime
    chosen_product_id: UUID | None
    reason: str | None
    ended_by: UUID | None
    ended_by_name: str | None
    ended_at: datetime | None
    entries: tuple[EntryOut, ...]
    removed: tuple[RemovedOut, ...]
    as_ended: tuple[EntryOut, ...] | None
    revision: int


class OnShortlist(NamedTuple):
    """A product on an open shortlist of an organisation; `name` is the shortlist's."""

    organisation_id: UUID
    shortlist_id: UUID
    name: str
    product_id: UUID
