"""Receipts for bids, signed by the marketplace with a key that is not in the database, and checked by anybody."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from becta.kernel.errors import Conflict
from becta.market.audit.keys import CheckpointSigner, signer_of

_RECEIPT = b"BECTA-BID-RECEIPT-1\n"
_OFFICER = b"BECTA-OPENING-OFFICER-1\n"
"""What is signed begins with its kind, so that no signature can be passed off as one of another kind."""


class Received(Struct, frozen=True, kw_only=True):
    """What a receipt states: whose bid for what came when, of what sealed bytes, with a commitment to what they hold.

    `sha256` and `size` are of the sealed bytes; `received_at` is the server's time.
    """

    procurement_id: UUID
    bid_id: UUID
    supplier_id: UUID
    received_at: datetime
    sha256: str
    size: int
    commitment: str


class Receipt(Received, frozen=True, kw_only=True):
    """A signed receipt: the key's short name as the trail's signed checkpoints write it, an Ed25519 signature, base64.

    What is signed is the line BECTA-BID-RECEIPT-1 and the other fields as JSON: sorted, no spaces, UTC with a Z.
    """

    key_id: str
    signature: str


class Notary:
    """Signs receipts and officers' keys with the key that signs the trail's checkpoints."""

    def __init__(self, key_file: Path, origin: str) -> None:
        """Sign for an origin with the key in a file, which is made when it is first needed."""
        self._key_file = key_file
        self._origin = origin

    @cached_property
    def _signer(self) -> CheckpointSigner:
        return signer_of(self._key_file, self._origin)

    @property
    def key_id(self) -> str:
        """The short name of the key."""
        return self._signer.verifier.key_id

    def receipt_of(self, received: Received) -> Receipt:
        """The signed receipt of a bid."""
        signature = b64encode(self._signer.sign(_stated(received))).decode()
        return Receipt(**msgspec.structs.asdict(received), key_id=self.key_id, signature=signature)

    def is_ours(self, receipt: Receipt) -> bool:
        """Whether we signed just this receipt."""
        return receipt.key_id == self.key_id and self._accepts(receipt.signature, _stated(receipt))

    def vouch(self, procurement_id: UUID, person_id: UUID, public_key: bytes) -> str:
        """Our signature over whose opening key this is: whoever writes another into the database is found out."""
        return b64encode(self._signer.sign(_officer(procurement_id, person_id, public_key))).decode()

    def check_vouched(self, procurement_id: UUID, person_id: UUID, public_key: bytes, signature: str) -> None:
        """Raise Conflict unless an officer's key is the one that was made for them here."""
        if not self._accepts(signature, _officer(procurement_id, person_id, public_key)):
            raise Conflict("an opening officer's key is not the one that was made here, so no bid is sealed to it")

    def _accepts(self, signature: str, text: bytes) -> bool:
        try:
            raw = b64decode(signature, validate=True)
        except (Base64Error, ValueError):
            return False
        return self._signer.verifier.accepts(raw, text)


def _stated(received: Received) -> bytes:
    stated = {name: getattr(received, name) for name in Received.__struct_fields__}
    stated["received_at"] = received.received_at.astimezone(UTC)
    return _RECEIPT + msgspec.json.encode(stated, order="deterministic")


def _officer(procurement_id: UUID, person_id: UUID, public_key: bytes) -> bytes:
    return _OFFICER + f"{procurement_id}\n{person_id}\n{public_key.hex()}\n".encode()
