"""Which keys and tokens are believed: the pure part, where a whole sign-in would not show the difference."""

from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from becta.market.signin.id_tokens import Expected, checked_claims, keys_of, pick_key
from becta.market.signin.people import SignInRefused

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
PUBLIC: dict[str, Any] = KEY.as_dict(private=False)
EXPECTED = Expected(issuer="https://issuer.example", client_id="us", nonce="n")
CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example",
    "aud": "us",
    "nonce": "n",
    "sub": "ada",
    "iat": SECONDS,
    "exp": SECONDS + 300,
}


def signed(algorithm: str = "RS256", **claims: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": "one"}, {**CLAIMS, **claims}, KEY, algorithms=[algorithm])


def test_a_good_token_is_believed() -> None:
    [key] = keys_of({"keys": [PUBLIC]})

    assert checked_claims(signed(), key, EXPECTED, now=NOW) == CLAIMS


@pytest.mark.parametrize(
    "raw",
    [
        {**PUBLIC, "use": "enc"},
        {**PUBLIC, "kty": "oct"},
        {**PUBLIC, "kty": "new"},
        {**PUBLIC, "n": 7},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        OctKey.generate_key(256).as_dict(private=True),
        "a key",
        None,
    ],
)
def test_a_key_that_checks_no_signature_is_passed_over_and_costs_no_other(raw: Any) -> None:
    assert [key.kid for key in keys_of({"keys": [raw, PUBLIC]})] == ["one"]


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, [], None, "keys"])
def test_what_is_no_key_set_holds_no_keys(document: object) -> None:
    assert keys_of(document) == ()


def test_the_private_part_of_a_published_key_is_not_kept() -> None:
    [key] = keys_of({"keys": [KEY.as_dict(private=True)]})

    assert key.raw == PUBLIC


def test_a_key_made_for_one_algorithm_checks_no_other() -> None:
    [key] = keys_of({"keys": [{**PUBLIC, "alg": "RS256"}]})

    assert checked_claims(signed(), key, EXPECTED, now=NOW)["sub"] == "ada"
    with pytest.raises(SignInRefused, match="not the key's"):
        checked_claims(signed("PS256"), key, EXPECTED, now=NOW)


@pytest.mark.parametrize(
    "claims", [{"exp": True}, {"iat": False}, {"nbf": True}, {"exp": None}, {"iat": "1"}, {"nbf": [1]}, {"nbf": None}]
)
def test_a_time_is_a_number(claims: dict[str, Any]) -> None:
    [key] = keys_of({"keys": [PUBLIC]})

    with pytest.raises(SignInRefused, match="times are missing"):
        checked_claims(signed(**claims), key, EXPECTED, now=NOW)


def test_a_token_names_its_key() -> None:
    one, two = keys_of({"keys": [PUBLIC, {**PUBLIC, "kid": "two"}]})
    nameless = jwt.encode({"alg": "RS256"}, CLAIMS, KEY, algorithms=["RS256"])

    assert pick_key(signed(), [one, two]) is one
    assert pick_key(signed(), [two]) is None
    assert pick_key(nameless, [one, two]) is None
    assert pick_key(nameless, [two]) is two
    assert pick_key(nameless, []) is None
