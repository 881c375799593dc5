"""The tool's public keys: whether they can be had, and whether they are fit for what they are for."""

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.jwk import RSAKey
from joserfc.util import base64_to_int
from msgspec import Struct

from becta.compliance.conformance.fetching import Unreachable, Web
from becta.compliance.conformance.lti.settings import Tool
from becta.compliance.conformance.reports import Recorder

FEWEST_BITS = 2048
"""RFC 7518 3.3."""
MOST_KEYS = 50
MOST_BITS = 16_384
"""Longer keys are not used: to verify with them costs more than it proves."""
PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""RFC 7518 6.2.2, 6.3.2 and 6.4.1: members that only the owner may know."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


class ToolKey(Struct, frozen=True, kw_only=True):
    """A public key of the tool; `kid` None where it was given without a name."""

    kid: str | None
    key: RSAKey


def look_at_keys(tool: Tool, web: Web, recorder: Recorder) -> tuple[ToolKey, ...]:
    """Get the tool's keys and judge them; those that can be read come back, weak ones too."""
    if tool.jwks_url:
        return _from_url(tool.jwks_url, web, recorder)
    if tool.public_key:
        return _from_text(tool.public_key, recorder)
    recorder.find("keys-given", "neither jwks_url nor public_key is given", mend="give the address of the key set")
    return ()


def _from_url(url: str, web: Web, recorder: Recorder) -> tuple[ToolKey, ...]:
    try:
        answer = web.get(url, headers={"accept": "application/json"})
    except Unreachable as problem:
        recorder.find("keys-given", str(problem), field="jwks_url", value=url)
        return ()
    if answer.status != 200:
        recorder.find("keys-given", f"the key set answers {answer.status}", field="jwks_url", value=url)
        return ()
    try:
        stated = answer.json()
    except ValueError:
        recorder.find("keys-form", "the key set is not JSON", mend="serve a JSON Web Key Set", field="jwks_url")
        return ()
    keys = stated.get("keys") if isinstance(stated, dict) else None
    if not isinstance(keys, list) or not keys:
        recorder.find("keys-form", "the key set has no list of keys", mend='serve {"keys": [...]}', field="keys")
        return ()
    keys = keys[:MOST_KEYS]
    _judge_kids(keys, recorder)
    if not any(isinstance(jwk, dict) and jwk.get("kty") == "RSA" for jwk in keys):
        recorder.find("keys-form", "the key set holds no RSA key", mend="publish one for RS256", field="keys")
    return tuple(key for place, jwk in enumerate(keys) if (key := _read(f"keys[{place}]", jwk, recorder)))


def _from_text(text: str, recorder: Recorder) -> tuple[ToolKey, ...]:
    if text.lstrip().startswith("{"):
        try:
            jwk = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            recorder.find("keys-form", "the key is not JSON", field="public_key")
            return ()
        key = _read("public_key", jwk, recorder)
        if key is None and not recorder.found("keys-form"):
            recorder.find("keys-form", "the key is not an RSA key", field="public_key")
        return () if key is None else (key,)
    if "PRIVATE KEY" in text:
        recorder.find(
            "keys-private", "this is a private key", mend="replace the key, it is known now", field="public_key"
        )
        return ()
    try:
        public = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, RSAPublicKey):
        recorder.find("keys-form", "the key is not an RSA public key in PEM", field="public_key")
        return ()
    _judge_size("public_key", public.key_size, recorder)
    return (ToolKey(kid=None, key=RSAKey(public, public)),)


def _judge_kids(keys: list[object], recorder: Recorder) -> None:
    seen: set[str] = set()
    for place, jwk in enumerate(keys):
        kid = jwk.get("kid") if isinstance(jwk, dict) else None
        if not isinstance(kid, str) or not kid:
            recorder.find("keys-kid", "the key has no kid", mend="name each key", field=f"keys[{place}].kid")
        elif kid in seen:
            recorder.find("keys-kid", "two keys have this kid", field=f"keys[{place}].kid", value=kid)
        else:
            seen.add(kid)


def _read(place: str, jwk: object, recorder: Recorder) -> ToolKey | None:
    if not isinstance(jwk, dict):
        recorder.find("keys-form", "the key is not a JSON object", field=place)
        return None
    secret = [name for name in PRIVATE_MEMBERS if name in jwk]
    if secret:
        told = f"the key set publishes the private members {', '.join(secret)}"
        recorder.find("keys-private", told, mend="replace the key, it is known now", field=place)
    if jwk.get("kty") != "RSA":
        return None  # other keys are permitted (Security Framework 6.1), and not looked at
    if jwk.get("use", "sig") != "sig":
        recorder.find("keys-use", "the key is not for signing", field=f"{place}.use", value=jwk.get("use"))
    if jwk.get("alg", "RS256") not in ALGORITHMS:
        recorder.find("keys-use", "this is not RS256 or stronger", field=f"{place}.alg", value=jwk.get("alg"))
    public = _public_key(place, jwk, recorder)
    kid = jwk.get("kid")
    return None if public is None else ToolKey(kid=kid if isinstance(kid, str) else None, key=RSAKey(public, public))


def _public_key(place: str, jwk: dict[str, object], recorder: Recorder) -> RSAPublicKey | None:
    try:
        modulus, exponent = base64_to_int(str(jwk["n"])), base64_to_int(str(jwk["e"]))
        if modulus.bit_length() > MOST_BITS:
            recorder.find("keys-form", f"the key has more than {MOST_BITS:,} bits", field=place)
            return None
        public = RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, ValueError, UnsupportedAlgorithm):
        recorder.find("keys-form", "n and e are not those of an RSA key", field=place)
        return None
    _judge_size(place, modulus.bit_length(), recorder)
    return public


def _judge_size(place: str, bits: int, recorder: Recorder) -> None:
    if bits < FEWEST_BITS:
        recorder.find("keys-size", f"the key has {bits} bits", mend=f"use {FEWEST_BITS} bits or more", field=place)
