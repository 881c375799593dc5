"""VC-JWT: credentials as compact JWS. Made with EdDSA; checked with EdDSA, ES256 and RS256.

From Open Badges 3.0, "JSON Web Token Proof Format", RFC 7515 and RFC 8037, and the W3C's Securing Verifiable
Credentials using JOSE and COSE, whose payload is the credential itself.
"""

import base64
import binascii
import json
from datetime import UTC, datetime

from msgspec import Struct

from becta.compliance.openbadges.data_integrity import ProofKind, dates_of
from becta.compliance.openbadges.dates import parse_date
from becta.compliance.openbadges.keys import SigningKey
from becta.compliance.openbadges.reading import Json, JsonObject, Unreadable, parse_object
from becta.compliance.openbadges.resolving import FoundKey, KeyRefused, KeyResolver, find_key, key_in_header
from becta.compliance.openbadges.verdicts import Findings, shown

ALGORITHMS = {"EdDSA": "Ed25519", "Ed25519": "Ed25519", "ES256": "P-256", "RS256": "RSA"}
"""JWS algorithms that we check, and the kind of key of each (`Ed25519` is RFC 9864's name of EdDSA with Ed25519)."""
HEADERS = frozenset({"alg", "kid", "jwk", "typ"})
"""Open Badges 3.0 allows no other header; `iss` and `cty` are known from JOSE and COSE."""
TYPES = frozenset({"JWT", "vc+jwt", "vc+ld+jwt", "vc-ld+jwt", "vc+ld+json+jwt"})
REGISTERED = frozenset({"iss", "jti", "nbf", "sub", "exp", "iat", "aud", "nonce"})
"""Claims that are the token's own where the other claims are the credential."""


class Token(Struct, frozen=True, kw_only=True):
    """A compact JWS in parts, before any check. `credential` is the `vc` claim, or the claims less the registered."""

    header: JsonObject
    claims: JsonObject
    credential: JsonObject
    signed: bytes
    signature: bytes


def sign_jwt(credential: JsonObject, key: SigningKey, *, kid: str) -> str:
    """The credential as a compact JWS with EdDSA; `kid` is the verification method's URL.

    The credential's members are the claims, with iss, jti, nbf, sub and exp beside them. Raises ValueError if the
    credential has no issuer id, no id, or no beginning of validity.
    """
    issuer = credential.get("issuer")
    issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
    begins, ends = dates_of(credential)
    starts = parse_date(begins)
    if not isinstance(issuer_id, str) or not isinstance(credential.get("id"), str) or starts is None:
        raise ValueError("a credential needs an id, an issuer and a date from which it is valid")
    claims: JsonObject = {**credential, "iss": issuer_id, "jti": credential["id"], "nbf": int(starts.timestamp())}
    if (subject := _subject_id(credential)) is not None:
        claims["sub"] = subject
    if (until := parse_date(ends)) is not None:
        claims["exp"] = int(until.timestamp())
    head = _encode(json.dumps({"alg": "EdDSA", "kid": kid, "typ": "JWT"}, separators=(",", ":")).encode())
    body = _encode(json.dumps(claims, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())
    return f"{head}.{body}.{_encode(key.sign(f'{head}.{body}'.encode()))}"


def parse_jwt(token: str) -> Token:
    """Take a compact JWS apart; raises Unreadable."""
    head, body, signature = token.split(".")
    header, claims = parse_object(_decode(head)), parse_object(_decode(body))
    inner = claims.get("vc")
    if inner is not None and not isinstance(inner, dict):
        raise Unreadable("the format is wrong: the JWT's claim vc is not an object")
    if isinstance(inner, dict):
        credential = inner
    else:
        credential = {name: value for name, value in claims.items() if name not in REGISTERED}
    return Token(
        header=header,
        claims=claims,
        credential=credential,
        signed=f"{head}.{body}".encode(),
        signature=_decode(signature),
    )


def check_jwt(token: Token, issuer: str, findings: Findings, *, resolver: KeyResolver | None) -> ProofKind | None:
    """Check the signature, and that the claims agree with the credential."""
    _check_claims(token, issuer, findings)
    try:
        return _check_signature(token, issuer, findings, resolver)
    except KeyRefused as refused:
        findings.problem("proof", str(refused), undecided=refused.offline)
        return None


def _check_signature(token: Token, issuer: str, findings: Findings, resolver: KeyResolver | None) -> ProofKind:
    algorithm = token.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise KeyRefused(f"the proof's algorithm {shown(algorithm)} is refused: only {', '.join(ALGORITHMS)} are taken")
    if unknown := sorted(set(token.header) - HEADERS):
        if "crit" in unknown:
            raise KeyRefused("the proof's header names critical extensions, which we do not know")
        findings.warn("proof", f"the JWT's header has members that Open Badges does not allow: {shown(unknown)}")
    if "typ" in token.header and token.header["typ"] not in TYPES:
        raise KeyRefused(f"the proof's typ is {shown(token.header['typ'])} instead of JWT")
    found = _key_of(token, issuer, resolver)
    if found.key.kind != ALGORITHMS[algorithm]:
        raise KeyRefused(f"the proof's key is {found.key.kind}, which does not go with {algorithm}")
    if not found.key.has_signed(token.signature, token.signed):
        raise KeyRefused("the proof does not hold: the credential was changed, or signed with another key")
    if found.warning:
        findings.warn("proof", found.warning)
    return ProofKind(proof_type=f"VC-JWT {algorithm}", key=found.name)


def _key_of(token: Token, issuer: str, resolver: KeyResolver | None) -> FoundKey:
    """By `kid` if it leads to a key, else by `jwk`. One must be there; both must agree."""
    kid, jwk = token.header.get("kid"), token.header.get("jwk")
    carried = None if jwk is None else key_in_header(jwk, issuer, resolver)
    if kid is None and carried is None:
        raise KeyRefused("the proof names no key: the JWT's header has neither kid nor jwk")
    if kid is None:
        assert carried is not None
        return carried
    if not isinstance(kid, str):
        raise KeyRefused("the proof's kid is not a text")
    try:
        found = find_key(_full(kid, issuer), issuer, resolver)
    except KeyRefused as refused:
        if carried is not None and (refused.offline or ":" not in kid):
            return carried
        raise
    if carried is not None and carried.key != found.key:
        raise KeyRefused("the proof's kid and jwk are different keys")
    return found


def _full(kid: str, issuer: str) -> str:
    return issuer + kid if kid.startswith("#") else kid


def _check_claims(token: Token, issuer: str, findings: Findings) -> None:
    """iss, jti, nbf, sub and exp must be those of the credential; Open Badges requires all but exp."""
    claims, credential = token.claims, token.credential
    begins, ends = dates_of(credential)
    wanted: dict[str, Json] = {"iss": issuer, "jti": credential.get("id"), "sub": _subject_id(credential)}
    required = "vc" in claims or token.header.get("typ", "JWT") == "JWT"
    for name, value in wanted.items():
        _compare(name, claims.get(name), value, findings, required=required)
    for name, date in (("nbf", begins), ("exp", ends)):
        instant = parse_date(date)
        value = None if instant is None else int(instant.timestamp())
        _compare(name, _seconds(claims.get(name)), value, findings, required=required and name == "nbf")


def _compare(name: str, claim: Json, value: Json, findings: Findings, *, required: bool) -> None:
    if value is None:
        return  # a subject without id has no sub; exp alone sets the end; the rest is the schema's to tell
    if claim is None:
        message = f"the JWT's claim {name} is missing"
        if required:
            findings.problem("proof", message)
        else:
            findings.warn("proof", message)
    elif claim != value:
        findings.problem(
            "proof", f"the JWT's claim {name} ({shown(claim)}) disagrees with the credential's {shown(value)}"
        )


def _seconds(claim: Json) -> Json:
    """A NumericDate (RFC 7519 section 2) to the second, or whatever else it is."""
    return int(claim) if isinstance(claim, float) and not isinstance(claim, bool) else claim


def expiry_of(token: Token) -> datetime | None:
    """The instant of `exp`, which counts as the credential's end if that names none; None if it is absent or wild."""
    claim = token.claims.get("exp")
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _subject_id(credential: JsonObject) -> str | None:
    subject = credential.get("credentialSubject")
    found = subject.get("id") if isinstance(subject, dict) else None
    return found if isinstance(found, str) else None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if _encode(data) != text:  # also refuses a second spelling of the same bytes
        raise Unreadable("the format is wrong: a part of the JWT is not base64url")
    return data
