"""Whether a badge is about a recipient who is known from elsewhere (Open Badges 3.0, "Verify the Recipient")."""

import hashlib
import hmac

from msgspec import Struct

from becta.compliance.openbadges.reading import JsonObject, objects_in, text_at

HASHES = {"sha256": hashlib.sha256, "md5": hashlib.md5}
"""Algorithms of an IdentityHash, written `sha256$…`; the older md5 stands in the specification too."""


class Recipient(Struct, frozen=True, kw_only=True):
    """A known value: of the subject's `id`, or of an identifier of a type such as emailAddress."""

    value: str
    identity_type: str | None = None


def is_recipient(credential: JsonObject, recipient: Recipient) -> bool:
    """Whether the subject's id, or one of its identifiers of that type, is the known value."""
    for subject in objects_in(credential.get("credentialSubject")):
        if recipient.identity_type is None:
            if subject.get("id") == recipient.value:
                return True
            continue
        for entry in objects_in(subject.get("identifier")):
            if entry.get("identityType") == recipient.identity_type and _fits(entry, recipient.value):
                return True
    return False


def _fits(entry: JsonObject, value: str) -> bool:
    wanted = text_at(entry, "identityHash") or ""
    if entry.get("hashed") is not True:
        return bool(wanted) and wanted == value
    algorithm, _, digest = wanted.partition("$")
    if algorithm not in HASHES:
        return False
    salted = (value + (text_at(entry, "salt") or "")).encode()
    return hmac.compare_digest(HASHES[algorithm](salted).hexdigest().encode(), digest.lower().encode())
