"""Telling people that a badge ends: a chore finds what is due, the outbox has it mailed, and each is told once."""

from datetime import datetime

from sqlalchemy import ColumnElement, case
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from becta.compliance.badges.models import BadgeClaimRow, BadgeNotice
from becta.compliance.badges.notices import Notice, ends_for
from becta.compliance.badges.requirements import PROOF
from becta.compliance.badges.rules import ClaimState, Level
from becta.compliance.standards.registry import standards
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
    """Whether a badge of the same holder that proves as much goes on when this one ends.

    Where a badge names the version of its standard, it must be of that version: who has OneRoster 1.2 lacks 1.1.
    """
    other, this = aliased(BadgeClaimRow), BadgeClaimRow
    same = (
        col(getattr(other, name)).is_not_distinct_from(col(getattr(this, name)))
        for name in ("product_id", "supplier_id", "standard", "role")
    )
    nameless = [code for code, each in standards().items() if "{version}" not in each.label]
    same_version = or_(col(other.standard_version) == col(this.standard_version), col(this.standard).in_(nameless))
    lasts = or_(col(other.expires_on).is_(None), col(other.expires_on) > col(this.expires_on))
    proves_as_much = _rank(other.level) >= _rank(this.level)
    goes_on = col(other.issued_on) <= col(this.expires_on)
    return (
        select(other.id)
        .where(other.state == ClaimState.ACCEPTED, *same, same_version, lasts, proves_as_much, goes_on)
        .exists()
    )


def _rank(level: Level) -> ColumnElement[int]:
    return case({each.value: number for number, each in enumerate(PROOF)}, value=col(level))
