"""What a listing may say: each fault is named by its field, and all are told at once."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.catalogue import PACKAGE, content

from becta.catalogue.categories import Kind
from becta.catalogue.products.rules import Phase, content_faults, content_hash

EAN13, EAN8, UPC12, GTIN14 = "4006381333931", "73513537", "036000291452", "10614141000415"


@pytest.mark.parametrize("kind", Kind)
def test_right_content_has_no_fault(kind: Kind) -> None:
    assert content_faults(kind, content(kind)) == []


@pytest.mark.parametrize(
    ("_case", "changes"),
    [
        ("a CPV code with its check digit", {"cpv_code": "30213100-6"}),
        ("GTINs of every length", {"gtins": (EAN13, EAN8, UPC12, GTIN14)}),
        ("every phase", {"phases": tuple(Phase)}),
        ("as much as fits", {"title": "t" * 300, "summary": "s" * 2_000, "description": "d" * 20_000}),
        ("as many as fit", {"features": ("f",) * 50, "attributes": {f"a{n}": "" for n in range(400)}}),
        ("500 GTINs", {"gtins": (EAN13,) * 500}),
    ],
)
def test_content_at_its_limits_has_no_fault(_case: str, changes: dict[str, Any]) -> None:
    assert content_faults(Kind.DEVICE, content(**changes)) == []


@pytest.mark.parametrize(
    ("_case", "changes", "field", "problem"),
    [
        ("no title", {"title": ""}, "title", "is empty"),
        ("a title of two letters", {"title": "ab"}, "title", "is shorter than 3 characters"),
        ("a long title", {"title": "t" * 301}, "title", "is 301 characters long"),
        ("a long summary", {"summary": "s" * 2_001}, "summary", "is 2001 characters long"),
        ("a long description", {"description": "d" * 20_001}, "description", "is 20001 characters long"),
        ("a long brand", {"brand": "b" * 121}, "brand", "is 121 characters long"),
        ("a long model", {"model": "m" * 301}, "model", "is 301 characters long"),
        ("a long part number", {"part_number": "p" * 301}, "part_number", "is 301 characters long"),
        ("controls in the summary", {"summary": "a\0"}, "summary", "holds control characters"),
        ("CPV of seven digits", {"cpv_code": "3021310"}, "cpv_code", "is not a CPV code"),
        ("CPV with two check digits", {"cpv_code": "30213100-66"}, "cpv_code", "is not a CPV code"),
        ("CPV in other digits", {"cpv_code": "٣٠٢١٣١٠٠"}, "cpv_code", "is not a CPV code"),
        ("CPV with a line after it", {"cpv_code": "30213100\n"}, "cpv_code", "is not a CPV code"),
        ("no such category", {"category": "abacuses"}, "category", "is not a category"),
        ("category of another kind", {"category": "mis"}, "category", "is a category of software, not of device"),
        ("a phase twice", {"phases": (Phase.FE, Phase.FE)}, "phases", "names a phase twice"),
        ("51 features", {"features": ("f",) * 51}, "features", "has 51 entries"),
        ("an empty feature", {"features": ("good", " ")}, "features", "is empty"),
        ("a long feature", {"features": ("f" * 301,)}, "features", "is 301 characters long"),
        ("401 attributes", {"attributes": {f"a{n}": "1" for n in range(401)}}, "attributes", "has 401 entries"),
        ("a nameless attribute", {"attributes": {" ": "1"}}, "attributes", "is empty"),
        ("a long attribute name", {"attributes": {"n" * 121: "1"}}, "attributes", "is 121 characters long"),
        ("a long attribute", {"attributes": {"Notes": "v" * 8_001}}, "attributes.Notes", "is 8001 characters long"),
        ("controls in an attribute", {"attributes": {"Notes": "\x07"}}, "attributes.Notes", "holds control characters"),
        ("501 GTINs", {"gtins": (EAN13,) * 501}, "gtins", "has 501 entries"),
        ("wrong check digit", {"gtins": ("4006381333932",)}, "gtins", "is not a valid GTIN (EAN or UPC)"),
        ("a GTIN of ten digits", {"gtins": ("4006381333",)}, "gtins", "is not a valid GTIN (EAN or UPC)"),
        ("a GTIN with hyphens", {"gtins": ("4-006381-333931",)}, "gtins", "is not a valid GTIN (EAN or UPC)"),
        ("no GTIN at all", {"gtins": ("",)}, "gtins", "is not a valid GTIN (EAN or UPC)"),
        (
            "a package on a device",
            {"connectivity": PACKAGE},
            "connectivity",
            "does not belong to a listing of kind device",
        ),
    ],
)
def test_a_fault_is_named_by_its_field(_case: str, changes: dict[str, Any], field: str, problem: str) -> None:
    faults = content_faults(Kind.DEVICE, content(**changes))

    assert [(fault.field, fault.problem) for fault in faults] == [(field, problem)]


def test_a_connectivity_listing_states_its_package() -> None:
    (fault,) = content_faults(Kind.CONNECTIVITY, content(Kind.CONNECTIVITY, connectivity=None))

    assert (fault.field, fault.problem) == ("connectivity", "is missing")
    assert fault.mend == "state access type, download and upload speed and term of the package"


def test_faults_of_the_package_are_told_with_the_listings_own() -> None:
    slow = msgspec.structs.replace(PACKAGE, download_mbps=0, term_months=0)
    faults = content_faults(Kind.CONNECTIVITY, content(Kind.CONNECTIVITY, title="", connectivity=slow))

    assert [fault.field for fault in faults] == ["title", "connectivity.download_mbps", "connectivity.term_months"]


def test_all_faults_are_told_at_once() -> None:
    wrong = content(
        title="",
        summary="s" * 2_001,
        cpv_code="laptop",
        category="abacuses",
        phases=(Phase.FE, Phase.FE),
        gtins=("1", "2"),
        connectivity=PACKAGE,
    )

    assert [fault.field for fault in content_faults(Kind.DEVICE, wrong)] == [
        "title",
        "summary",
        "cpv_code",
        "category",
        "phases",
        "gtins",
        "gtins",
        "connectivity",
    ]


def test_the_categories_to_choose_from_are_those_of_the_kind() -> None:
    (fault,) = content_faults(Kind.CONNECTIVITY, content(Kind.CONNECTIVITY, category="fibre"))

    assert (fault.value, fault.mend) == (
        "fibre",
        "choose one of backup-connections, full-fibre-broadband, leased-lines, mobile-broadband, other-connectivity",
    )


attributes = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=6)


@given(attributes, st.randoms(use_true_random=False))
def test_the_order_of_attributes_changes_nothing_a_buyer_sees(held: dict[str, str], random: Any) -> None:
    shuffled = list(held.items())
    random.shuffle(shuffled)

    assert content_hash(content(attributes=dict(shuffled))) == content_hash(content(attributes=held))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Larch Chromebook 12"},
        {"features": ("b", "a")},
        {"phases": (Phase.PRIMARY,)},
        {"attributes": {"Colour": "red"}},
        {"gtins": (EAN13,)},
    ],
)
def test_whatever_a_buyer_sees_changes_the_hash(changes: dict[str, Any]) -> None:
    assert content_hash(content(**changes)) != content_hash(content(features=("a", "b")))
