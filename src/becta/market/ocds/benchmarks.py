"""What others paid: how awarded values of a kind of thing are spread. Exact pence, no value that nobody awarded."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

FEWEST = 3
"""With fewer awards a distribution would tell one buyer's price, or nothing."""


class Spread(Struct, frozen=True, kw_only=True):
    """Least, quartiles and most of awarded values in pence."""

    least_pence: int
    lower_quartile_pence: int
    median_pence: int
    upper_quartile_pence: int
    most_pence: int


def spread(values: Sequence[int]) -> Spread | None:
    """How values are spread, None if there are fewer than three.

    Quartiles by linear interpolation between neighbours (Hyndman and Fan's type 7), half a penny rounded up.
    """
    if len(values) < FEWEST:
        return None
    ordered = sorted(values)
    least, lower, median, upper, most = (_quantile(ordered, quarter) for quarter in range(5))
    return Spread(
        least_pence=least,
        lower_quartile_pence=lower,
        median_pence=median,
        upper_quartile_pence=upper,
        most_pence=most,
    )


def _quantile(ordered: Sequence[int], quarter: int) -> int:
    whole, part = divmod((len(ordered) - 1) * quarter, 4)
    if part == 0:
        return ordered[whole]
    exact = ordered[whole] + Decimal(ordered[whole + 1] - ordered[whole]) * part / 4
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
