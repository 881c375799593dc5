"""The published price formulas (none is statutory; Procurement Act 2023 s.23(3)(a) wants the one used to be published).

Each gives the share of the price weight that a bid earns, as an exact fraction from 0 to 1. Prices are integer pence.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct

PLACES = 4
"""Scores are rounded to this many decimal places, half up, before they are added."""
_UNIT = 10**PLACES


class PriceFormula(StrEnum):
    """How a price becomes a score."""

    RELATIVE = "relative"
    LINEAR = "linear"
    AVERAGE = "average"
    BASELINE = "baseline"
    PRICE_PER_QUALITY_POINT = "price_per_quality_point"


class FormulaSheet(Struct, frozen=True, kw_only=True):
    """What is published of a formula: W is the price weight, P a bid's price. `depends_on_others`: see `weakness`."""

    formula: PriceFormula
    name: str
    expression: str
    sentence: str
    weakness: str
    depends_on_others: bool


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices in pence published with the tender: at `base_pence` or less the full weight, from `ceiling_pence` on 0."""

    base_pence: int = 0
    ceiling_pence: int


SHEETS: dict[PriceFormula, FormulaSheet] = {
    sheet.formula: sheet
    for sheet in (
        FormulaSheet(
            formula=PriceFormula.RELATIVE,
            name="Lowest price divided by price",
            expression="W x Pmin / P",
            sentence="The lowest price earns the full weight; one twice as high earns half of it.",
            weakness="Scores hang on the lowest bid: when it is excluded, the order of the others can turn round.",
            depends_on_others=True,
        ),
        FormulaSheet(
            formula=PriceFormula.LINEAR,
            name="Linear above the lowest price",
            expression="W x max(0, 1 - (P - Pmin) / Pmin)",
            sentence="The lowest price earns the full weight; one twice as high or more earns nothing.",
            weakness="Scores hang on the lowest bid, and all prices from twice the lowest on look the same.",
            depends_on_others=True,
        ),
        FormulaSheet(
            formula=PriceFormula.AVERAGE,
            name="Distance from the average price",
            expression="W x max(0, 1 - P / (2 x Pmean))",
            sentence="The average price earns half the weight, twice the average nothing.",
            weakness="One very high or very low bid moves the average, so it can turn round the order of the others.",
            depends_on_others=True,
        ),
        FormulaSheet(
            formula=PriceFormula.BASELINE,
            name="Published baseline",
            expression="W x (1 - (P - Pbase) / (Pceiling - Pbase)), from 0 to W",
            sentence="The weight falls evenly from a base price to a ceiling, both published before anybody bids.",
            weakness="The buyer must know the market: prices below the base or above the ceiling are not told apart.",
            depends_on_others=False,
        ),
        FormulaSheet(
            formula=PriceFormula.PRICE_PER_QUALITY_POINT,
            name="Price per quality point",
            expression="P / Q, the lowest wins",
            sentence="Each price is divided by the quality points of its bid (0 to 100), and the lowest figure wins.",
            weakness="A very cheap bid can win with little quality.",
            depends_on_others=False,
        ),
    )
}
"""Every formula there is, with what to know before choosing it."""


def price_shares(formula: PriceFormula, prices: Sequence[int], baseline: Baseline | None = None) -> list[Fraction]:
    """The share of the price weight each price earns, 0 to 1; with a price per quality point there is none: all 0.

    Raises ValueError for a negative price, and for a baseline that is wanted and missing or upside down.
    """
    if any(price < 0 for price in prices):
        raise ValueError("a price below zero")
    if formula is PriceFormula.BASELINE:
        if baseline is None or not 0 <= baseline.base_pence < baseline.ceiling_pence:
            raise ValueError("a baseline needs a base below its ceiling")
        width = baseline.ceiling_pence - baseline.base_pence
        return [_clamped(1 - Fraction(price - baseline.base_pence, width)) for price in prices]
    if not prices or formula is PriceFormula.PRICE_PER_QUALITY_POINT:
        return [Fraction(0)] * len(prices)
    return [_AGAINST_OTHERS[formula](price, prices) for price in prices]


def price_per_point(price_pence: int, quality: Fraction | Decimal) -> Decimal | None:
    """Pence per quality point, rounded as scores are; None for a bid without a single point, which comes last."""
    return None if quality <= 0 else rounded(Fraction(price_pence) / Fraction(quality))


def rounded(value: Fraction) -> Decimal:
    """A fraction as a Decimal of four places, half a unit rounded up; it must not be negative."""
    return Decimal((value * _UNIT + Fraction(1, 2)).__floor__()).scaleb(-PLACES)


def looks_abnormally_low(price: int, others: Sequence[int], *, below_percent: int = 20) -> bool:
    """Whether a price is so far below the mean of the *other* bids that its supplier should be asked to explain.

    Only a prompt: the Act gives no figure, and nobody is left out before they could explain (s.19(4)-(5)).
    """
    return bool(others) and price * len(others) * 100 < sum(others) * (100 - below_percent)


def _clamped(share: Fraction) -> Fraction:
    return max(Fraction(0), min(Fraction(1), share))


def _relative(price: int, prices: Sequence[int]) -> Fraction:
    return Fraction(min(prices), price) if price else Fraction(1)


def _linear(price: int, prices: Sequence[int]) -> Fraction:
    lowest = min(prices)
    if lowest == 0:
        return Fraction(int(price == 0))
    return _clamped(1 - Fraction(price - lowest, lowest))


def _average(price: int, prices: Sequence[int]) -> Fraction:
    total = sum(prices)
    return _clamped(1 - Fraction(price * len(prices), 2 * total)) if total else Fraction(1, 2)


_AGAINST_OTHERS: dict[PriceFormula, Callable[[int, Sequence[int]], Fraction]] = {
    PriceFormula.RELATIVE: _relative,
    PriceFormula.LINEAR: _linear,
    PriceFormula.AVERAGE: _average,
}
