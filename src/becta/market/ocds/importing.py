"""Keeping the notices of others: each as it came, once, with what it says in short; what is broken is told."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import BinaryIO

from msgspec import Struct
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.ocds.models import OcdsNotice, OcdsNoticeAward
from becta.market.ocds.projecting import OPEN_GOVERNMENT, UNSAID, NoticeShort, in_short, publisher_of
from becta.market.ocds.reading import LIMITS, Limits, ReadRelease, Refused, canonical, read_notices

CHUNK = 200
"""How many releases go into one transaction."""


class Imported(Struct, kw_only=True):
    """What became of a file: new releases, further versions of known ones, ones known to the letter, refused lines."""

    new: int = 0
    changed: int = 0
    identical: int = 0
    refused: int = 0

    @property
    def read(self) -> int:
        """How many releases were taken, known before or not."""
        return self.new + self.changed + self.identical


def import_notices(
    write: Callable[[], AbstractContextManager[Session]],
    stream: BinaryIO,
    actor: Actor,
    *,
    now: datetime,
    refuse: Callable[[Refused], None],
    limits: Limits = LIMITS,
) -> Imported:
    """Keep every good release of a file, and tell `refuse` of what is wrong with the others.

    A release is known by `ocid` and `id`: come again the same, it changes nothing; come again changed, it is kept
    beside what was there as its next version. The same file twice changes nothing.
    """
    total = Imported()
    refused: set[tuple[int, str]] = set()
    good = _good(read_notices(stream, limits), refuse, refused)
    while chunk := list(islice(good, CHUNK)):
        with write() as session:
            _keep(session, actor, chunk, total, now=now)
    total.refused = len(refused)
    return total


def _good(
    found: Iterator[ReadRelease | Refused], refuse: Callable[[Refused], None], refused: set[tuple[int, str]]
) -> Iterator[ReadRelease]:
    for one in found:
        if isinstance(one, Refused):
            refused.add((one.line, _release_of(one.mistake.pointer)))
            refuse(one)
        else:
            yield one


def _release_of(at: str) -> str:
    """Which release of its line a fault is in: releases are counted, not their faults."""
    parts = at.split("/")
    return "/".join(parts[: {"releases": 3, "records": 5}.get(parts[1], 1)]) if len(parts) > 1 else ""


def _keep(session: Session, actor: Actor, chunk: list[ReadRelease], total: Imported, *, now: datetime) -> None:
    known = _known(session, {one.value["ocid"] for one in chunk})
    for one in chunk:
        digests = known.setdefault((one.value["ocid"], one.value["id"]), [])
        digest = sha256(canonical(one.value)).hexdigest()
        if digest in digests:
            total.identical += 1
            continue
        if digests:
            total.changed += 1
        else:
            total.new += 1
        digests.append(digest)
        _add(session, actor, one, digest, version=len(digests), now=now)


def _known(session: Session, ocids: set[str]) -> dict[tuple[str, str], list[str]]:
    """The digests of all versions of the releases of these processes, oldest first."""
    wanted = (
        select(OcdsNotice.ocid, OcdsNotice.release_id, OcdsNotice.digest)
        .where(col(OcdsNotice.ocid).in_(ocids))
        .order_by(col(OcdsNotice.version))
    )
    known: dict[tuple[str, str], list[str]] = {}
    for ocid, release_id, digest in session.exec(wanted):
        known.setdefault((ocid, release_id), []).append(digest)
    return known


def _add(session: Session, actor: Actor, one: ReadRelease, digest: str, *, version: int, now: datetime) -> None:
    short = in_short(one.value)
    value, publisher = short.value or UNSAID, publisher_of(short.ocid)
    row = OcdsNotice(
        id=new_id(),
        ocid=short.ocid,
        release_id=short.release_id,
        version=version,
        digest=digest,
        publisher=one.source.publisher or publisher,
        license=one.source.license or (OPEN_GOVERNMENT if not publisher.startswith("ocds-") else ""),
        body=one.text,
        imported_at=now,
        date=short.date,
        tags=list(short.tags),
        stage=short.stage,
        title=short.title,
        description=short.description,
        buyer=short.buyer,
        main_cpv=short.cpv[0] if short.cpv else None,
        cpv=list(short.cpv),
        value_digits=value.digits,
        value_currency=value.currency,
        value_pence=value.pence,
        published_at=short.published_at,
        deadline=short.deadline,
        starts_at=short.starts_at,
        ends_at=short.ends_at,
    )
    session.add(row)
    session.flush()
    session.add_all(_awards(row, short))
    after = {"ocid": row.ocid, "release": row.release_id, "version": version, "digest": digest}
    record(session, actor, "notice.imported", "notice", row.id, now=now, after=after)


def _awards(row: OcdsNotice, short: NoticeShort) -> list[OcdsNoticeAward]:
    return [
        OcdsNoticeAward(
            notice_id=row.id,
            position=position,
            ocid=row.ocid,
            award_id=award.award_id,
            title=award.title,
            status=award.status,
            cpv=short.cpv[0] if short.cpv else None,
            date=award.date,
            value_digits=(award.value or UNSAID).digits,
            value_currency=(award.value or UNSAID).currency,
            value_pence=(award.value or UNSAID).pence,
            suppliers=list(award.suppliers),
        )
        for position, award in enumerate(short.awards)
    ]
