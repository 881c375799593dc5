"""Telling people that a badge ends: a chore finds what is due, the outbox has it mailed, and each is told once."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from becta.compliance.badges.models import BadgeClaimRow, BadgeNotice
from becta.compliance.badges.notices import Notice, ends_for
from becta.compliance.badges.rules import ClaimState
from becta.kernel.actor import system
from becta.kernel.clock import london_date
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id
from becta.market.db import Database

TOPIC = "badge_notice"
"""What the outbox calls a notice to be mailed."""
AT_ONCE = 500


def give_notices(db: Database, *, now: datetime) -> int:
    """Enter every notice that is due and was not given, with its mail in the outbox; returns how many."""
    with db.read() as session:
        if not _missing(session, now=now):
            return 0
    with db.write() as session:
        missing = _missing(session, now=now)
        for claim, notice in missing:
            made = BadgeNotice(id=new_id(), claim_id=claim.id, kind=notice, given_at=now)
            session.add(made)
            announce(session, TOPIC, made.id, now=now)
            if notice is Notice.LAPSED:
                after = {"expires_on": str(claim.expires_on)}
                record(session, system("ledger"), "badge.lapsed", "badge_claim", claim.id, now=now, after=after)
        return len(missing)


def _missing(session: Session, *, now: datetime) -> list[tuple[BadgeClaimRow, Notice]]:
    """Notices due now and not given, AT_ONCE of each kind, of badges that no later one of the same kind outlasts."""
    today = london_date(now)
    found: list[tuple[BadgeClaimRow, Notice]] = []
    for notice in Notice:
        earliest, latest = ends_for(notice, today)
        claims = session.exec(
            select(BadgeClaimRow)
            .where(
                BadgeClaimRow.state == ClaimState.ACCEPTED,
                col(BadgeClaimRow.expires_on) >= earliest,
                col(BadgeClaimRow.expires_on) <= latest,
                ~_was_given(notice),
                ~_is_outlasted(),
            )
            .order_by(col(BadgeClaimRow.expires_on), col(BadgeClaimRow.id))
            .limit(AT_ONCE)
        ).all()
        found += [(claim, notice) for claim in claims]
    return found


def _was_given(notice: Notice) -> ColumnElement[bool]:
    given = select(BadgeNotice.id).where(BadgeNotice.claim_id == col(BadgeClaimRow.id), BadgeNotice.kind == notice)
    return given.exists()


def _is_outlasted() -> ColumnElement[bool]:
    """Whether a later badge of the same holder, standard and role goes on when this one ends."""
    other = aliased(BadgeClaimRow)
    same = (
        col(getattr(other, name)).is_not_distinct_from(col(getattr(BadgeClaimRow, name)))
        for name in ("product_id", "supplier_id", "standard", "role")
    )
    lasts = or_(col(other.expires_on).is_(None), col(other.expires_on) > col(BadgeClaimRow.expires_on))
    return select(other.id).where(other.state == ClaimState.ACCEPTED, *same, lasts).exists()
