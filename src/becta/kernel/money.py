"""Money is integer pence; VAT rates are basis points (2000 is 20 %)."""

from decimal import ROUND_HALF_UP, Decimal

STANDARD_VAT = 2000
"""Standard rate of VAT, Value Added Tax Act 1994 s.2."""

MAX_PENCE = 10**13
"""Largest amount accepted (100 billion pounds): beyond it a typing error is certain."""


def pounds(pence: int) -> str:
    """Whole pence as pounds: 123456 is "£1,234.56"."""
    whole, part = divmod(abs(pence), 100)
    return f"{'-' if pence < 0 else ''}£{whole:,}.{part:02d}"


def vat_pence(net_pence: int, basis_points: int) -> int:
    """VAT in pence on an ex VAT amount in pence, half a penny rounded up."""
    exact = Decimal(net_pence) * basis_points / 10_000
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
