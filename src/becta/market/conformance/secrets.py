"""Secrets of endpoints between asking for a run and doing it: encrypted with this house's secret, then forgotten."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"becta conformance settings"


class Sealed:
    """Seals and opens settings."""

    def __init__(self, secret: bytes) -> None:
        """Seal with a key derived from the house's secret."""
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
        self._fernet = Fernet(urlsafe_b64encode(derived))

    def seal(self, settings: Mapping[str, str]) -> bytes | None:
        """The settings, encrypted; None if there are none."""
        return self._fernet.encrypt(msgspec.json.encode(settings)) if settings else None

    def open(self, sealed: bytes | None) -> dict[str, str]:
        """The settings again; raises ValueError if they were sealed with another secret."""
        if sealed is None:
            return {}
        try:
            return msgspec.json.decode(self._fernet.decrypt(sealed), type=dict[str, str])
        except InvalidToken:
            raise ValueError("the settings were sealed with another secret of this house") from None
