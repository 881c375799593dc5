"""Which change of a weight would change who wins: the smallest one up and down, for the price and each criterion.

When one weight moves the others keep their proportions to one another, and everything is ranked anew, rounding and tie
rule included, as if the tender had been published so. Weights move in steps of a tenth of a per cent point.
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from uuid import UUID

from msgspec import Struct

from becta.market.evaluation.pricing import PriceFormula, price_shares
from becta.market.evaluation.ranking import Weights, judged_price, rank, ranked_with, weights_of
from becta.market.evaluation.record import SCALE, EvaluationRecord, RecordedBid

STEPS = 10
"""How many steps a per cent point has."""
_WHOLE = 100 * STEPS
_ROUNDING = Fraction(1, 10_000)
"""Two rounded scores are at most this much further apart than the exact ones."""


class Turn(Struct, frozen=True, kw_only=True):
    """A weight from which on another bid would win, how far that is from the published one, and which bid."""

    weight: Decimal
    change: Decimal
    winner_id: UUID
    supplier: str


class WeightSensitivity(Struct, frozen=True, kw_only=True):
    """How far a weight can move: `component` is a criterion's code or "price". None: no such change to 0 or 100."""

    component: str
    weight: Decimal
    lower: Turn | None
    higher: Turn | None


def sensitivity(record: EvaluationRecord) -> tuple[WeightSensitivity, ...]:
    """For the price and every criterion the nearest weights that change the winner; raises Invalid as `rank` does.

    Empty with fewer than two bids: there is nobody else to win. The price has no weight in a price per quality point.
    """
    found = rank(record)
    if len(found.ranked) < 2:
        return ()
    places = {one.bid_id for one in found.ranked}
    standing = [bid for bid in record.bids if bid.id in places]
    codes: list[str | None] = [None] if record.price_formula is not PriceFormula.PRICE_PER_QUALITY_POINT else []
    codes += [one.code for one in record.criteria]
    return tuple(_component(_Trial(record, standing, code, found.ranked[0].bid_id)) for code in codes)


class _Trial:
    """One weight moved while the others keep their proportions."""

    def __init__(
        self, record: EvaluationRecord, standing: list[RecordedBid], code: str | None, winner_id: UUID
    ) -> None:
        self.record, self.standing, self.code, self.winner_id = record, standing, code, winner_id
        self.published = weights_of(record)
        self.now = self.published[code]
        self.published_weight = Decimal(self.now.numerator) / self.now.denominator
        self.margins = self._margins() if self.now != 100 else []

    def weights(self, moved: Fraction) -> dict[str | None, Fraction]:
        """The weights with this one moved."""
        rest = 100 - self.now
        return {
            code: moved if code == self.code else weight * (100 - moved) / rest
            for code, weight in self.published.items()
        }

    def turn(self, step: int) -> Turn | None:
        """The other winner with the weight at so many steps; None if it is still the same."""
        first = ranked_with(self.record, self.standing, self.weights(Fraction(step, STEPS)))[0]
        if first.bid_id == self.winner_id:
            return None
        weight = Decimal(step) / STEPS
        return Turn(
            weight=weight, change=weight - self.published_weight, winner_id=first.bid_id, supplier=first.supplier
        )

    def may_turn(self, step: int) -> bool:
        """Whether another bid could win at so many steps, by the exact scores and the most that rounding does."""
        return any(start + slope * step <= slack for start, slope, slack in self.margins)

    def _margins(self) -> list[tuple[Fraction, Fraction, Fraction]]:
        """By how much the winner leads each other bid: a straight line over the steps, and the slack of rounding."""
        prices = [judged_price(self.record, bid) for bid in self.standing]
        at_ends = [self._points(self.weights(Fraction(end)), prices) for end in (0, 100)]
        own = next(place for place, bid in enumerate(self.standing) if bid.id == self.winner_id)
        slack = (len(self.published) + 1) * _ROUNDING
        lines = []
        for place, bid in enumerate(self.standing):
            if _is_same(bid, self.standing[own]):
                continue
            if self.record.price_formula is PriceFormula.PRICE_PER_QUALITY_POINT:
                # price of the other x points of the winner, less price of the winner x points of the other
                start, end = (prices[place] * points[own] - prices[own] * points[place] for points in at_ends)
                lines.append((start, (end - start) / _WHOLE, slack * (prices[place] + prices[own] + 101 * 101)))
            else:
                start, end = (points[own] - points[place] for points in at_ends)
                lines.append((start, (end - start) / _WHOLE, slack))
        return lines

    def _points(self, weights: Weights, prices: list[int]) -> list[Fraction]:
        """The total of each bid, not rounded."""
        shares = price_shares(self.record.price_formula, prices, self.record.baseline)
        return [
            weights[None] * share
            + sum(weights[one.code] * Fraction(bid.scores[one.code], SCALE) for one in self.record.criteria)
            for bid, share in zip(self.standing, shares, strict=True)
        ]


def _is_same(bid: RecordedBid, winner: RecordedBid) -> bool:
    """Whether nothing but the lot tells a bid from the winner, whatever the weights; true of the winner itself."""
    return (bid.price_ex_vat_pence, bid.price_inc_vat_pence, bid.scores) == (
        winner.price_ex_vat_pence,
        winner.price_inc_vat_pence,
        winner.scores,
    )


def _component(trial: _Trial) -> WeightSensitivity:
    now = trial.now * STEPS
    return WeightSensitivity(
        component="price" if trial.code is None else trial.code,
        weight=trial.published_weight,
        lower=_first(trial, range(ceil(now) - 1, -1, -1)),
        higher=_first(trial, range(floor(now) + 1, _WHOLE + 1)),
    )


def _first(trial: _Trial, steps: range) -> Turn | None:
    return next((turn for step in steps if trial.may_turn(step) and (turn := trial.turn(step))), None)
