"""Opening codes: an officer's private key as text that can be written down and typed, shown once and never stored."""

from base64 import b32decode, b32encode
from binascii import Error as Base32Error
from collections.abc import Mapping
from hashlib import sha256

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from becta.kernel.errors import Fault, Invalid

GROUP = 4
LONGEST_CODE = 200
_CHECK_BYTES = 3
_PREFIX = b"BECTA-OPENING-CODE-1\n"
_RFC4648, _CROCKFORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WRITTEN = str.maketrans(_RFC4648, _CROCKFORD)
_READ = str.maketrans(_CROCKFORD + "ILOU", _RFC4648 + "BBA!")  # an I or L is a 1, an O a 0, and U is not used
_GAPS = str.maketrans("", "", " -\t\r\n")


def new_key() -> PrivateKey:
    """A fresh X25519 key for an officer."""
    return PrivateKey.generate()


def code_of(key: PrivateKey) -> str:
    """A key as 14 groups of four letters and digits (Crockford's base 32, without I, L, O and U), its check last."""
    text = b32encode(bytes(key) + _check(bytes(key))).decode().translate(_WRITTEN)
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def key_of(code: str) -> PrivateKey:
    """The key that a code stands for, however it is spaced or cased; raises Invalid, without repeating it."""
    text = code.translate(_GAPS).upper() if len(code) <= LONGEST_CODE and code.isascii() else ""
    try:
        raw = b32decode(text.translate(_READ))
    except Base32Error:
        raw = b""
    secret, check = raw[: PrivateKey.SIZE], raw[PrivateKey.SIZE :]
    if len(secret) != PrivateKey.SIZE or check != _check(secret):
        mend = "type all 14 groups of four as they were shown when you took the duty up"
        raise Invalid([Fault(field="code", problem="is not an opening code: something was mistyped", mend=mend)])
    return PrivateKey(secret)


def check_is_of(key: PrivateKey, public: bytes) -> None:
    """Raise Invalid unless a key is the one whose public half is known of an officer."""
    if bytes(key.public_key) != public:
        problem = "is an opening code, but not yours for this procurement"
        mend = "give the code that was shown to you when you took this duty up"
        raise Invalid([Fault(field="code", problem=problem, mend=mend)])


def handed_over(key: PrivateKey, others: Mapping[str, bytes]) -> dict[str, bytes]:
    """The first officer's key, sealed to each other officer's public key: until one of them comes it opens nothing."""
    return {name: SealedBox(PublicKey(public)).encrypt(bytes(key)) for name, public in others.items()}


def taken_over(sealed: bytes, key: PrivateKey, public: bytes) -> PrivateKey | None:
    """The first officer's key, for the second; None if what was handed over was changed."""
    try:
        first = PrivateKey(SealedBox(key).decrypt(sealed))
    except (CryptoError, ValueError, TypeError):
        return None
    return first if bytes(first.public_key) == public else None


def _check(secret: bytes) -> bytes:
    return sha256(_PREFIX + secret).digest()[:_CHECK_BYTES]
