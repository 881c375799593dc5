"""What we issue is verified by libraries that are not ours, and what they issue is verified by us."""

import base64
import json
import re
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.compliance.openbadges.samples import (
    DID,
    INDEX,
    KEY,
    METHOD,
    NOW,
    OTHER_KEY,
    OURS,
    badge,
    documents,
    self_issued,
    signed,
    status_lists,
)
from tests.support.node import SOURCES, ask_node

from becta.compliance.openbadges.canonical import canonicalise
from becta.compliance.openbadges.did import IssuerKey, did_key, jwks, method_id
from becta.compliance.openbadges.keys import PublicKey, encode_multibase
from becta.compliance.openbadges.status import build_list, encode_list
from becta.compliance.openbadges.vc_jwt import sign_jwt
from becta.compliance.openbadges.verifying import verify

SOLO = did_key(OTHER_KEY.public)


def judged_by_node(credential: dict[str, Any]) -> Any:
    return ask_node({"do": "verify", "credential": credential, "documents": documents(), "now": "2026-11-25T12:00:00Z"})


@pytest.mark.parametrize("credential", [signed(), self_issued()], ids=["did:web", "did:key"])
def test_digital_bazaars_library_verifies_the_data_integrity_proof_of_our_badges(credential: dict[str, Any]) -> None:
    assert judged_by_node(credential) == {"verified": True, "error": None}


def test_digital_bazaars_library_refuses_our_badge_once_it_is_changed() -> None:
    credential = signed()
    credential["credentialSubject"]["achievement"]["name"] = "Cyber Essentials"

    assert judged_by_node(credential)["verified"] is False


def test_digital_bazaars_library_verifies_our_signed_status_list() -> None:
    served = status_lists(revoked=True)("http://127.0.0.1:8000/badges/status/1")
    assert served is not None

    assert judged_by_node(json.loads(served)) == {"verified": True, "error": None}


def test_digital_bazaars_library_reads_the_same_marks_in_our_status_list() -> None:
    marked = [0, 7, 8, INDEX, 131_071]
    asked = [*marked, 1, 9, INDEX + 1]

    answer = ask_node({"do": "marks", "encodedList": encode_list(build_list(marked)), "indexes": asked})

    assert answer == {"length": 131_072, "marks": [True] * 5 + [False] * 3}


@pytest.mark.parametrize(
    ("did", "method", "key"), [(DID, METHOD, KEY), (SOLO, f"{SOLO}#{OTHER_KEY.public.multibase}", OTHER_KEY)]
)
def test_we_verify_what_digital_bazaars_library_issues(did: str, method: str, key: Any) -> None:
    issued = ask_node(
        {
            "do": "issue",
            "credential": badge(did),
            "seed": key.seed.hex(),
            "method": method,
            "controller": did,
            "documents": documents(),
        }
    )

    verdict = verify(issued, at=NOW, resolver=OURS, statuses=status_lists())

    assert verdict.problems == ()
    assert (verdict.proof_type, verdict.key) == ("eddsa-rdfc-2022", method)
    issued["evidence"][0]["name"] = "another"
    assert [problem.check for problem in verify(issued, at=NOW, resolver=OURS).problems] == ["proof"]


def test_pyjwt_verifies_our_compact_jwt_and_reads_the_claims_that_open_badges_asks_for() -> None:
    token = sign_jwt(badge(), KEY, kid=METHOD)

    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "kid": METHOD, "typ": "JWT"}
    public = jwt.PyJWK({**KEY.public.jwk, "alg": "EdDSA"})
    claims = jwt.decode(token, public, algorithms=["EdDSA"], issuer=DID, options={"verify_exp": False})
    credential = badge()
    assert claims == credential | {
        "iss": DID,
        "jti": credential["id"],
        "nbf": 1793523600,
        "sub": credential["credentialSubject"]["id"],
        "exp": 1825027200,
    }


def test_pyjwt_finds_the_key_in_our_jwks() -> None:
    published: Any = jwks(DID, [IssuerKey(key=KEY.public), IssuerKey(key=OTHER_KEY.public)])
    found = jwt.PyJWKSet.from_dict(published)[method_id(DID, OTHER_KEY.public)]
    token = sign_jwt(badge(), OTHER_KEY, kid=METHOD)

    assert jwt.decode(token, found, algorithms=["EdDSA"], options={"verify_exp": False})["iss"] == DID


@pytest.mark.parametrize(
    ("algorithm", "private"),
    [
        ("RS256", rsa.generate_private_key(65537, 2048)),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", KEY.material),
    ],
)
def test_we_verify_a_jwt_that_pyjwt_signs(algorithm: str, private: Any) -> None:
    public = PublicKey(private.public_key())
    credential = badge("https://example.org/issuer")
    claims = credential | {
        "iss": "https://example.org/issuer",
        "jti": credential["id"],
        "nbf": 1793523600,
        "sub": credential["credentialSubject"]["id"],
        "exp": 1825027200,
    }
    token = jwt.encode(claims, private, algorithm=algorithm, headers={"jwk": public.jwk})
    known = jwt.encode(claims, private, algorithm=algorithm, headers={"kid": "https://example.org/key"})

    verdict = verify(token, at=NOW)
    assert (verdict.problems, verdict.proof_type) == ((), f"VC-JWT {algorithm}")
    assert verify(known, at=NOW, resolver=lambda url, issuer: public).problems == ()
    head, body, signature = token.split(".")
    other = base64.urlsafe_b64encode(base64.urlsafe_b64decode(signature + "==")[::-1]).rstrip(b"=").decode()
    assert [problem.check for problem in verify(f"{head}.{body}.{other}", at=NOW).problems] == ["proof"]


@pytest.mark.parametrize(("curve", "algorithm"), [(ec.SECP256R1(), hashes.SHA256()), (ec.SECP384R1(), hashes.SHA384())])
def test_we_verify_an_ecdsa_proof_made_by_the_specifications_steps(curve: Any, algorithm: Any) -> None:
    # Data Integrity ECDSA Cryptosuites 1.0, section 3.2: both hashes with the curve's own algorithm, raw signature
    private = ec.generate_private_key(curve)
    public = PublicKey(private.public_key())
    did = did_key(public)
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-rdfc-2019",
        "created": "2026-11-01T09:00:00Z",
        "verificationMethod": f"{did}#{public.multibase}",
        "proofPurpose": "assertionMethod",
    }
    credential = badge(did)
    hashed = b""
    for part in ({"@context": credential["@context"], **options}, credential):
        digest = hashes.Hash(algorithm)
        digest.update(canonicalise(part).quads.encode())
        hashed += digest.finalize()
    r, s = decode_dss_signature(private.sign(hashed, ec.ECDSA(algorithm)))
    size = curve.key_size // 8
    options["proofValue"] = encode_multibase(r.to_bytes(size, "big") + s.to_bytes(size, "big"))

    verdict = verify(credential | {"proof": options}, at=NOW)
    assert (verdict.problems, verdict.proof_type) == ((), "ecdsa-rdfc-2019")
    changed = credential | {"proof": options, "name": "Another"}
    assert [problem.check for problem in verify(changed, at=NOW).problems] == ["proof"]


def test_the_node_packages_are_pinned_and_their_lock_names_no_registry() -> None:
    package = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["dependencies"].values())
    assert [name for name, entry in lock.items() if "resolved" in entry] == []
    assert [name for name, entry in lock.items() if name and "integrity" not in entry] == []
