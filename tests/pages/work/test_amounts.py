import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.market.delegation.rules import MAX_AMOUNT
from becta.market.web.work.amounts import pence_of

AMOUNTS = st.integers(min_value=1, max_value=MAX_AMOUNT)


@given(AMOUNTS)
def test_an_amount_written_in_any_usual_way_is_read_to_the_penny(pence: int) -> None:
    pounds, pennies = divmod(pence, 100)
    for written in (
        f"{pounds}.{pennies:02d}",
        f"{pounds:,}.{pennies:02d}",
        f"£{pounds:,}.{pennies:02d}",
        f"  £ {pounds}.{pennies:02d} ",
    ):
        assert pence_of(written) == pence


@given(st.text())
def test_whatever_is_typed_it_is_an_amount_in_range_or_nothing(typed: str) -> None:
    pence = pence_of(typed)
    assert pence is None or 1 <= pence <= MAX_AMOUNT


@given(st.integers(min_value=1, max_value=MAX_AMOUNT // 100))
def test_pence_may_be_left_out(pounds: int) -> None:
    assert pence_of(str(pounds)) == pounds * 100


@pytest.mark.parametrize("typed", ["0", "£0.00"])
def test_nothing_is_an_amount_where_it_may_be(typed: str) -> None:
    assert pence_of(typed, at_least=0) == 0
    assert pence_of("", at_least=0) is None


@pytest.mark.parametrize(("typed", "pence"), [("£1200.5", 120_050), ("1,200.50", 120_050), ("0.01", 1), ("007", 700)])
def test_amounts_people_type(typed: str, pence: int) -> None:
    assert pence_of(typed) == pence


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "£", "0", "0.00", "-5", "+5", "1,50", "1,2000", "12,00.50", "1.234", "1.2.3", "1 200", "1e3", "½", "٣",
        "twelve", "£12 or so", "10000000000.01", "1\n2", "12.", "$5",
    ],
)  # fmt: skip
def test_anything_else_is_no_amount(typed: str) -> None:
    assert pence_of(typed) is None
