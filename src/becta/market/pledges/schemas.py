"""Pledges as they are sent and shown. Prices are integer pence for one, ex VAT; lots go by their numbers."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from becta.market.accounts.organisations import OrganisationOut
from becta.market.delegation.rules import CommitmentState
from becta.market.pledges.rules import PledgeState
from becta.market.pledges.sharing import Answer, Question, SharingPolicy


class PledgeTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many a school takes, and what one may cost at most.

    `alone_price_pence` is what one costs the school without the others (null: as the lot says). Where the school gets
    nothing of its lot, `acceptable_lots` would do instead, first choice first: it gets all that it pledged of the
    first of them that is sold to it within its ceiling. What `alternatives` says, evaluators read.
    """

    quantity: int
    ceiling_price_pence: int
    budget_code: str
    alone_price_pence: int | None = None
    acceptable_lots: tuple[int, ...] = ()
    alternatives: str = ""


class NewPledge(PledgeTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pledge to make for a school that takes part, such as "urn:100001"."""

    organisation: str
    lot: int = 1


class AnswerGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a school stays at the price it was asked about; `unit_price_pence` is that price."""

    answer: Answer
    unit_price_pence: int


class PledgeOut(Struct, frozen=True, kw_only=True):
    """A pledge. It `counts` on the tiers while its commitment is approved, by the opening of the bids; held, it only
    holds its caps.

    `question` is there when schools that left made it dearer than this one's ceiling: it must answer to stay.
    """

    id: UUID
    lot: int
    organisation: OrganisationOut
    quantity: int
    ceiling_price_pence: int
    alone_price_pence: int | None
    acceptable_lots: tuple[int, ...]
    alternatives: str
    budget_code: str
    commitment_id: UUID
    commitment_state: CommitmentState
    state: PledgeState
    counts: bool
    made_by: UUID
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    reason: str | None
    question: Question | None
    revision: int


class SchoolShare(Struct, frozen=True, kw_only=True):
    """What a school pays for all its units, what it would pay alone, and the difference."""

    organisation: OrganisationOut
    quantity: int
    pays_pence: int
    alone_pence: int
    saves_pence: int


class SavingsOut(Struct, frozen=True, kw_only=True):
    """How the saving on a lot is shared now, by the policy published for it; a school sees its own share.

    Those `waiting` buy only if the price falls to their ceiling; those `asked` must say whether they stay.
    """

    lot: int
    policy: SharingPolicy
    policy_sentence: str
    bounds_sentence: str
    unit_price_pence: int
    quantity: int
    total_pence: int
    saves_pence: int
    schools: int
    shares: tuple[SchoolShare, ...]
    waiting: int
    asked: int


class Demand(NamedTuple):
    """What counts of a pledge when suppliers are asked and lots are awarded.

    `acceptable_lots` are lots' numbers, first choice first.
    """

    pledge_id: UUID
    organisation_id: UUID
    quantity: int
    ceiling_price_pence: int
    budget_code: str
    commitment_id: UUID
    acceptable_lots: tuple[int, ...]
    alone_price_pence: int | None
