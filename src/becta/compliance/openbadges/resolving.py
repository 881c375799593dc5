"""Finds the key that a proof names, offline, and says what ties it to the issuer."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from becta.compliance.openbadges.did import key_of_did_key, keys_of_document
from becta.compliance.openbadges.keys import BadKey, PublicKey
from becta.compliance.openbadges.verdicts import shown


class KeyResolver(Protocol):
    """Gives the key of a verification method or `kid`, by its URL, if the issuer may assert with it.

    Whoever passes one vouches for the tie between key and issuer: its own DID document, or one fetched just now. None
    means that it does not know the issuer. For an issuer that it knows it must raise KeyRefused rather than give None,
    or a stranger could sign in that issuer's name with a key of their own.
    """

    def __call__(self, url: str, issuer: str) -> PublicKey | None:
        """The key, or None for an unknown issuer; raises KeyRefused for a key that is not the issuer's."""
        ...


class OwnList(Struct, frozen=True):
    """A status list from the issuer's own books: its bits need no proof to whoever keeps them."""

    purpose: str
    bits: bytes


class StatusResolver(Protocol):
    """Gives the bytes of a status list by its URL, or None if it cannot be had.

    Whoever gives an OwnList vouches for it: it is taken without a proof.
    """

    def __call__(self, url: str) -> bytes | OwnList | None:
        """The status list as it was served, or None."""
        ...


class FoundKey(Struct, frozen=True, kw_only=True):
    """A key, what to call it, and a warning if nothing shows that it is the issuer's."""

    key: PublicKey
    name: str
    warning: str | None = None


class KeyRefused(Exception):
    """No key may be used. `offline` says that it might be found online."""

    def __init__(self, message: str, *, offline: bool = False) -> None:
        super().__init__(message)
        self.offline = offline


class DocumentResolver:
    """A KeyResolver over DID documents at hand, such as our own."""

    def __init__(self, documents: Mapping[str, Mapping[str, object]]) -> None:
        """Resolve with these documents, by DID; raises ValueError if one is of another DID."""
        self._keys: dict[str, dict[str, PublicKey]] = {}
        for did, document in documents.items():
            named = keys_of_document(document, did)
            self._keys[did] = {f"{did}#{_own_name(key)}": key for key in named.values()} | named

    def __call__(self, url: str, issuer: str) -> PublicKey | None:
        """The key if the issuer's own document lists it for assertions; raises KeyRefused if it does not."""
        keys = self._keys.get(issuer)
        if keys is None:
            return None
        if url not in keys:
            raise KeyRefused(f"the proof's key {shown(url)} is not among those of the issuer {shown(issuer)}")
        return keys[url]


def knows(resolver: KeyResolver | None, url: str, issuer: str) -> PublicKey | None:
    """What the resolver, if there is one, says of a key."""
    return None if resolver is None else resolver(url, issuer)


def find_key(url: str, issuer: str, resolver: KeyResolver | None) -> FoundKey:
    """The key that a verification method or `kid` names. The resolver is asked first. Raises KeyRefused.

    Offline, a did:key holds its key, and so does a URL whose fragment is a Multikey. The part before that fragment
    must be the issuer: it is the key's controller. A DID says where to ask, so that its document must be at hand.
    """
    if (known := knows(resolver, url, issuer)) is not None:
        return FoundKey(key=known, name=url)
    controller, _, fragment = url.partition("#")
    if ":" not in controller:
        raise KeyRefused(f"the proof's verification method {shown(url)} is not a URL: it has no scheme")
    if controller.startswith("did:key:"):
        return _self_certified(url, controller, issuer)
    key = _key_in(fragment)
    if key is None:
        hint = "its key could not be found offline"
        raise KeyRefused(f"the proof could not be checked: {hint} ({shown(url)})", offline=True)
    if controller != issuer:
        raise KeyRefused(f"the proof's key belongs to {shown(controller)}, not to the issuer {shown(issuer)}")
    if issuer.startswith("did:"):
        raise _not_at_hand(issuer)
    return FoundKey(key=key, name=url, warning=_untied(issuer))


def key_in_header(jwk: object, issuer: str, resolver: KeyResolver | None) -> FoundKey:
    """The key that a JWT's header carries. Raises KeyRefused for one that may not be used or is not the issuer's."""
    try:
        key = PublicKey.from_jwk(jwk)
    except BadKey as error:
        raise KeyRefused(f"the proof's key cannot be used: {error}") from None
    name = f"jwk {key.thumbprint}"
    if knows(resolver, f"{issuer}#{_own_name(key)}", issuer) == key:
        return FoundKey(key=key, name=name)
    return FoundKey(key=key, name=name, warning=_tie_of(key, issuer))


def _own_name(key: PublicKey) -> str:
    """The Multikey, or for RSA, which has none, the thumbprint."""
    return key.thumbprint if key.kind == "RSA" else key.multibase


def _self_certified(url: str, controller: str, issuer: str) -> FoundKey:
    try:
        key = key_of_did_key(url)
    except BadKey as error:
        raise KeyRefused(f"the proof's key cannot be used: {error}") from None
    if issuer.partition("#")[0] == controller:
        return FoundKey(key=key, name=url)
    if issuer.startswith("did:"):
        raise KeyRefused(f"the proof's key {shown(controller)} is not one of the issuer {shown(issuer)}")
    return FoundKey(key=key, name=url, warning=_untied(issuer))


def _tie_of(key: PublicKey, issuer: str) -> str | None:
    if issuer.startswith("did:") and not issuer.startswith("did:key:"):
        raise _not_at_hand(issuer)
    if not issuer.startswith("did:key:"):
        return _untied(issuer)
    try:
        same = key_of_did_key(issuer.partition("#")[0]) == key
    except BadKey:
        same = False
    if not same:
        raise KeyRefused(f"the proof's key is not that of the issuer {shown(issuer)}")
    return None


def _not_at_hand(issuer: str) -> KeyRefused:
    told = "the issuer's DID document is needed to tell whether this key is its own; it was not at hand"
    return KeyRefused(f"{told} ({shown(issuer)})", offline=True)


def _untied(issuer: str) -> str:
    return f"nothing checked offline shows that the proof's key belongs to the issuer {shown(issuer)}"


def _key_in(fragment: str) -> PublicKey | None:
    try:
        return PublicKey.from_multibase(fragment)
    except BadKey:
        return None
