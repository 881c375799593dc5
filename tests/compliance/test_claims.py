"""What a claim must say; each fault is named by its field, and all are told at once."""

from datetime import date
from typing import Any

import pytest

from becta.compliance.badges.rules import BadgeClaim, Level, claim_faults
from becta.compliance.standards.registry import Holder, standards

CYBER: dict[str, Any] = {
    "standard": "cyber-essentials",
    "standard_version": "Willow",
    "level": Level.CERTIFIED,
    "issued_on": date(2026, 3, 1),
    "expires_on": date(2027, 3, 1),
    "certificate_reference": "6d3b0c1e",
    "evidence_url": "https://registry.example/6d3b0c1e",
}
LTI: dict[str, Any] = {**CYBER, "standard": "lti", "standard_version": "1.3", "role": "Tool"}


def claim(base: dict[str, Any] = CYBER, **changes: Any) -> BadgeClaim:
    return BadgeClaim(**{**base, **changes})


def told(faulty: BadgeClaim, holder: Holder = Holder.SUPPLIER) -> list[tuple[str, str]]:
    return [(fault.field, fault.problem) for fault in claim_faults(faulty, holder)]


@pytest.mark.parametrize(
    ("_case", "right", "holder"),
    [
        ("a supplier's certificate", claim(), Holder.SUPPLIER),
        ("a product's, in a role", claim(LTI), Holder.PRODUCT),
        ("described rather than linked", claim(evidence_url="", evidence_note="shown at our office"), Holder.SUPPLIER),
        (
            "self-declared, without a certificate",
            claim(level="self_declared", certificate_reference=""),
            Holder.SUPPLIER,
        ),
        (
            "of a standard whose certificates have no fixed life",
            claim(standard="wcag", standard_version="2.2", expires_on=None),
            Holder.PRODUCT,
        ),
        ("for a single day", claim(expires_on=date(2026, 3, 2)), Holder.SUPPLIER),
        ("from the first day taken", claim(issued_on=date(1970, 1, 1), expires_on=date(1971, 1, 1)), Holder.SUPPLIER),
    ],
)
def test_a_right_claim_has_no_fault(_case: str, right: BadgeClaim, holder: Holder) -> None:
    assert claim_faults(right, holder) == []


@pytest.mark.parametrize(
    ("_case", "changes", "field", "problem"),
    [
        ("no such standard", {"standard": "iso-9001"}, "standard", "is not a standard we know"),
        ("another version", {"standard_version": "Beacon"}, "standard_version", "is not a version of Cyber Essentials"),
        ("a role where there is none", {"role": "Tool"}, "role", "is not a role of Cyber Essentials"),
        ("no end where certificates have one", {"expires_on": None}, "expires_on", "is missing"),
        (
            "an end before its day of issue",
            {"expires_on": date(2026, 2, 28)},
            "expires_on",
            "is not after the day of issue",
        ),
        (
            "an end later than the standard lasts",
            {"expires_on": date(2027, 3, 3)},
            "expires_on",
            "is later than Cyber Essentials lasts",
        ),
        ("an end on its day of issue", {"expires_on": date(2026, 3, 1)}, "expires_on", "is not after the day of issue"),
        (
            "a day before all standards",
            {"issued_on": date(1969, 12, 31), "expires_on": date(1970, 12, 31)},
            "issued_on",
            "is before 1970",
        ),
        (
            "a certified claim without a certificate",
            {"certificate_reference": " "},
            "certificate_reference",
            "is missing for a certified claim",
        ),
        ("no evidence", {"evidence_url": "", "evidence_note": " "}, "evidence_url", "is missing"),
        ("evidence at no web address", {"evidence_url": "ftp://a.example"}, "evidence_url", "is not a web address"),
        ("evidence that is a script", {"evidence_url": "javascript:alert(1)"}, "evidence_url", "is not a web address"),
        ("a long scope", {"scope": "s" * 501}, "scope", "is 501 characters long"),
        ("a long note", {"evidence_note": "n" * 2_001}, "evidence_note", "is 2001 characters long"),
        (
            "a long certificate reference",
            {"certificate_reference": "c" * 121},
            "certificate_reference",
            "is 121 characters long",
        ),
        ("a long address", {"evidence_url": "https://" + "e" * 493}, "evidence_url", "is 501 characters long"),
        ("controls in the note", {"evidence_note": "a\0b"}, "evidence_note", "holds control characters"),
    ],
)
def test_a_fault_is_named_by_its_field(_case: str, changes: dict[str, Any], field: str, problem: str) -> None:
    assert told(claim(**changes)) == [(field, problem)]


@pytest.mark.parametrize("role", ["", "tool", "Tool Provider"])
def test_a_standard_with_roles_is_claimed_for_one_of_them(role: str) -> None:
    (fault,) = claim_faults(claim(LTI, role=role), Holder.PRODUCT)

    assert (fault.field, fault.problem, fault.mend) == (
        "role",
        "is not a role of LTI",
        "choose one of Tool, Platform",
    )


@pytest.mark.parametrize(
    ("_case", "base", "holder", "problem"),
    [
        (
            "an organisation's certificate on a product",
            CYBER,
            Holder.PRODUCT,
            "belongs to a supplier, not to a product",
        ),
        ("a product's conformance on a supplier", LTI, Holder.SUPPLIER, "belongs to a product, not to a supplier"),
    ],
)
def test_a_badge_belongs_to_its_kind_of_holder(_case: str, base: dict[str, Any], holder: Holder, problem: str) -> None:
    assert told(claim(base), holder) == [("standard", problem)]


def test_all_faults_are_told_at_once() -> None:
    wrong = claim(
        LTI,
        standard_version="1.0",
        role="Server",
        expires_on=date(2026, 1, 1),
        certificate_reference="",
        evidence_url="nowhere",
        scope="\0",
    )

    assert [field for field, _ in told(wrong)] == [
        "scope",
        "standard",
        "standard_version",
        "role",
        "expires_on",
        "certificate_reference",
        "evidence_url",
    ]


@pytest.mark.parametrize("code", standards())
def test_every_standard_can_be_claimed(code: str) -> None:
    standard = standards()[code]
    right = claim(standard=code, standard_version=standard.versions[0], role=(standard.roles or ("",))[0])

    assert claim_faults(right, standard.holder) == []


def test_certificates_of_an_organisation_and_of_products_are_told_apart() -> None:
    held = {code for code, standard in standards().items() if standard.holder is Holder.SUPPLIER}

    assert held == {"cyber-essentials", "cyber-essentials-plus", "iso-27001", "bs-8887-220"}
