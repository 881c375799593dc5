"""What requests and answers about awards, contracts and call-offs look like. Amounts are pence; prices are ex VAT."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from becta.market.accounts.organisations import OrganisationOut
from becta.market.advice.modifications import Permitted
from becta.market.awards.choosing import Moved, Optimum, Waiting
from becta.market.awards.states import ContractState, DecisionState
from becta.market.procurements.terms import AwardMethod


class NewDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the award is as the ranking has it; `seconds` is the most that a split may be worked on."""

    reason: str
    seconds: int = 20


class NewStandstill(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A standstill to begin; `days` are working days, 8 at least (s.51), more where it is voluntary."""

    days: int = 8


class NewContracts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the contracts begin; how long they run is in the lots' terms, else `months`."""

    starts_on: date
    months: int = 12


class NewChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A modification of a contract (s.74): the new value (pence ex VAT) and end, and what changes."""

    description: str
    net_pence: int
    ends_on: date
    changes_scope: bool = False
    favours_supplier: bool = False
    ground: Permitted | None = None


class NewChallenge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A claim, and when it was notified: what counts is that it was within the standstill (s.101)."""

    reason: str
    notified_at: Annotated[datetime, Meta(tz=True)] | None = None


class AwardOut(Struct, frozen=True, kw_only=True):
    """What a supplier wins of a lot."""

    id: UUID
    lot: int
    bid_id: UUID
    supplier: OrganisationOut
    quantity: int
    unit_price_pence: int
    net_pence: int
    vat_pence: int
    schools: int


class DecisionOut(Struct, frozen=True, kw_only=True):
    """An award decision; of a split with how good it is proved to be.

    `waiting` are schools for which it was too dear, and the reason, are for whoever runs it; `moved` are schools that
    get of another lot that they had named, of which a school or trust sees its own. `unsuccessful` are lots without a
    bid.
    """

    id: UUID
    number: int
    method: AwardMethod
    state: DecisionState
    reason: str | None
    awards: tuple[AwardOut, ...]
    waiting: tuple[Waiting, ...]
    moved: tuple[Moved, ...]
    unsuccessful: tuple[int, ...]
    optimum: tuple[Optimum, ...]
    decided_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class CriterionSummary(Struct, frozen=True, kw_only=True):
    """A criterion with its weight in per cent, the mark for a bid (0 to 5), and why."""

    code: str
    title: str
    weight: Decimal
    mark: int
    score: Decimal
    reason: str


class LotSummary(Struct, frozen=True, kw_only=True):
    """How a bid for a lot was assessed: its place, scores and reasons, or why it was left out."""

    lot: int
    rank: int | None
    of: int
    price_score: Decimal | None
    quality_score: Decimal | None
    total: Decimal | None
    criteria: tuple[CriterionSummary, ...]
    left_out: str | None


class SummaryBody(Struct, frozen=True, kw_only=True):
    """An assessment summary (s.50(4)): the bidder's own assessment, and the winner's of each lot."""

    own: tuple[LotSummary, ...]
    winners: tuple["WinnerSummary", ...]


class WinnerSummary(Struct, frozen=True, kw_only=True):
    """Who wins of a lot, with its scores and why it got them (s.50(4)); the award notice tells its price."""

    lot: int
    supplier: str
    price_score: Decimal
    quality_score: Decimal
    total: Decimal
    criteria: tuple[CriterionSummary, ...]


class SummaryOut(Struct, frozen=True, kw_only=True):
    """An assessment summary as it was sent, of the decision of that number."""

    id: UUID
    decision: int
    bid_id: UUID
    supplier: OrganisationOut
    body: SummaryBody
    sent_at: datetime


class ChangeOut(Struct, frozen=True, kw_only=True):
    """A modification of a contract, with the rule that lets it be."""

    number: int
    description: str
    ground: str
    net_pence_before: int
    net_pence_after: int
    ends_on_before: date
    ends_on_after: date
    is_substantial: bool
    needs_notice: bool
    sentence: str
    made_at: datetime


class ContractOut(Struct, frozen=True, kw_only=True):
    """A contract. `details_due_on`: the last day for the notice UK7 (s.53), null where none is due."""

    id: UUID
    supplier: OrganisationOut
    state: ContractState
    net_pence: int
    vat_pence: int
    starts_on: date
    ends_on: date
    entered_at: datetime
    details_due_on: date | None
    ended_at: datetime | None
    ended_reason: str | None
    changes: tuple[ChangeOut, ...]
    revision: int


class CallOffOut(Struct, frozen=True, kw_only=True):
    """What a school gets and owes, frozen and ready to be ordered. `unit_price_pence` is the price reached together."""

    id: UUID
    contract_id: UUID
    procurement_id: UUID
    school: OrganisationOut
    supplier: OrganisationOut
    lot: int
    title: str
    quantity: int
    unit_price_pence: int
    net_pence: int
    levy_pence: int
    vat_basis_points: int
    vat_pence: int
    gross_pence: int
    alone_pence: int
    saves_pence: int
    budget_code: str
    frozen_at: datetime


class SchoolSaving(Struct, frozen=True, kw_only=True):
    """What a school pays and would have paid alone; `share` is the saving in per cent of that."""

    school: OrganisationOut
    net_pence: int
    alone_pence: int
    saves_pence: int
    share: Decimal


class SavingsReport(Struct, frozen=True, kw_only=True):
    """What buying together saved, school by school, against each one's price alone."""

    procurement_id: UUID
    schools: tuple[SchoolSaving, ...]
    net_pence: int
    alone_pence: int
    saves_pence: int
    share: Decimal
