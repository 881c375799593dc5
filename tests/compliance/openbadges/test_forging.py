"""Nobody can rewrite a signed credential so that its proof holds and `verify` reports or relies on something else."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.compliance.openbadges.attacks import (
    ATTACKS,
    HIDINGS,
    MOVABLE,
    NOTE,
    UNNAMEABLE,
    UNWRITABLE,
    Attack,
    Badge,
    add_evidence,
    claim_older_version,
    forge_subject,
    hide_in_language,
    plain_quads,
    with_context,
)
from tests.compliance.openbadges.samples import (
    DID,
    INDEX,
    ISSUED,
    KEY,
    METHOD,
    NOW,
    OTHER_KEY,
    OURS,
    REVOCATIONS,
    badge,
    signed,
    status_lists,
)

from becta.compliance.openbadges.canonical import canonicalise
from becta.compliance.openbadges.data_integrity import sign_credential
from becta.compliance.openbadges.did import did_key
from becta.compliance.openbadges.effort import NotCanonical
from becta.compliance.openbadges.keys import encode_multibase
from becta.compliance.openbadges.status import build_list, status_list_credential
from becta.compliance.openbadges.vc_jwt import sign_jwt
from becta.compliance.openbadges.verifying import verify


def full() -> Badge:
    """A badge with something to move everywhere."""
    refresh = {"id": badge()["id"], "type": "https://example.org/Refresh"}
    credential = badge(refreshService=refresh, **{NOTE: {"@value": "x", "@language": "en"}})
    credential["credentialSubject"]["achievement"]["creator"] = {"id": DID, "type": ["Profile"], "name": "BECTA 2.0"}
    return credential


GOOD = signed(full())
EARLIER = signed(full() | {"validUntil": "2026-11-20T00:00:00Z"})
"""The same, but out of date."""


def told(credential: Badge) -> Any:
    """Whether it holds, and all that is read or relied on."""
    verdict = verify(json.dumps(credential), at=NOW, resolver=OURS, statuses=status_lists())
    facts = (
        verdict.credential_id, verdict.issuer_id, verdict.issuer_name, verdict.subject, verdict.achievement,
        verdict.valid_from, verdict.valid_until, credential.get("evidence"), credential.get("credentialStatus"),
    )  # fmt: skip
    return verdict.valid, facts


def test_the_badge_that_is_attacked_holds() -> None:
    assert told(GOOD)[0]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_that_keeps_the_signed_statements_is_refused(attack: str) -> None:
    forged = ATTACKS[attack](copy.deepcopy(GOOD))
    verdict = verify(json.dumps(forged), at=NOW, resolver=OURS, statuses=status_lists())

    assert plain_quads(forged) == plain_quads(GOOD) or plain_quads(forged, "") == plain_quads(GOOD)
    assert not verdict.valid
    assert {problem.check for problem in verdict.problems} & {"proof", "context"}


@pytest.mark.parametrize("bad", UNWRITABLE)
@pytest.mark.parametrize("attack", [forge_subject, add_evidence])
def test_an_id_that_cannot_be_written_or_is_nobodys_is_refused(attack: Any, bad: str) -> None:
    assert not told(attack(bad)(copy.deepcopy(GOOD)))[0]


def test_a_language_tag_that_holds_a_line_is_refused() -> None:
    problems = verify(json.dumps(hide_in_language(GOOD)), at=NOW, resolver=OURS, statuses=status_lists()).problems

    assert ["is not a language tag" in problem.message for problem in problems] == [True]


def test_an_older_version_of_the_data_model_does_not_hide_the_end() -> None:
    forged = claim_older_version(EARLIER | {"issuanceDate": EARLIER["validFrom"]})
    verdict = verify(json.dumps(forged), at=NOW, resolver=OURS, statuses=status_lists())

    assert "proof" in {problem.check for problem in verdict.problems}


@pytest.mark.parametrize("bad", [*UNNAMEABLE, *UNWRITABLE])
def test_signing_refuses_what_the_signature_would_not_cover(bad: str) -> None:
    for credential in (
        badge(evidence=[{"id": bad, "type": ["Evidence"]}]),
        badge(evidence=[{"type": ["Evidence", bad]}]),
    ):
        with pytest.raises(NotCanonical):
            sign_credential(credential, KEY, method=METHOD, created=ISSUED)


@pytest.mark.parametrize(
    "added",
    [
        {"https://exa mple.org/p": "x"},
        {"https://example.org/p": {"@value": "x", "@type": "https://exa>mple.org"}},
        {"https://example.org/p": {"@value": "x", "@language": "en us"}},
        {"https://example.org/p": {"id": badge()["id"], "validUntil": "2030-01-01T00:00:00Z"}},
        {"https://example.org/p": {"id": badge()["id"], "type": "VerifiableCredential", "issuer": "urn:x:1"}},
        {"https://example.org/p": {"id": f"{REVOCATIONS}#{INDEX}", "statusPurpose": "suspension"}},
        {"https://example.org/p": {"id": badge()["credentialSubject"]["id"], "achievement": {"id": "urn:x:1"}}},
    ],
)
def test_signing_refuses_a_second_description_and_what_rdf_cannot_say(added: Badge) -> None:
    with pytest.raises((NotCanonical, ValueError)):
        sign_credential(badge(**added), KEY, method=METHOD, created=ISSUED)


@pytest.mark.parametrize(
    "added",
    [
        {"refreshService": {"id": badge()["id"], "type": "https://example.org/Refresh"}},
        {"https://example.org/p": {"id": DID, "type": ["Profile"], "name": "BECTA 2.0", "url": "https://example.org"}},
        {"https://example.org/p": {"id": badge()["id"]}},
        {"https://example.org/p": {"@value": "Bonjour", "@language": "fr-CA", "@direction": "ltr"}},
    ],
)
def test_naming_a_thing_again_without_contradiction_is_no_attack(added: Badge) -> None:
    assert told(signed(badge(**added)))[0]


def test_the_end_of_a_proof_cannot_be_hidden() -> None:
    credential = badge()
    options = without_value(signed()["proof"]) | {"expires": "2026-11-24T00:00:00Z"}
    head = canonicalise({"@context": credential["@context"], **options})
    value = encode_multibase(KEY.sign(head.digest + canonicalise(credential).digest))
    honest = credential | {"proof": options | {"proofValue": value}}
    end = {"@value": options.pop("expires"), "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
    forged = credential | {"proof": options | {"https://w3id.org/security#expiration": end, "proofValue": value}}

    for document, words in ((honest, "itself has expired"), (forged, "expires that is written so that")):
        problems = verify(document, at=NOW, resolver=OURS, statuses=status_lists()).problems
        assert [words in problem.message for problem in problems] == [True]


def without_value(proof: Badge) -> Badge:
    return {name: value for name, value in proof.items() if name != "proofValue"}


LIST = signed(
    status_list_credential(REVOCATIONS, DID, "revocation", build_list([INDEX]), valid_from=ISSUED)
    | {"validUntil": "2026-12-01T00:00:00Z"}
)


def other_list(credential: Badge, bad: str) -> Badge:
    """An empty list in the place of the signed one, which goes below a node that RDF drops."""
    empty = status_list_credential(REVOCATIONS, DID, "revocation", build_list([]), valid_from=ISSUED)
    inner = {"id": REVOCATIONS, "credentialSubject": credential["credentialSubject"]}
    forged: Any = {"id": bad, "https://example.org/p": inner}
    subject: Any = empty["credentialSubject"]
    return credential | {"credentialSubject": subject | {"id": bad}, "evidence": forged}


@pytest.mark.parametrize("bad", [*UNNAMEABLE, *UNWRITABLE])
def test_a_status_list_cannot_be_forged_either(bad: str) -> None:
    def statuses(credential: Badge) -> Any:
        served = {REVOCATIONS: json.dumps(credential).encode()}
        return lambda url: served.get(url) or status_lists()(url)

    true = verify(signed(), at=NOW, resolver=OURS, statuses=statuses(LIST))
    forged = verify(signed(), at=NOW, resolver=OURS, statuses=statuses(other_list(LIST, bad)))

    assert [problem.message.partition(",")[0] for problem in true.problems] == ["the credential is revoked"]
    assert [(problem.check, "does not hold" in problem.message) for problem in forged.problems] == [("status", True)]


@pytest.mark.parametrize(
    "attack", [name for name in ATTACKS if "validUntil" in name or name in {"whole IRI", "id map"}]
)
def test_an_endorsement_cannot_be_forged_either(attack: str) -> None:
    did = did_key(OTHER_KEY.public)
    inner = badge(did, type=["VerifiableCredential", "EndorsementCredential"], id="urn:x:endorsement")
    inner |= {"validUntil": "2026-11-20T00:00:00Z", NOTE: {"@value": "x", "@language": "en"}}
    inner["credentialSubject"] = {"id": badge()["id"], "type": ["EndorsementSubject"], "endorsementComment": "Good"}
    inner = signed(inner, key=OTHER_KEY, method=f"{did}#{OTHER_KEY.public.multibase}")
    forged = ATTACKS[attack](inner)
    # the badge around it is a JWT, whose signature covers whatever is in it
    verdict = verify(sign_jwt(badge(endorsement=[forged]), KEY, kid=METHOD), at=NOW, resolver=OURS)

    assert [problem.check for problem in verdict.problems] == ["endorsement"]
    assert "expired" not in verdict.problems[0].message


def test_two_lists_in_one_status_list_are_refused() -> None:
    two = copy.deepcopy(LIST)
    del two["proof"]
    two["credentialSubject"] = [two["credentialSubject"], two["credentialSubject"] | {"id": "urn:x:2"}]
    served = {REVOCATIONS: json.dumps(signed(two)).encode()}
    problems = verify(signed(), at=NOW, resolver=OURS, statuses=served.get).problems

    assert ["more than one list" in problem.message for problem in problems] == [True]


NAMES = st.lists(st.sampled_from(MOVABLE), min_size=1, max_size=3, unique=True)
IDS = st.sampled_from([*UNNAMEABLE, *UNWRITABLE]) | st.text(min_size=1, max_size=8)
SINGLE = st.sampled_from(list(ATTACKS.values()))
CONTEXTS = st.sampled_from(
    [
        {"@base": "http://127.0.0.1:8000/"}, {"@vocab": "https://example.org/"}, {"https": "urn:x:"}, {"x": "@graph"},
        {"mailto": {"@id": "http://127.0.0.1:8000/", "@prefix": True}}, {"t": "@type"},
        {"@language": "en"}, {"s": "@set"},
    ]
)  # fmt: skip


@st.composite
def attacks(draw: st.DrawFn) -> Attack:
    """One of those above, or one made of parts, of which few keep the signature and any might be read otherwise."""
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(SINGLE)
    if kind == 1:
        return draw(st.sampled_from(HIDINGS))(*draw(NAMES))
    if kind == 2:
        return forge_subject(draw(IDS))
    if kind == 3:
        return add_evidence(draw(IDS))
    definitions = draw(CONTEXTS)
    return lambda credential: with_context(credential, definitions)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(attacks(), min_size=1, max_size=3), st.sampled_from([GOOD, EARLIER]))
def test_no_chain_of_attacks_changes_what_is_told_of_a_badge_that_holds(chain: list[Attack], credential: Badge) -> None:
    forged = copy.deepcopy(credential)
    try:
        for attack in chain:
            forged = attack(forged)
    except (KeyError, TypeError):
        return  # what it would move is gone already
    holds, facts = told(forged)

    assert not holds or (credential is GOOD and facts == told(GOOD)[1])
