"""Sealing a bid so that any two opening officers open it together and nobody opens it alone.

A sealed bid is one run of bytes: magic, length of the header, header, nonce and ciphertext. Its data key is split in
two random halves for every pair of officers, each half sealed to one officer's public key (X25519 sealed boxes). The
ciphertext (XChaCha20-Poly1305) is bound to the header and to what the bid is: whose, for what, and when it came.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import combinations
from uuid import UUID

import msgspec
from msgspec import Struct
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import Aead

FEWEST_OFFICERS, MOST_OFFICERS = 2, 4
SALT_BYTES = 32
SMALLEST = 4_096
"""Shorter contents are padded to this many bytes, longer ones to a power of two."""
LARGE = 1 << 20
"""From here on contents are padded to a multiple of this instead."""
_MAGIC = b"BECTA-BID-1\n"
_COMMITMENT = b"BECTA-BID-COMMITMENT-1\n"
_LENGTH_BYTES = 8
_HEADER_LENGTH_BYTES = 4
_KEY_BYTES = Aead.KEY_SIZE


class Unopened(Exception):
    """A sealed bid that cannot be opened: it was changed, is another's, or the keys are not two of its officers'."""


class Occasion(Struct, frozen=True, kw_only=True):
    """What a sealed bid is bound to, so that it cannot be swapped, moved or re-dated."""

    procurement_id: UUID
    bid_id: UUID
    supplier_id: UUID
    received_at: datetime


class SealedBid(Struct, frozen=True, kw_only=True):
    """The sealed bytes, their SHA-256, and a salted commitment to the content, which tells nothing of it."""

    data: bytes
    sha256: str
    commitment: str


class OpenedContent(Struct, frozen=True, kw_only=True):
    """The content of a bid, and the salt with which anybody can check its commitment."""

    content: bytes
    salt: bytes

    @property
    def commitment(self) -> str:
        """The commitment that the receipt shows."""
        return commitment_to(self.content, self.salt)


class _Pair(Struct, frozen=True, array_like=True):
    first: bytes
    second: bytes
    first_half: bytes
    second_half: bytes


def commitment_to(content: bytes, salt: bytes) -> str:
    """A commitment to a content: SHA-256 over 32 random bytes and the content, as hex."""
    return sha256(_COMMITMENT + salt + content).hexdigest()


def seal(content: bytes, occasion: Occasion, officers: Sequence[bytes]) -> SealedBid:
    """Seal a content to officers' public keys, any two of whom open it; raises ValueError for too few or too many."""
    if not FEWEST_OFFICERS <= len(set(officers)) == len(officers) <= MOST_OFFICERS:
        raise ValueError(f"{FEWEST_OFFICERS} to {MOST_OFFICERS} officers open a bid, each with a key of their own")
    key, salt = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(SALT_BYTES)
    header = _header([_split(key, first, second) for first, second in combinations(sorted(officers), 2)])
    data = header + Aead(key).encrypt(_padded(content, salt), _bound(header, occasion))
    return SealedBid(data=data, sha256=sha256(data).hexdigest(), commitment=commitment_to(content, salt))


def open_sealed(data: bytes, occasion: Occasion, one: PrivateKey, other: PrivateKey) -> OpenedContent:
    """The content of a sealed bid, with the private keys of two of its officers; raises Unopened."""
    header, ciphertext = _parted(data)
    keys = {bytes(key.public_key): key for key in (one, other)}
    for pair in _pairs(header):
        if {pair.first, pair.second} == keys.keys():
            key = _joined(pair, keys)
            break
    else:
        raise Unopened("it was not sealed to these two officers")
    try:
        plaintext = Aead(key).decrypt(ciphertext, _bound(header, occasion))
    except (CryptoError, ValueError) as error:
        raise Unopened("it was changed since it was sealed, or is not the bid it is said to be") from error
    return _unpadded(plaintext)


def padded_size(length: int) -> int:
    """How many bytes a content of this length is padded to: its size class, which is all that a length tells."""
    if length <= LARGE:
        return max(SMALLEST, 1 << max(0, length - 1).bit_length())
    return -(-length // LARGE) * LARGE


def _split(key: bytes, first: bytes, second: bytes) -> _Pair:
    half = secrets.token_bytes(_KEY_BYTES)
    return _Pair(first, second, _sealed_to(first, half), _sealed_to(second, _xor(key, half)))


def _joined(pair: _Pair, keys: Mapping[bytes, PrivateKey]) -> bytes:
    try:
        return _xor(
            SealedBox(keys[pair.first]).decrypt(pair.first_half), SealedBox(keys[pair.second]).decrypt(pair.second_half)
        )
    except (CryptoError, ValueError) as error:
        raise Unopened("the halves of its key were changed since it was sealed") from error


def _sealed_to(public: bytes, text: bytes) -> bytes:
    return SealedBox(PublicKey(public)).encrypt(text)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _padded(content: bytes, salt: bytes) -> bytes:
    plaintext = salt + len(content).to_bytes(_LENGTH_BYTES) + content
    return plaintext.ljust(padded_size(len(plaintext)), b"\0")


def _unpadded(plaintext: bytes) -> OpenedContent:
    start = SALT_BYTES + _LENGTH_BYTES
    length = int.from_bytes(plaintext[SALT_BYTES:start])
    if start + length > len(plaintext):
        raise Unopened("what was sealed is not whole")
    return OpenedContent(content=plaintext[start : start + length], salt=plaintext[:SALT_BYTES])


def _header(pairs: Sequence[_Pair]) -> bytes:
    encoded = msgspec.msgpack.encode(pairs)
    return _MAGIC + len(encoded).to_bytes(_HEADER_LENGTH_BYTES) + encoded


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """The header with magic and length, and the ciphertext with its nonce."""
    start = len(_MAGIC) + _HEADER_LENGTH_BYTES
    end = start + int.from_bytes(data[len(_MAGIC) : start])
    if not data.startswith(_MAGIC) or end > len(data):
        raise Unopened("it is not a sealed bid")
    return data[:end], data[end:]


def _pairs(header: bytes) -> list[_Pair]:
    try:
        return msgspec.msgpack.decode(header[len(_MAGIC) + _HEADER_LENGTH_BYTES :], type=list[_Pair])
    except msgspec.DecodeError as error:  # includes values of a wrong kind
        raise Unopened("its header cannot be read") from error


def _bound(header: bytes, occasion: Occasion) -> bytes:
    """What the ciphertext is authenticated with: the whole header and the occasion, each of a fixed form."""
    utc = msgspec.structs.replace(occasion, received_at=occasion.received_at.astimezone(UTC))
    return sha256(header).digest() + msgspec.json.encode(utc)
