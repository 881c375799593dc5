"""What a procurement says before anybody bids: how bids are judged, savings shared, and lots split."""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from becta.market.evaluation.pricing import Baseline, PriceFormula
from becta.market.pledges.tiers import Tier


class Route(StrEnum):
    """How a procurement is run; the same words as the advice on routes uses."""

    FRAMEWORK_DIRECT_AWARD = "framework_direct_award"
    FRAMEWORK_FURTHER_COMPETITION = "framework_further_competition"
    THREE_QUOTES = "three_quotes"
    OPEN_PROCEDURE = "open_procedure"
    COMPETITIVE_FLEXIBLE = "competitive_flexible"


class AwardMethod(StrEnum):
    """Who may win: one supplier all lots, one supplier each lot, or several suppliers share a lot."""

    SINGLE = "single"
    PER_LOT = "per_lot"
    SPLIT = "split"


class TieRule(StrEnum):
    """What decides between bids with the same score; at the end always a lot drawn from a published seed."""

    QUALITY_THEN_PRICE = "quality_then_price"
    PRICE_THEN_QUALITY = "price_then_quality"


class CriterionKind(StrEnum):
    """Whether a criterion is met or not, or is scored from 0 to 5."""

    PASS_FAIL = "pass_fail"  # noqa: S105 - no password
    QUALITY = "quality"


class Criterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An award criterion (Procurement Act 2023 s.23): `weight` in per cent for quality, None for pass or fail."""

    code: str
    title: str
    kind: CriterionKind
    weight: Decimal | None = None
    guidance: str = ""


MOVING_SENTENCE = (
    "A school that gets nothing of the lot it pledged to may buy of this one, if it named it, from who wins it, within"
    " its own ceiling and as far as that supplier can supply; bids are judged without counting on it."
)
"""What is published of procurements of several lots, see `awards/moving.py`."""


class LotTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is published of a lot: what is wanted, and how bids for it are judged.

    `price_weight` and the criteria's weights are per cent and sum to 100. `quantity` is what is asked for where no
    school pledges. `tiers` are prices that are known already,
    say of a framework, for the tier curve while schools pledge. `alone_price_pence` is what a school pays today.
    """

    title: str
    description: str
    category: str
    cpv: str
    unit: str = "unit"
    quantity: int | None = None
    criteria: tuple[Criterion, ...] = ()
    price_weight: Decimal = Decimal(100)
    price_formula: PriceFormula = PriceFormula.RELATIVE
    baseline: Baseline | None = None
    tie_rule: TieRule = TieRule.QUALITY_THEN_PRICE
    badges: tuple[str, ...] = ()
    supported_until: str | None = None
    tiers: tuple[Tier, ...] = ()
    alone_price_pence: int | None = None
    vat_basis_points: int = 2000
    max_suppliers: int | None = None
    term_months: int | None = None
