"""What a shortlist may become, what is wrong with one, and how badges held once compare with those held now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from becta.catalogue.text_rules import text_faults
from becta.compliance.badges.rules import Level, Standing
from becta.compliance.standards.registry import Holder
from becta.kernel.clock import london_date, start_of_day
from becta.kernel.errors import Conflict, Fault

MAX_ENTRIES = 50
"""How many products may be on a shortlist at once: with more it is no shortlist."""
MAX_BADGES = 20
"""How many badges a shortlist may want."""


class ShortlistState(StrEnum):
    """Where a shortlist stands: in use, closed with a choice, or put away without one."""

    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


MOVES: Mapping[ShortlistState, frozenset[ShortlistState]] = {
    ShortlistState.OPEN: frozenset({ShortlistState.CLOSED, ShortlistState.ARCHIVED}),
    ShortlistState.CLOSED: frozenset(),
    ShortlistState.ARCHIVED: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""


class Loss(StrEnum):
    """Why a badge that was held is held no longer."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    LISTING_WITHDRAWN = "listing_withdrawn"
    ENDED = "ended"


_TAKEN_AWAY = {Standing.REVOKED: Loss.REVOKED, Standing.SUSPENDED: Loss.SUSPENDED}


class HeldBadge(Struct, frozen=True, kw_only=True):
    """A badge that a product or its supplier held at an instant; it rests on the claim `claim_id`."""

    claim_id: UUID
    standard: str
    name: str
    version: str
    role: str
    level: Level
    holder: Holder
    expires_on: date | None


class LostBadge(Struct, frozen=True, kw_only=True):
    """A badge that was held once and is not now: why, since when (None if nobody knows), and the same in words."""

    badge: HeldBadge
    why: Loss
    since: datetime | None
    sentence: str


class ClaimNow(Struct, frozen=True, kw_only=True):
    """What became of a claim on which a badge rested."""

    standing: Standing
    decided_at: datetime | None
    reasons: tuple[str, ...] = ()


class Listing(Struct, frozen=True, kw_only=True):
    """Whether a product is listed now and, if not, since when."""

    is_listed: bool
    withdrawn_at: datetime | None = None


def check_open(state: ShortlistState) -> None:
    """Raise Conflict unless a shortlist may still be changed."""
    if state is not ShortlistState.OPEN:
        raise Conflict(f"the shortlist is {state}, so it stays as it is; start another one")


def check_move(current: ShortlistState, wanted: ShortlistState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in MOVES[current]:
        allowed = ", ".join(sorted(MOVES[current])) or "nothing: that is final"
        raise Conflict(f"the shortlist is {current}, so it cannot become {wanted}; from here it can become {allowed}")


def shortlist_faults(*, name: str, need: str, badges: Sequence[str]) -> list[Fault]:
    """Everything wrong with what a shortlist says of itself; what each badge's text says is judged elsewhere."""
    faults = text_faults("name", name, at_least=1, at_most=120)
    faults += text_faults("need", need, at_least=3, at_most=2_000)
    if len(badges) > MAX_BADGES:
        mend = f"name at most {MAX_BADGES}"
        faults.append(Fault(field="badges", problem=f"has {len(badges)} entries", mend=mend))
    return faults


def reason_faults(reason: str) -> list[Fault]:
    """What is wrong with a reason for the file."""
    return text_faults("reason", reason, at_least=3, at_most=1_000)


def gained(then: Iterable[HeldBadge], now: Iterable[HeldBadge]) -> tuple[HeldBadge, ...]:
    """Badges held now that were not held then."""
    before = {_same(badge) for badge in then}
    return tuple(badge for badge in now if _same(badge) not in before)


def lost(
    then: Iterable[HeldBadge], now: Iterable[HeldBadge], claims: Mapping[UUID, ClaimNow], listing: Listing
) -> tuple[LostBadge, ...]:
    """Badges held then that are not held now, each with why. One that was renewed as it was is not lost."""
    held = {_same(badge) for badge in now}
    return tuple(_loss(badge, claims.get(badge.claim_id), listing) for badge in then if _same(badge) not in held)


def _same(badge: HeldBadge) -> tuple[str, str, str, Level, Holder]:
    return (badge.standard, badge.version, badge.role, badge.level, badge.holder)


def _loss(badge: HeldBadge, claim: ClaimNow | None, listing: Listing) -> LostBadge:
    standing = None if claim is None else claim.standing
    decided_at = None if claim is None else claim.decided_at
    if standing is Standing.EXPIRED and badge.expires_on is not None:
        since: datetime | None = start_of_day(badge.expires_on)
        why, sentence = Loss.EXPIRED, f"expired on {_day(badge.expires_on)}"
    elif claim is not None and claim.standing in _TAKEN_AWAY:
        why, since = _TAKEN_AWAY[claim.standing], decided_at
        because = f": {'; '.join(claim.reasons)}" if claim.reasons else ""
        sentence = f"{why}{_on(since)}{because}"
    elif not listing.is_listed:
        why, since = Loss.LISTING_WITHDRAWN, listing.withdrawn_at
        sentence = f"the listing was withdrawn{_on(since)}"
    else:
        why, since, sentence = Loss.ENDED, decided_at, "no longer held"
    return LostBadge(badge=badge, why=why, since=since, sentence=sentence)


def _on(instant: datetime | None) -> str:
    return "" if instant is None else f" on {_day(london_date(instant))}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
