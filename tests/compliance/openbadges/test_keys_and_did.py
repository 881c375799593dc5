"""Keys and DIDs are those of the specifications, and unusable ones are refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from tests.compliance.openbadges.samples import DID, KEY, OTHER_KEY

from becta.compliance.openbadges.did import (
    IssuerKey,
    address_of_did_web,
    did_document,
    did_key,
    did_web,
    jwks,
    key_of_did_key,
    keys_of_document,
    method_id,
)
from becta.compliance.openbadges.keys import BadKey, PublicKey, SigningKey


def test_the_key_of_rfc_8037_has_its_known_forms() -> None:
    # RFC 8037, appendix A.1 to A.3: the private key, its public half and the thumbprint
    key = SigningKey.from_seed(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))

    assert key.public.jwk == {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert key.public.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.public.multibase == "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"


def test_a_private_key_does_not_show_itself() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY) == f"SigningKey({KEY.public.multibase})"


@given(st.binary(min_size=32, max_size=32))
def test_an_ed25519_key_survives_each_of_its_forms(seed: bytes) -> None:
    public = SigningKey.from_seed(seed).public

    assert PublicKey.from_multibase(public.multibase) == public
    assert PublicKey.from_jwk(public.jwk) == public
    assert key_of_did_key(did_key(public)) == public
    assert SigningKey.from_seed(seed).seed == seed


@pytest.mark.parametrize(("curve", "start"), [(ec.SECP256R1(), "zDn"), (ec.SECP384R1(), "z82")])
def test_an_elliptic_key_survives_each_of_its_forms(curve: ec.EllipticCurve, start: str) -> None:
    public = PublicKey(ec.generate_private_key(curve).public_key())

    assert public.multibase.startswith(start)
    assert PublicKey.from_multibase(public.multibase) == public
    assert PublicKey.from_jwk(public.jwk) == public


def test_an_rsa_key_is_a_jwk_only_and_large_enough() -> None:
    public = PublicKey(rsa.generate_private_key(65537, 2048).public_key())

    assert PublicKey.from_jwk(public.jwk) == public
    with pytest.raises(BadKey, match="no Multikey"):
        _ = public.multibase
    small = PublicKey(rsa.generate_private_key(65537, 1024).public_key())
    with pytest.raises(BadKey, match="2048 to 8192 bits"):
        PublicKey.from_jwk(small.jwk)


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        {},
        {"kty": "oct", "k": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": 3},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {**KEY.public.jwk, "d": "AA"},
    ],
)
def test_a_jwk_that_may_not_be_used_is_refused(jwk: Any) -> None:
    with pytest.raises(BadKey):
        PublicKey.from_jwk(jwk)


@pytest.mark.parametrize(
    "text", ["", "z", "uAAAA", "z6Mk", "z0OIl", "z" + "1" * 2_000, "z6MkjZRZv3aez3r18pB1RBFJR1kwUV"]
)
def test_a_text_that_is_no_multikey_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        PublicKey.from_multibase(text)


@pytest.mark.parametrize(
    ("address", "did", "document"),
    [
        ("https://example.org", "did:web:example.org", "https://example.org/.well-known/did.json"),
        ("https://example.org/", "did:web:example.org", "https://example.org/.well-known/did.json"),
        ("https://example.org/a/b", "did:web:example.org:a:b", "https://example.org/a/b/did.json"),
        ("https://example.org:8443", "did:web:example.org%3A8443", "https://example.org:8443/.well-known/did.json"),
        ("http://127.0.0.1:8000", "did:web:127.0.0.1%3A8000", "http://127.0.0.1:8000/.well-known/did.json"),
    ],
)
def test_a_web_address_and_its_did_are_one(address: str, did: str, document: str) -> None:
    assert did_web(address) == did
    assert address_of_did_web(did) == document
    assert address_of_did_web(f"{did}#key") == document


@pytest.mark.parametrize(
    "did", ["did:key:z6Mk", "did:web:", "did:web:a::b", "did:web:a%2Fb", "did:web:a@b", "did:web:a%3Ab"]
)
def test_what_is_no_did_web_has_no_address(did: str) -> None:
    with pytest.raises(ValueError, match="not a did:web"):
        address_of_did_web(did)


@pytest.mark.parametrize(
    "address", ["example.org", "https://a@example.org", "https://example.org/?a", "https://example.org/#a"]
)
def test_an_address_with_more_than_a_host_and_path_has_no_did(address: str) -> None:
    with pytest.raises(ValueError, match="did:web needs"):
        did_web(address)


RETIRED = IssuerKey(key=OTHER_KEY.public, retired_at=datetime(2026, 6, 1, tzinfo=UTC))
STOLEN = IssuerKey(key=SigningKey.from_seed(bytes(32)).public, compromised=True)


def test_the_did_document_and_the_jwks_list_retired_keys_but_no_compromised_one() -> None:
    keys = [IssuerKey(key=KEY.public), RETIRED, STOLEN]
    expected = [method_id(DID, KEY.public), method_id(DID, OTHER_KEY.public)]
    document: Any = did_document(DID, keys)
    published: Any = jwks(DID, keys)

    assert [method["id"] for method in document["verificationMethod"]] == expected
    assert {method["controller"] for method in document["verificationMethod"]} == {DID}
    assert document["assertionMethod"] == expected
    assert [key["kid"] for key in published["keys"]] == expected
    assert all("d" not in key for key in published["keys"])
    assert keys_of_document(document, DID) == dict(zip(expected, [KEY.public, OTHER_KEY.public], strict=True))


def test_keys_that_may_not_assert_or_are_anothers_are_not_taken_from_a_document() -> None:
    document: Any = did_document(DID, [IssuerKey(key=KEY.public), RETIRED])
    document["assertionMethod"] = [method_id(DID, KEY.public)]

    assert list(keys_of_document(document, DID)) == [method_id(DID, KEY.public)]
    document["verificationMethod"][0]["controller"] = "did:web:example.org"
    assert keys_of_document(document, DID) == {}
    with pytest.raises(ValueError, match="another DID"):
        keys_of_document(document, "did:web:example.org")
