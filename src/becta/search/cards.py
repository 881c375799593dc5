"""Cards as the index keeps them."""

import msgspec
from msgspec import Struct

from becta.search.documents import BadgeMark, Document
from becta.search.engine import Card


class _Kept(Struct, frozen=True, array_like=True):
    """A card without its field names: smaller on disk and quicker to read."""

    id: str
    reference: str
    kind: str
    title: str
    supplier_id: str
    supplier: str
    brand: str
    category: str
    category_name: str
    summary: str
    conditions: tuple[str, ...]
    price_pence: int | None
    price_unit: str
    offers: int
    badges: tuple[tuple[str, str, str, str, str, str, int, int | None], ...]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_Kept).decode


def pack_card(card: Card) -> bytes:
    """The card as it is kept in the index."""
    badges = tuple(msgspec.structs.astuple(mark) for mark in card.badges)
    return _pack((*msgspec.structs.astuple(card)[:-1], badges))


def unpack_card(kept: bytes) -> Card:
    """The card that `pack_card` packed."""
    found = _unpack(kept)
    return Card(
        id=found.id,
        reference=found.reference,
        kind=found.kind,
        title=found.title,
        supplier_id=found.supplier_id,
        supplier=found.supplier,
        brand=found.brand,
        category=found.category,
        category_name=found.category_name,
        summary=found.summary,
        conditions=found.conditions,
        price_pence=found.price_pence,
        price_unit=found.price_unit,
        offers=found.offers,
        badges=tuple(
            BadgeMark(
                code=code,
                name=name,
                level=level,
                holder=holder,
                version=version,
                role=role,
                valid_from=start,
                valid_until=end,
            )
            for code, name, level, holder, version, role, start, end in found.badges
        ),
    )


def card_of(document: Document) -> Card:
    """What is kept of a document to show it in a list, with every badge whatever its span."""
    return Card(
        id=document.id,
        reference=document.reference,
        kind=document.kind,
        title=document.title,
        supplier_id=document.supplier_id,
        supplier=document.supplier,
        brand=document.brand,
        category=document.category,
        category_name=document.category_name,
        summary=document.summary,
        conditions=document.conditions,
        price_pence=document.price_pence,
        price_unit=document.price_unit,
        offers=document.offers,
        badges=document.badges,
    )
