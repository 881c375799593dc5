"""Every product has one category of its kind; where none is given, the CPV code tells it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.catalogue.categories import Kind, categories, category_for


@pytest.mark.parametrize(
    ("_case", "kind", "cpv_code", "category"),
    [
        ("the longest prefix wins", Kind.DEVICE, "32421000", "cabling"),
        ("a shorter prefix beside it", Kind.DEVICE, "32420000", "networking"),
        ("with its check digit", Kind.DEVICE, "30213100-6", "laptops"),
        ("the first of two equal prefixes", Kind.SOFTWARE, "48931000", "learning-platforms"),
        ("only a catch-all matches", Kind.SOFTWARE, "48999999", "other-software"),
        ("the same code under another kind", Kind.CONNECTIVITY, "72400000", "full-fibre-broadband"),
        ("a code of another kind", Kind.SERVICE, "48190000", "other-services"),
        ("no code at all", Kind.DEVICE, "", "other-devices"),
        ("a code that is none", Kind.CONNECTIVITY, "broadband", "other-connectivity"),
        ("repair of computers", Kind.SERVICE, "50312000", "repair-and-maintenance"),
    ],
)
def test_the_category_follows_from_kind_and_cpv_code(_case: str, kind: Kind, cpv_code: str, category: str) -> None:
    assert category_for(kind, cpv_code) == category


@given(st.sampled_from(Kind), st.one_of(st.text(max_size=12), st.from_regex(r"\d{8}(-\d)?", fullmatch=True)))
def test_every_code_leads_to_a_category_of_the_kind(kind: Kind, cpv_code: str) -> None:
    assert categories()[category_for(kind, cpv_code)].kind is kind


def test_every_kind_ends_with_the_category_for_the_rest() -> None:
    last = {category.kind: category.code for category in categories().values()}

    assert last == {
        Kind.SOFTWARE: "other-software",
        Kind.DEVICE: "other-devices",
        Kind.CONNECTIVITY: "other-connectivity",
        Kind.SERVICE: "other-services",
    }


def test_codes_are_short_names_and_prefixes_are_digits() -> None:
    for code, category in categories().items():
        assert code == category.code
        assert code.replace("-", "").isalpha()
        assert code == code.lower()
        assert all(prefix.isdigit() and 1 <= len(prefix) <= 8 for prefix in category.cpv)
