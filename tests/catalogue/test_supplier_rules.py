"""Suppliers' identifiers have the forms their registrars print, and contacts can be reached."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.catalogue.suppliers.rules import (
    Contact,
    ContactPurpose,
    SupplierDetails,
    short_name,
    supplier_faults,
    supplier_reference_faults,
)


def details(**changes: Any) -> SupplierDetails:
    return SupplierDetails(**{"name": "Larch Technology", **changes})


def contact(**changes: Any) -> Contact:
    return Contact(
        **{"purpose": ContactPurpose.SALES, "name": "Schools desk", "email": "schools@larch.example", **changes}
    )


def told(faulty: SupplierDetails) -> list[tuple[str, str]]:
    return [(fault.field, fault.problem) for fault in supplier_faults(faulty)]


@pytest.mark.parametrize(
    ("_case", "changes"),
    [
        ("a company of England and Wales", {"companies_house_number": "01234567"}),
        ("a company of Scotland", {"companies_house_number": "SC123456"}),
        ("a company of Northern Ireland", {"companies_house_number": "NI012345"}),
        ("a limited liability partnership", {"companies_house_number": "OC301234"}),
        ("a registered society", {"companies_house_number": "RS001234"}),
        ("a PPON", {"ppon": "PBCP-5168-ZDGP"}),
        ("a VAT number of nine digits", {"vat_number": "980780684"}),
        ("with GB and blanks", {"vat_number": "GB 980 7806 84"}),
        ("a branch trader's twelve digits", {"vat_number": "GB980780684001"}),
        ("a government department's", {"vat_number": "GD001"}),
        ("a health authority's", {"vat_number": "HA599"}),
        ("a website", {"website": "https://larch.example/schools?x=1"}),
        ("a contact by phone too", {"contacts": (contact(telephone="+44 (0)113 496 0000"),)}),
        ("20 contacts", {"contacts": (contact(),) * 20}),
    ],
)
def test_right_details_have_no_fault(_case: str, changes: dict[str, Any]) -> None:
    assert supplier_faults(details(**changes)) == []


FORM = "is not of the right form"


@pytest.mark.parametrize(
    ("_case", "changes", "field", "problem"),
    [
        ("a name of one letter", {"name": "L"}, "name", "is shorter than 2 characters"),
        ("a long name", {"name": "L" * 161}, "name", "is 161 characters long"),
        ("a long legal name", {"legal_name": "L" * 161}, "legal_name", "is 161 characters long"),
        ("a long summary", {"summary": "s" * 2_001}, "summary", "is 2001 characters long"),
        ("a long town", {"town": "t" * 81}, "town", "is 81 characters long"),
        ("a company number of seven digits", {"companies_house_number": "1234567"}, "companies_house_number", FORM),
        ("letters nobody registers under", {"companies_house_number": "ZZ123456"}, "companies_house_number", FORM),
        ("letters in lower case", {"companies_house_number": "sc123456"}, "companies_house_number", FORM),
        ("other digits", {"companies_house_number": "٠١٢٣٤٥٦٧"}, "companies_house_number", FORM),
        ("an empty company number", {"companies_house_number": ""}, "companies_house_number", FORM),
        ("a PPON without hyphens", {"ppon": "PBCP5168ZDGP"}, "ppon", FORM),
        ("a PPON with its scheme", {"ppon": "GB-PPON-PBCP-5168-ZDGP"}, "ppon", FORM),
        ("a wrong VAT check digit", {"vat_number": "980780685"}, "vat_number", "is not a UK VAT number"),
        ("a VAT number of another country", {"vat_number": "DE136695976"}, "vat_number", "is not a UK VAT number"),
        (
            "blanks beyond what is kept",
            {"vat_number": "GB 9 8 0 7 8 0 6 8 4"},
            "vat_number",
            "is not a UK VAT number",
        ),
        ("an empty VAT number", {"vat_number": ""}, "vat_number", "is not a UK VAT number"),
        ("a website without a scheme", {"website": "larch.example"}, "website", FORM),
        ("a script for a website", {"website": "javascript:alert(1)//a.b"}, "website", FORM),
        ("a website with a blank", {"website": "https://larch.example/a b"}, "website", FORM),
        ("a website with NUL", {"website": "https://larch.example/\0"}, "website", FORM),
        ("a long website", {"website": "https://larch.example/" + "x" * 240}, "website", FORM),
        ("21 contacts", {"contacts": (contact(),) * 21}, "contacts", "has more than 20 entries"),
        ("a nameless contact", {"contacts": (contact(name=""),)}, "contacts.0.name", "is empty"),
        ("an address without a dot", {"contacts": (contact(email="a@b"),)}, "contacts.0.email", FORM),
        ("two addresses", {"contacts": (contact(email="a@b.example, c@d.example"),)}, "contacts.0.email", FORM),
        (
            "the second contact's telephone",
            {"contacts": (contact(), contact(telephone="ask reception"))},
            "contacts.1.telephone",
            FORM,
        ),
    ],
)
def test_a_fault_is_named_by_its_field(_case: str, changes: dict[str, Any], field: str, problem: str) -> None:
    assert told(details(**changes)) == [(field, problem)]


def test_all_faults_are_told_at_once() -> None:
    wrong = details(
        name="", companies_house_number="x", ppon="x", website="x", vat_number="x", contacts=(contact(email=""),)
    )

    assert [field for field, _ in told(wrong)] == [
        "name",
        "companies_house_number",
        "ppon",
        "website",
        "vat_number",
        "contacts.0.email",
    ]


VAT_REMAINDERS = {0, 42, 55}
"""Of the weighted sum by 97: the oldest series, "97-55", and the one opened after both."""


@given(st.integers(100_0000, 999_9999), st.integers(0, 96))
def test_a_vat_number_is_right_exactly_when_its_check_digits_are(seven: int, check: int) -> None:
    weighted = sum(weight * int(digit) for weight, digit in zip(range(8, 1, -1), str(seven), strict=True))

    faults = supplier_faults(details(vat_number=f"{seven}{check:02}"))

    assert (faults == []) is ((weighted + check) % 97 in VAT_REMAINDERS)


@pytest.mark.parametrize(
    ("reference", "right"),
    [
        ("larch", True),
        ("larch-technology-2", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("Larch", False),
        ("larch technology", False),
        ("-larch", False),
        ("larch--tech", False),
        ("lärch", False),
        ("larch\n", False),
    ],
)
def test_a_suppliers_reference_is_a_short_name(reference: str, *, right: bool) -> None:
    assert [(fault.field, fault.problem) for fault in supplier_reference_faults(reference)] == (
        [] if right else [("reference", "is not a short name")]
    )


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("TP-LINK", "tp-link"),
        ("Hewlett Packard  Enterprise", "hewlett-packard-enterprise"),
        ("Pokémon & Søn", "pokemon-sn"),
        ("3M™", "3mtm"),
        ("华为", ""),
    ],
)
def test_a_short_name_is_made_from_a_name(name: str, short: str) -> None:
    assert short_name(name) == short


@given(st.text())
def test_a_short_name_is_a_reference_or_nothing(name: str) -> None:
    short = short_name(name)

    assert short == "" or supplier_reference_faults(short) == []
    assert short_name(short) == short
