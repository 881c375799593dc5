"""DIDs: did:key, and did:web with its address, its DID document and its JWKS.

From the W3C's DID 1.0, the did:key and did:web method specifications (W3C Credentials Community Group), Controlled
Identifiers 1.0 (Multikey) and RFC 7517.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from becta.compliance.openbadges.keys import BadKey, PublicKey
from becta.compliance.openbadges.reading import Json, JsonObject

DOCUMENT_CONTEXTS: list[Json] = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]
ALGORITHMS = {"Ed25519": "EdDSA", "P-256": "ES256", "P-384": "ES384", "RSA": "RS256"}
"""The JWS algorithm of each kind of key (RFC 7518, RFC 8037)."""
DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+")


class IssuerKey(Struct, frozen=True, kw_only=True):
    """A key of ours, its life, and whether it fell into other hands.

    A retired key signs nothing new, but what it signed stands. What a compromised key signed stands no more.
    """

    key: PublicKey
    retired_at: datetime | None = None
    compromised: bool = False


def did_key(key: PublicKey) -> str:
    """The did:key of a key; raises BadKey for RSA."""
    return f"did:key:{key.multibase}"


def key_of_did_key(did: str) -> PublicKey:
    """The key in a did:key, with or without a fragment; raises BadKey also if the fragment names another key."""
    body, _, fragment = did.removeprefix("did:key:").partition("#")
    if not did.startswith("did:key:") or fragment not in {"", body}:
        raise BadKey("not a did:key")
    return PublicKey.from_multibase(body)


def did_web(address: str) -> str:
    """The did:web of a web address such as https://example.org/trust or http://127.0.0.1:8000.

    Raises ValueError for an address without a host, or with a query, fragment or user.
    """
    parts = urlsplit(address)
    if not parts.hostname or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("a did:web needs an address with a host and at most a path")
    host = parts.hostname if parts.port is None else f"{parts.hostname}%3A{parts.port}"
    path = [quote(unquote(part), safe="") for part in parts.path.split("/") if part]
    return ":".join(["did:web", host, *path])


def address_of_did_web(did: str) -> str:
    """Where a did:web's document is: …/.well-known/did.json, or under its path. Raises ValueError.

    The method asks for https; a loopback host is given http, because only tests and demonstrations have one.
    """
    body = did.partition("#")[0]
    if not body.startswith("did:web:") or not DID.fullmatch(body):
        raise ValueError("not a did:web")
    host, *path = body.removeprefix("did:web:").split(":")
    host = unquote(host)
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?", host) or not all(path):
        raise ValueError("not a did:web")
    scheme = "http" if re.fullmatch(r"(localhost|127\.0\.0\.1)(:\d+)?", host) else "https"
    return f"{scheme}://{host}/{'/'.join(path) or '.well-known'}/did.json"


def method_id(did: str, key: PublicKey) -> str:
    """The verification method's URL of a DID's key: the fragment is the Multikey."""
    return f"{did}#{key.multibase}"


def did_document(did: str, keys: Sequence[IssuerKey]) -> JsonObject:
    """The DID document: every key that is not compromised.

    Retired keys stay assertion methods too: without that, verifiers refuse what was signed before (Data Integrity
    1.0, section 4.4, step on proof purposes).
    """
    sound = [entry.key for entry in keys if not entry.compromised]
    methods: list[Json] = [
        {"id": method_id(did, key), "type": "Multikey", "controller": did, "publicKeyMultibase": key.multibase}
        for key in sound
    ]
    return {
        "@context": DOCUMENT_CONTEXTS,
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method_id(did, key) for key in sound],
    }


def jwks(did: str, keys: Sequence[IssuerKey]) -> JsonObject:
    """The same keys as a JSON Web Key Set, with the verification method's URL as `kid`."""
    return {
        "keys": [
            {**entry.key.jwk, "kid": method_id(did, entry.key), "use": "sig", "alg": ALGORITHMS[entry.key.kind]}
            for entry in keys
            if not entry.compromised
        ]
    }


def keys_of_document(document: Mapping[str, object], did: str) -> dict[str, PublicKey]:
    """The keys by URL that a DID document lets its subject assert with; unreadable ones are left out.

    Raises ValueError if the document is another DID's.
    """
    if document.get("id") != did:
        raise ValueError("the DID document is of another DID")
    methods, allowed = (
        value if isinstance(value := document.get(name), list) else []
        for name in ("verificationMethod", "assertionMethod")
    )
    entries: list[object] = [*methods, *allowed]
    may = {_absolute(entry.get("id") if isinstance(entry, dict) else entry, did) for entry in allowed}
    found = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("controller", did) != did:
            continue
        url = _absolute(entry.get("id"), did)
        if url in may and (key := _key_of(entry)) is not None:
            found[url] = key
    return found


def _key_of(entry: Mapping[str, object]) -> PublicKey | None:
    try:
        if isinstance(multibase := entry.get("publicKeyMultibase"), str):
            return PublicKey.from_multibase(multibase)
        return PublicKey.from_jwk(entry.get("publicKeyJwk"))
    except BadKey:
        return None


def _absolute(url: object, did: str) -> str:
    text = url if isinstance(url, str) else ""
    return did + text if text.startswith("#") else text
