"""Use cases of opening officers: name them, and take the duty up with a key of one's own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.models import Member
from becta.market.accounts.roles import scopes_of
from becta.market.bids.models import Bid, OpeningOfficer
from becta.market.bids.receipts import Notary
from becta.market.bids.sealing import FEWEST_OFFICERS, MOST_OFFICERS
from becta.market.procurements.access import procurement_held, procurement_locked, seen
from becta.market.procurements.models import Procurement, ProcurementTrust
from becta.market.procurements.states import Phase, check_phase
from becta.market.procurements.telling import KIND

BEFORE_OPENING = (Phase.DRAFT, Phase.GATHERING, Phase.LOCKED, Phase.TENDERING)


def name_officers(
    session: Session, actor: Actor, procurement_id: UUID, people: Sequence[UUID], *, now: datetime
) -> Sequence[OpeningOfficer]:
    """Name two to four people who open the bids; those named before and not now are stood down.

    It is settled once the first bid came. Raises Invalid, NotFound, Forbidden or Conflict.
    """
    named_by = person_behind(actor, Scope.PROCUREMENTS_RUN)
    if not FEWEST_OFFICERS <= len(set(people)) == len(people) <= MOST_OFFICERS:
        mend = f"name {FEWEST_OFFICERS} to {MOST_OFFICERS} different people"
        raise Invalid([Fault(field="people", problem="are not as many as it takes", mend=mend)])
    procurement = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN)
    check_phase(procurement, *BEFORE_OPENING, now=now, doing="naming opening officers")
    _refuse_once_bid(session, procurement_id)
    refuse_if_any(_unfit(session, procurement, people))
    standing = {officer.person_id: officer for officer in on_duty(session, procurement_id)}
    for person_id in standing.keys() - set(people):
        standing[person_id].stood_down_at = now
    session.flush()
    for person_id in people:
        if person_id not in standing:
            made = OpeningOfficer(
                id=new_id(), procurement_id=procurement_id, person_id=person_id, named_by=named_by, named_at=now
            )
            session.add(made)
    session.flush()
    before, after = {"people": sorted(standing)}, {"people": sorted(people)}
    record(session, actor, "procurement.officers_named", KIND, procurement_id, now=now, before=before, after=after)
    return on_duty(session, procurement_id)


def take_up_duty(
    session: Session, actor: Actor, procurement_id: UUID, *, public_key: bytes, notary: Notary, now: datetime
) -> OpeningOfficer:
    """Take the duty of an opening officer up, with the public half of a fresh key.

    Raises NotFound, Forbidden if the actor is none of the officers, or Conflict if they took it up before.
    """
    person_id = person_behind(actor, Scope.BIDS_OPEN)
    procurement = procurement_held(session, procurement_id)
    seen(session, actor, procurement_id)
    officer = officer_of(on_duty(session, procurement_id), person_id)
    check_phase(procurement, *BEFORE_OPENING, now=now, doing="taking this duty up")
    if officer.taken_at is not None:
        lost = "if the code is lost before the first bid comes, somebody else can be named, and then you again"
        raise Conflict(f"you took this duty up already, and its code is shown only once; {lost}")
    officer.public_key, officer.taken_at = public_key.hex(), now
    officer.key_signature = notary.vouch(procurement_id, person_id, public_key)
    session.flush()
    after = {"officer": person_id, "public_key": officer.public_key}
    record(session, actor, "procurement.duty_taken_up", KIND, procurement_id, now=now, after=after)
    return officer


def on_duty(session: Session, procurement_id: UUID) -> Sequence[OpeningOfficer]:
    """The opening officers of a procurement, in the order they were named."""
    wanted = select(OpeningOfficer).where(
        col(OpeningOfficer.procurement_id) == procurement_id, col(OpeningOfficer.stood_down_at).is_(None)
    )
    return session.exec(wanted.order_by(col(OpeningOfficer.id))).all()


def gave_codes(session: Session, procurement_id: UUID) -> Mapping[UUID, bool]:
    """Whether each opening officer of a procurement has given their code, by officer."""
    wanted = select(OpeningOfficer.id, OpeningOfficer.gave_code_at).where(
        OpeningOfficer.procurement_id == procurement_id, col(OpeningOfficer.stood_down_at).is_(None)
    )
    return {officer_id: given is not None for officer_id, given in session.exec(wanted)}


def are_ready(officers: Sequence[OpeningOfficer]) -> bool:
    """Whether bids can be sealed: enough officers are named and each holds a code."""
    return len(officers) >= FEWEST_OFFICERS and all(officer.public_key is not None for officer in officers)


def vouched_keys(session: Session, procurement_id: UUID, notary: Notary) -> Mapping[UUID, bytes]:
    """The public keys that bids are sealed to, by officer; raises Conflict if there are too few, or one is not ours."""
    officers = on_duty(session, procurement_id)
    if not are_ready(officers):
        raise Conflict("the officers who will open the bids have not all taken up their duty, so no bid can be sealed")
    keys = {}
    for officer in officers:
        public = bytes.fromhex(officer.public_key or "")
        notary.check_vouched(procurement_id, officer.person_id, public, officer.key_signature or "")
        keys[officer.id] = public
    return keys


def officer_of(officers: Sequence[OpeningOfficer], person_id: UUID) -> OpeningOfficer:
    """The officer that somebody is; raises Forbidden."""
    for officer in officers:
        if officer.person_id == person_id:
            return officer
    raise Forbidden(need=Scope.BIDS_OPEN, because="only the opening officers named for this procurement do that")


def person_behind(actor: Actor, scope: Scope) -> UUID:
    """The person who acts; raises Forbidden if it is a token without one."""
    actor.require(scope)
    if actor.person_id is None:
        raise Forbidden(need=scope, because="this needs a person behind it: use that person's own token")
    return actor.person_id


def _refuse_once_bid(session: Session, procurement_id: UUID) -> None:
    if session.exec(select(Bid.id).where(col(Bid.procurement_id) == procurement_id).limit(1)).first() is not None:
        raise Conflict("a bid was sealed to these officers already, so they stay; any two of them open the bids")


def _unfit(session: Session, procurement: Procurement, people: Sequence[UUID]) -> list[Fault]:
    """Those who are no members, with a role that opens bids, of the organisation or a trust that takes part."""
    trusts = select(ProcurementTrust.organisation_id).where(ProcurementTrust.procurement_id == procurement.id)
    buyers = [procurement.organisation_id, *session.exec(trusts)]
    wanted = select(Member).where(
        col(Member.person_id).in_(people), col(Member.organisation_id).in_(buyers), col(Member.ended_at).is_(None)
    )
    fit = {one.person_id for one in session.exec(wanted) if Scope.BIDS_OPEN in scopes_of(map(Role, one.roles))}
    mend = "name members of the buyer whose role lets them open bids: approvers, finance or the trust's lead"
    return [
        Fault(field=f"people.{place}", problem="may not open bids here", mend=mend, value=str(person_id))
        for place, person_id in enumerate(people)
        if person_id not in fit
    ]
