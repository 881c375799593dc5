from datetime import UTC, date, datetime

import pytest

from becta.market.web import formats


@pytest.mark.parametrize(
    ("_case", "pence", "words"),
    [
        ("pence and thousands", 123456, "£1,234.56"),
        ("whole pounds keep their pence", 123400, "£1,234.00"),
        ("under a pound", 5, "£0.05"),
        ("nothing", 0, "£0.00"),
        ("millions", 123456789, "£1,234,567.89"),
        ("owed", -150, "-£1.50"),
    ],
)
def test_pounds(_case: str, pence: int, words: str) -> None:
    assert formats.pounds(pence) == words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("each", "each"),
        ("per_pupil_per_year", "per pupil per year"),
        ("per_user_per_year", "per user per year"),
        ("per_device_per_year", "per device per year"),
        ("per_site_per_year", "per site per year"),
        ("per_site_per_month", "per site per month"),
        ("per_month", "per month"),
        ("per_day", "per day"),
        ("one_off", "one-off"),
        ("per_class_per_term", "per class per term"),
    ],
)
def test_unit_words(code: str, words: str) -> None:
    assert formats.unit_words(code) == words


@pytest.mark.parametrize(
    ("code", "words", "tag"),
    [
        ("certified", "Certified", "govuk-tag--green"),
        ("tested_by_us", "Tested by us", "govuk-tag--blue"),
        ("self_declared", "Self-declared", "govuk-tag--grey"),
        ("peer_reviewed", "Peer reviewed", "govuk-tag--grey"),
    ],
)
def test_levels(code: str, words: str, tag: str) -> None:
    assert (formats.level_words(code), formats.level_tag(code)) == (words, tag)


@pytest.mark.parametrize(
    ("code", "words", "tag"),
    [
        ("valid", "Valid", "govuk-tag--green"),
        ("expiring", "Expires soon", "govuk-tag--yellow"),
        ("expired", "Expired", "govuk-tag--red"),
        ("on_hold", "On hold", "govuk-tag--grey"),
    ],
)
def test_states(code: str, words: str, tag: str) -> None:
    assert (formats.state_words(code), formats.state_tag(code)) == (words, tag)


@pytest.mark.parametrize(
    ("_case", "value", "words"),
    [
        ("date", date(2026, 11, 22), "22 November 2026"),
        ("winter instant", datetime(2026, 11, 22, 23, 59, tzinfo=UTC), "22 November 2026"),
        ("summer instant is the next day in London", datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "1 July 2026"),
    ],
)
def test_london_date(_case: str, value: date, words: str) -> None:
    assert formats.london_date(value) == words


def test_london_date_refuses_an_instant_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        formats.london_date(datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("_case", "text", "markup"),
    [
        ("marks stay", "a <mark>b</mark> &amp; c", "a <mark>b</mark> &amp; c"),
        ("other tags are shown", "<mark>a</mark><script>x</script>", "<mark>a</mark>&lt;script&gt;x&lt;/script&gt;"),
        ("escaped once only", "&lt;b&gt; <mark>x</mark>", "&lt;b&gt; <mark>x</mark>"),
        ("a mark with attributes is no mark", '<mark onclick="x">a</mark>', "&lt;mark onclick=&#34;x&#34;&gt;a"),
        ("unbalanced marks are dropped", "a <mark>b", "a b"),
        ("closed before opened", "</mark>a<mark>", "a"),
        ("plain", "a", "a"),
    ],
)
def test_marked(_case: str, text: str, markup: str) -> None:
    assert str(formats.marked(text)) == markup


@pytest.mark.parametrize(
    ("href", "safe"),
    [
        ("/products/1", "/products/1"),
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("?q=1", "?q=1"),
        ("javascript:alert(1)", "#"),
        (" javascript:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ("//example.org", "#"),
        ("/\\example.org", "#"),
        ("", "#"),
    ],
)
def test_safe_href(href: str, safe: str) -> None:
    assert formats.safe_href(href) == safe


@pytest.mark.parametrize(("number", "words"), [(0, "0 products"), (1, "1 product"), (1234, "1,234 products")])
def test_count_of(number: int, words: str) -> None:
    assert formats.count_of(number, "product") == words


def test_words_of_counts_and_conditions() -> None:
    assert formats.count_of(2, "category", "categories") == "2 categories"
    assert formats.thousands(1234567) == "1,234,567"
    assert formats.condition_words("remanufactured") == "Remanufactured"
