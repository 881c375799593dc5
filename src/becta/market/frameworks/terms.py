"""Frameworks and applications as they are sent. Money is integer pence; a framework's value includes VAT."""

from datetime import date, datetime

from msgspec import Struct

from becta.market.frameworks.declarations import Answer, Question
from becta.market.frameworks.entitlement import EntitledBuyers
from becta.market.frameworks.rules import Method
from becta.market.frameworks.scoring import AwardCriterion, SelectionCriterion


class NewLot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lot: what is bought under it and how contracts are called off.

    `core_terms` and `mechanism` are needed for award without competition among several suppliers (s.45(4)(b)).
    `max_suppliers` null takes all that are admitted.
    """

    number: int
    title: str
    category: str
    method: Method
    description: str = ""
    core_terms: str = ""
    mechanism: str = ""
    max_suppliers: int | None = None


class FrameworkTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a framework says (Procurement Act 2023 s.45(5)).

    `estimated_value_pence` is the sum of all call-offs, VAT included; `levy_basis_points` of a call-off's value is
    what a supplier pays. `asks_exclusion_grounds` puts the questions about Schedules 6 and 7 before `questions`.
    """

    reference: str
    title: str
    description: str
    cpv_codes: tuple[str, ...]
    price_mechanism: str
    starts_on: date
    ends_on: date
    estimated_value_pence: int
    entitled: EntitledBuyers
    lots: tuple[NewLot, ...]
    standard_terms: str
    is_open_framework: bool = False
    is_light_touch: bool = False
    long_term_reason: str | None = None
    levy_basis_points: int = 0
    selection_criteria: tuple[SelectionCriterion, ...] = ()
    award_criteria: tuple[AwardCriterion, ...] = ()
    asks_exclusion_grounds: bool = True
    questions: tuple[Question, ...] = ()


class NewFramework(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A framework to set up for an authority: `operator`, or a trust that buys for others (`trust:2044`), s.1(4)."""

    authority: str
    terms: FrameworkTerms


class Opening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when suppliers may apply; fewer than 25 days need a reason, such as urgency (s.54)."""

    closes_at: datetime
    short_period_reason: str | None = None


class Extension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A later deadline for everybody, and why, which is published with it."""

    closes_at: datetime
    reason: str


class Response(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a supplier says to a selection or award criterion."""

    criterion: str
    text: str


class ApplicationTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a supplier says for a lot.

    `share_code` opens its information on the central digital platform (Procurement Regulations 2024 reg. 6).
    """

    answers: tuple[Answer, ...] = ()
    responses: tuple[Response, ...] = ()
    share_code: str = ""


class NewApplication(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An application to start for a supplier (`supplier:<id>`)."""

    supplier: str
    terms: ApplicationTerms = ApplicationTerms()


class Submission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The supplier accepts the standard terms with this hash."""

    terms_sha256: str
