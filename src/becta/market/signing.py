"""Codes for links in mails: an id and our signature over it, so that nothing in the database opens anything."""

import base64
import binascii
import hmac
import secrets
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from becta.market.key_files import kept

SECRET_BYTES = 32
LONGEST_CODE = 80
_ID_BYTES = 16


class LinkSigner:
    """Signs ids for a purpose with a secret of ours; a code for one purpose is worth nothing for another."""

    def __init__(self, secret: bytes) -> None:
        """Sign with this secret; raises ValueError if it is too short."""
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"the secret has {len(secret)} bytes, not {SECRET_BYTES}")
        self._secret = secret

    def sign(self, purpose: str, id: UUID) -> str:  # noqa: A002 - what is signed is an id
        """The code of an id for a purpose, fit for an address."""
        return base64.urlsafe_b64encode(id.bytes + self._signature(purpose, id)).decode().rstrip("=")

    def check(self, purpose: str, text: str) -> UUID | None:
        """The id a code was made for, None if it is not one of ours for this purpose."""
        if not text.isascii() or len(text) > LONGEST_CODE:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != _ID_BYTES + sha256().digest_size:
            return None
        found = UUID(bytes=raw[:_ID_BYTES])
        return found if hmac.compare_digest(raw[_ID_BYTES:], self._signature(purpose, found)) else None

    def _signature(self, purpose: str, id_: UUID) -> bytes:
        return hmac.digest(self._secret, f"{purpose}:{id_}".encode(), sha256)


def kept_secret(path: Path) -> bytes:
    """The secret in a file only we may read; made now if there is none. Two processes at once get the same one."""
    return kept(path, lambda: secrets.token_bytes(SECRET_BYTES))
