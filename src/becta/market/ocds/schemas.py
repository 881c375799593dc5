"""What is asked and answered about notices and releases. Amounts are pence ex VAT as far as their publisher says so."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from becta.market.ocds.benchmarks import Spread
from becta.market.ocds.interests import Interest
from becta.market.ocds.models import NoticeInterest, OcdsNotice
from becta.market.ocds.projecting import Stage


class NoticeOut(Struct, frozen=True, kw_only=True):
    """A notice of somebody else in short; `value` holds the digits as given, `value_pence` whole pence of sterling."""

    id: UUID
    ocid: str
    release_id: str
    version: int
    date: datetime
    tags: tuple[str, ...]
    stage: Stage
    title: str
    description: str
    buyer: str
    cpv: tuple[str, ...]
    value: str | None
    currency: str | None
    value_pence: int | None
    deadline: datetime | None
    publisher: str
    license: str


class InterestIn(Interest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a supplier wants to hear of: CPV codes or categories, and words; at least one of them."""


class InterestOut(Struct, frozen=True, kw_only=True):
    """A saved interest."""

    id: UUID
    cpv: tuple[str, ...]
    categories: tuple[str, ...]
    words: tuple[str, ...]
    created_at: datetime
    ended_at: datetime | None


class BenchmarkSource(Struct, frozen=True, kw_only=True):
    """Who published so many of the awards counted, and under what licence."""

    publisher: str
    license: str
    awards: int


class BenchmarkOut(Struct, frozen=True, kw_only=True):
    """How awarded values of what lies below a CPV code are spread, in pence; `spread` is null with fewer than three.

    Values are whole contracts as their buyers published them, not prices of one thing.
    """

    cpv: str
    awards: int
    spread: Spread | None
    sources: tuple[BenchmarkSource, ...]


def notice_out(row: OcdsNotice) -> NoticeOut:
    """A notice in short."""
    told = {name: getattr(row, name) for name in NoticeOut.__struct_fields__ if name in OcdsNotice.model_fields}
    told |= {"tags": tuple(row.tags), "cpv": tuple(row.cpv)}
    return NoticeOut(value=row.value_digits, currency=row.value_currency, **told)


def interest_out(row: NoticeInterest) -> InterestOut:
    """A saved interest."""
    wanted = msgspec.convert(row.wanted, Interest)
    return InterestOut(
        id=row.id,
        cpv=wanted.cpv,
        categories=wanted.categories,
        words=wanted.words,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


class ReleaseKey(NamedTuple):
    """A process and the number of its first release."""

    ocid: str
    number: int
