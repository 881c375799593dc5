"""What a bid says: prices and answers lot by lot, declarations and files. Prices are pence for one, ex VAT."""

from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct

from becta.market.pledges.tiers import Tier

_LENGTH_BYTES = 4


class LotBid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bid for the lot of this number: tiers, how many can be supplied (None: any number), and answers by criterion.

    `product_ids` are the products of the catalogue that are offered; their badges are looked up at the opening.
    """

    lot: int
    tiers: tuple[Tier, ...]
    capacity: int | None = None
    vat_basis_points: int = 2000
    answers: dict[str, str] = {}
    product_ids: tuple[UUID, ...] = ()


class BidFileSent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file sent with a bid, its data in base64."""

    name: str
    media_type: str
    data: bytes


class NewBid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bid as it is sent: one entry for each lot that is bid for, declarations by code, and files."""

    lots: tuple[LotBid, ...]
    declarations: dict[str, bool] = {}
    files: tuple[BidFileSent, ...] = ()


class FileNote(Struct, frozen=True, kw_only=True):
    """A file of a bid without its data; `number` counts from 1, `size` is bytes."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str


class BidContent(Struct, frozen=True, kw_only=True):
    """What a bid says, files by their hashes: what is judged, and what the commitment on the receipt is made to."""

    lots: tuple[LotBid, ...]
    declarations: dict[str, bool] = {}
    files: tuple[FileNote, ...] = ()


class Unreadable(Exception):
    """A content that is not what we seal."""


def content_of(sent: NewBid) -> BidContent:
    """What a bid says, with its files noted."""
    files = tuple(
        FileNote(
            number=number,
            name=file.name.strip(),
            media_type=file.media_type,
            size=len(file.data),
            sha256=sha256(file.data).hexdigest(),
        )
        for number, file in enumerate(sent.files, 1)
    )
    return BidContent(lots=sent.lots, declarations=sent.declarations, files=files)


def packed(sent: NewBid) -> bytes:
    """A bid as the bytes that are sealed: the length of its content, the content as JSON, and its files."""
    content = msgspec.json.encode(content_of(sent), order="deterministic")
    return b"".join([len(content).to_bytes(_LENGTH_BYTES), content, *(file.data for file in sent.files)])


def unpacked(data: bytes) -> tuple[str, BidContent, tuple[bytes, ...]]:
    """The content as JSON text and as a value, and the data of each file; raises Unreadable."""
    start = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES])
    try:
        text = data[_LENGTH_BYTES:start].decode()
        content = msgspec.json.decode(text, type=BidContent)
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise Unreadable("its content cannot be read") from error
    files = []
    for note in content.files:
        file, start = data[start : start + note.size], start + note.size
        if sha256(file).hexdigest() != note.sha256:
            raise Unreadable(f"its file {note.number} is not the one that was noted")
        files.append(file)
    if start != len(data):
        raise Unreadable("it holds more than it says")
    return text, content, tuple(files)
