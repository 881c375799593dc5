"""Reading notices of others and releases of ours."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from becta.kernel.errors import NotFound
from becta.market.ocds.benchmarks import spread
from becta.market.ocds.interests import cpv_prefix
from becta.market.ocds.models import NoticeAlert, OcdsNotice, OcdsNoticeAward, OcdsRelease
from becta.market.ocds.projecting import Stage
from becta.market.ocds.schemas import BenchmarkOut, BenchmarkSource, ReleaseKey

AT_ONCE = 200
"""How many rows a stream reads at a time."""


def is_newest() -> ColumnElement[bool]:
    """Whether no later release of the same process is here, nor a later version of the same release."""
    later = aliased(OcdsNotice)
    after = or_(
        col(later.date) > col(OcdsNotice.date),
        and_(col(later.date) == col(OcdsNotice.date), col(later.id) > col(OcdsNotice.id)),
    )
    return ~select(later.id).where(col(later.ocid) == col(OcdsNotice.ocid), after).exists()


def open_notices(session: Session, *, now: datetime) -> list[OcdsNotice]:
    """Processes of others that can still be bid for, by what they said last, the nearest deadline first."""
    wanted = _in_short().where(col(OcdsNotice.deadline) > now, col(OcdsNotice.stage) == Stage.TENDER, is_newest())
    return list(session.exec(wanted.order_by(col(OcdsNotice.deadline), col(OcdsNotice.id))))


def notices(
    session: Session, *, is_open: bool | None, cpv: str | None, before: UUID | None, limit: int, now: datetime
) -> list[OcdsNotice]:
    """The newest word on each process of others, the last that came first."""
    wanted = _in_short().where(is_newest())
    if is_open is not None:
        opened = and_(col(OcdsNotice.deadline) > now, col(OcdsNotice.stage) == Stage.TENDER)
        wanted = wanted.where(opened if is_open else ~func.coalesce(opened, False))
    if cpv is not None:
        wanted = wanted.where(col(OcdsNotice.main_cpv).like(f"{cpv_prefix(cpv)}%"))
    if before is not None:
        wanted = wanted.where(col(OcdsNotice.id) < before)
    return list(session.exec(wanted.order_by(col(OcdsNotice.id).desc()).limit(limit)))


def one_notice(session: Session, notice_id: UUID) -> OcdsNotice:
    """A notice of somebody else; raises NotFound."""
    found = session.get(OcdsNotice, notice_id)
    if found is None:
        raise NotFound("notice", notice_id)
    return found


def told_in(session: Session, letter: UUID) -> list[tuple[UUID, OcdsNotice]]:
    """The supplier a letter goes to, with each notice it tells of, the nearest deadline first."""
    wanted = (
        select(NoticeAlert.organisation_id, OcdsNotice)
        .join(OcdsNotice, col(OcdsNotice.id) == col(NoticeAlert.notice_id))
        .where(NoticeAlert.letter == letter)
    )
    return list(session.exec(wanted.order_by(col(OcdsNotice.deadline), col(OcdsNotice.id))))


def benchmark(session: Session, cpv: str) -> BenchmarkOut:
    """How awarded values of what lies below a CPV code are spread; of an award what was said last counts.

    Left out are awards not in sterling, of no or unknown value, and those that came to nothing.
    """
    prefix = cpv_prefix(cpv)
    newer, later = aliased(OcdsNoticeAward), aliased(OcdsNotice)
    after = or_(
        col(later.date) > col(OcdsNotice.date),
        and_(col(later.date) == col(OcdsNotice.date), col(later.id) > col(OcdsNotice.id)),
    )
    said_again = (
        select(newer.notice_id)
        .join(later, col(later.id) == col(newer.notice_id))
        .where(
            col(newer.ocid) == col(OcdsNoticeAward.ocid), col(newer.award_id) == col(OcdsNoticeAward.award_id), after
        )
    )
    wanted = (
        select(OcdsNoticeAward.value_pence, OcdsNotice.publisher, OcdsNotice.license)
        .join(OcdsNotice, col(OcdsNotice.id) == col(OcdsNoticeAward.notice_id))
        .where(
            col(OcdsNoticeAward.cpv).like(f"{prefix}%"),
            col(OcdsNoticeAward.value_pence) > 0,
            col(OcdsNoticeAward.status).not_in(["cancelled", "unsuccessful"]),
            ~said_again.exists(),
        )
    )
    found = session.exec(wanted).all()
    sources: dict[tuple[str, str], int] = {}
    for _, publisher, license_ in found:
        sources[publisher, license_] = sources.get((publisher, license_), 0) + 1
    return BenchmarkOut(
        cpv=prefix,
        awards=len(found),
        spread=spread([pence for pence, _, _ in found if pence is not None]),
        sources=tuple(
            BenchmarkSource(publisher=publisher, license=license_, awards=count)
            for (publisher, license_), count in sorted(sources.items())
        ),
    )


def releases_after(session: Session, number: int, limit: int) -> list[OcdsRelease]:
    """Our releases after one, in the order in which they were published."""
    wanted = select(OcdsRelease).where(col(OcdsRelease.number) > number).order_by(col(OcdsRelease.number))
    return list(session.exec(wanted.limit(limit)))


def one_release(session: Session, ocid: str, release_id: str) -> OcdsRelease:
    """A release of ours; raises NotFound."""
    found = session.exec(
        select(OcdsRelease).where(OcdsRelease.ocid == plain(ocid), OcdsRelease.release_id == plain(release_id))
    ).first()
    if found is None:
        raise NotFound("release", f"{ocid}/{release_id}")
    return found


def releases_of(session: Session, ocids: Sequence[str]) -> dict[str, list[OcdsRelease]]:
    """The releases of these processes of ours, each oldest first."""
    found: dict[str, list[OcdsRelease]] = {ocid: [] for ocid in ocids}
    wanted = select(OcdsRelease).where(col(OcdsRelease.ocid).in_(ocids)).order_by(col(OcdsRelease.number))
    for row in session.exec(wanted):
        found[row.ocid].append(row)
    return found


def processes(session: Session, after: int, limit: int) -> list[ReleaseKey]:
    """Our processes in the order of their first release, each with that release's number."""
    first = func.min(col(OcdsRelease.number))
    wanted = select(OcdsRelease.ocid, first).group_by(col(OcdsRelease.ocid)).having(first > after)
    return [ReleaseKey(ocid, number) for ocid, number in session.exec(wanted.order_by(first).limit(limit))]


def plain(key: str) -> str:
    """A key from an address without NUL, which PostgreSQL refuses and no key of ours holds."""
    return key.replace("\x00", " ")


def _in_short() -> SelectOfScalar[OcdsNotice]:
    """Notices without what they came as, which may be large."""
    return select(OcdsNotice).options(
        defer(OcdsNotice.body, raiseload=True)  # type: ignore[arg-type]  # SQLModel types a column as its value
    )
