"""The Open Badges runner tells what the verifier finds, each problem under its own check, as of the clock."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compliance.openbadges.samples import (
    DID,
    KEY,
    METHOD,
    NOW,
    OTHER_KEY,
    OURS,
    badge,
    self_issued,
    signed,
    status_lists,
)
from tests.support.shared import shared_data

from becta.compliance.conformance.badges.runner import CHECKS, RUNNERS, badge_runner
from becta.compliance.conformance.reports import Outcome, Report, Severity
from becta.compliance.openbadges import verdicts
from becta.compliance.openbadges.baking import bake_png, bake_svg
from becta.compliance.openbadges.contexts import OPEN_BADGES, VCDM_2
from becta.compliance.openbadges.did import did_key
from becta.compliance.openbadges.pictures import Face, draw_png, draw_svg
from becta.compliance.openbadges.vc_jwt import sign_jwt

EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
FACE = Face(standard="Cyber Essentials Plus", level="Certified", holder="Tynecastle", issuer="BECTA 2.0")


def subject(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = badge()["credentialSubject"] | changes
    return {name: value for name, value in found.items() if value is not None}


def extended(**changes: Any) -> dict[str, Any]:
    """A badge that names 1EdTech's extensions, where its schema and refresh types are defined."""
    return badge(**{"@context": [VCDM_2, OPEN_BADGES, EXTENSIONS]}, **changes)


def endorsement(did: str, **changes: Any) -> dict[str, Any]:
    inner = badge(did, type=["VerifiableCredential", "EndorsementCredential"], **changes)
    inner["id"] = "https://example.org/endorsements/1"
    inner["credentialSubject"] = {"id": "https://example.org/badge", "type": ["EndorsementSubject"]}
    inner.pop("credentialStatus")
    return signed(inner, key=OTHER_KEY, method=f"{did}#{OTHER_KEY.public.multibase}")


ASSESSOR = did_key(OTHER_KEY.public)
LATE = datetime(2027, 11, 1, tzinfo=UTC)
EARLY = datetime(2026, 11, 1, 8, 59, 59, tzinfo=UTC)
BARE = {"id": "urn:a:1", "type": ["Achievement"]}

CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "format": (lambda: '{"id": NaN}', {}),
    "context": (lambda: sign_jwt(badge(**{"@context": [VCDM_2]}), KEY, kid=METHOD), {}),
    "type": (lambda: sign_jwt(badge(type=["VerifiableCredential", "ClrCredential"]), KEY, kid=METHOD), {}),
    "schema": (lambda: signed(badge(credentialSubject=subject(achievement=BARE))), {}),
    "issuer": (lambda: signed(badge(issuer=DID)), {}),
    "subject": (lambda: signed(badge(credentialSubject=subject(id=None))), {}),
    "proof": (badge, {}),
    "status": (signed, {"statuses": status_lists(revoked=True)}),
    "not_yet_valid": (signed, {"clock": lambda: EARLY, "statuses": None}),
    "expired": (signed, {"clock": lambda: LATE, "statuses": None}),
    "endorsement": (
        lambda: signed(badge(endorsement=[endorsement(ASSESSOR, validUntil="2026-11-02T00:00:00Z")])),
        {},
    ),
    "context-warning": (lambda: signed() | {"shoeSize": 44}, {}),
    "schema-warning": (
        lambda: signed(
            extended(credentialSchema=[{"id": "https://example.org/s", "type": "1EdTechJsonSchemaValidator2019"}])
        ),
        {},
    ),
    "proof-warning": (lambda: sign_jwt(signed(), KEY, kid=METHOD), {}),
    "refresh-warning": (
        lambda: signed(extended(refreshService={"id": "https://example.org/r", "type": "1EdTechCredentialRefresh"})),
        {},
    ),
    "status-warning": (signed, {"statuses": None}),
    "endorsement-warning": (lambda: signed(badge(endorsement=[endorsement("did:web:assessor.example")])), {}),
}
"""For each check a credential that breaks only it, and how the runner is made."""


def run(folder: Path, credential: Any, name: str = "badge.json", **how: Any) -> Report:
    artefact = folder / name
    data = credential if isinstance(credential, str | bytes) else json.dumps(credential)
    artefact.write_bytes(data if isinstance(data, bytes) else data.encode())
    return badge_runner(**{"resolver": OURS, "statuses": status_lists(), "clock": lambda: NOW} | how).run(artefact)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("badge.json", lambda: json.dumps(signed())),
        ("badge.jwt", lambda: sign_jwt(badge(), KEY, kid=METHOD)),
        ("badge.svg", lambda: bake_svg(draw_svg(FACE), json.dumps(signed()))),
        ("badge.png", lambda: bake_png(draw_png(FACE), json.dumps(signed()))),
    ],
)
def test_a_badge_passes_with_no_finding_in_every_form(tmp_path: Path, name: str, build: Callable[[], Any]) -> None:
    report = run(tmp_path, build(), name)

    assert report.findings == ()
    assert report.outcome is Outcome.PASSED
    assert report.facts == {
        "form": name.partition(".")[2],
        "issuer": DID,
        "achievement": "Cyber Essentials Plus",
    }


@pytest.mark.parametrize("check", CASES)
def test_a_credential_that_breaks_one_rule_is_found_by_that_check_alone(tmp_path: Path, check: str) -> None:
    build, how = CASES[check]

    report = run(tmp_path, build(), **how)

    asked = {declared.id: declared for declared in CHECKS}[check]
    same = {found.check for found in report.findings if found.severity is asked.severity}
    assert same == {check}
    assert {found.clause for found in report.findings if found.check == check} == {asked.clause}
    assert report.outcome is (Outcome.FAILED if asked.severity is Severity.ERROR else Outcome.PASSED)


def test_what_the_verifier_quotes_stands_in_the_value_alone(tmp_path: Path) -> None:
    findings = run(tmp_path, badge(issuer={"id": "pupil@school.example", "type": ["Profile"]})).findings

    assert not any("pupil" in found.message for found in findings)
    assert any("pupil" in str(found.value) for found in findings)


def test_every_declared_check_has_a_failing_case() -> None:
    assert set(CASES) == {check.id for check in CHECKS}


def test_the_verifiers_checks_are_all_declared() -> None:
    declared = {check.id for check in CHECKS}

    assert {check for check in verdicts.CHECKS if check not in declared} == {"refresh", "recipient"}


def test_the_runner_of_the_registry_judges_as_of_now(tmp_path: Path) -> None:
    artefact = tmp_path / "badge.json"
    artefact.write_text(json.dumps(self_issued(validUntil="2000-01-01T00:00:00Z", validFrom="1999-01-01T00:00:00Z")))

    report = RUNNERS[0].run(artefact)

    assert "expired" in {found.check for found in report.findings}
    assert report.outcome is Outcome.FAILED


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    report = run(tmp_path, b" " * 8_000_001)

    assert (report.outcome, report.refusal) == (Outcome.REFUSED, "badge.json is larger than 8,000,000 bytes")


TEXT = json.dumps(signed())


@settings(deadline=None)  # a slow machine is no fault
@given(st.integers(0, len(TEXT)), st.integers(0, 60), st.sampled_from([b"", b"{", b"]", b'"', b"\xff", b"null"]))
def test_no_mutation_raises(drafts: Path, start: int, length: int, put: bytes) -> None:
    report = run(drafts, TEXT[:start].encode() + put + TEXT[start + length :].encode())

    assert report.outcome in set(Outcome)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("simple-err-context.json", "context"),
        ("simple-err-type.json", "type"),
        ("simple-err-expired.json", "expired"),
        ("simple-noproof.json", "proof"),
    ],
)
def test_the_examples_beside_the_checkout_fail_for_their_reason(name: str, check: str) -> None:
    report = badge_runner(clock=lambda: NOW).run(shared_data(f"interop/openbadges/ob30/{name}"))

    assert check in {found.check for found in report.findings}
    assert report.outcome is Outcome.FAILED


def test_the_good_example_beside_the_checkout_passes() -> None:
    report = badge_runner(clock=lambda: NOW).run(shared_data("interop/openbadges/ob30/simple.json"))

    assert report.outcome is Outcome.PASSED
