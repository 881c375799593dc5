"""Invitations: only whoever was invited can accept, once, in time; and nobody learns of one that is not theirs."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select
from sqlmodel import col
from tests.market.accounts.conftest import NOW, Scene
from tests.support.people import person
from tests.support.watching import everything

from becta.kernel.actor import Role
from becta.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.market.accounts.invitations import accept_invitation, forget_expired, invite, withdraw_invitation
from becta.market.accounts.models import Invitation, Member, Organisation, Person
from becta.market.accounts.rules import MAX_OPEN_INVITATIONS


def invited(
    scene: Scene, email: str = "nia@larchlane.kent.sch.uk", *roles: Role, by: Person | None = None
) -> Invitation:
    """Somebody invited to the school."""
    actor = scene.acting(by or scene.approver, scene.school)
    with scene.db.write() as session:
        return invite(session, actor, scene.school, email, roles or (Role.BUYER,), now=NOW)


def accept(
    scene: Scene, who: Person, invitation_id: UUID | None, now: datetime = NOW, of: Organisation | None = None
) -> Member:
    """Accept it as somebody signed in."""
    with scene.db.write() as session:
        return accept_invitation(session, scene.acting(who, of), invitation_id, now=now)


def test_whoever_is_invited_joins_with_the_roles_and_the_address_is_forgotten(scene: Scene) -> None:
    made = invited(scene, " Nia@LarchLane.Kent.Sch.UK ", Role.BUYER, Role.FINANCE)
    assert (made.email, made.expires_at) == ("nia@larchlane.kent.sch.uk", NOW + timedelta(days=14))

    joined = accept(scene, scene.newcomer, made.id)

    assert (joined.organisation_id, joined.roles) == (scene.school.id, ["buyer", "finance"])
    with scene.db.read() as session:
        settled = session.get_one(Invitation, made.id)
        assert (settled.email, settled.accepted_by, settled.accepted_at) == (None, scene.newcomer.id, NOW)
        actions = session.execute(select(AuditEvent).order_by(col(AuditEvent.position))).scalars().all()
        assert [one.action for one in actions] == ["invitation.made", "invitation.accepted", "member.joined"]
        assert "larchlane" not in repr([(one.before, one.after, one.reason) for one in actions])
        topics = session.execute(select(col(OutboxMessage.topic), col(OutboxMessage.key))).all()
        assert ("invitation", made.id) in [tuple(row) for row in topics]


def test_an_invitation_widens_the_roles_of_a_member_and_takes_none(scene: Scene) -> None:
    with scene.db.write() as session:
        session.get_one(Person, scene.buyer.id).email = "ben@example.org"
    made = invited(scene, "ben@example.org", Role.AUDITOR)

    joined = accept(scene, scene.buyer, made.id, of=scene.school)

    assert (joined.roles, joined.revision) == (["auditor", "buyer"], 2)


def test_every_invitation_that_is_not_yours_to_accept_is_refused_in_the_same_words(scene: Scene) -> None:
    with scene.db.write() as session:
        nobody = person(session, "Noa", None)
        imposter = person(session, "Imp", "nia@larchlane.kent.sch.uk.example.org")
    used = invited(scene)
    accept(scene, scene.newcomer, used.id)
    withdrawn = invited(scene)
    with scene.db.write() as session:
        withdraw_invitation(session, scene.acting(scene.second, scene.school), withdrawn.id, now=NOW)
    current = invited(scene)
    stored = everything(scene.db)

    refused = set()
    for who, invitation_id, now in (
        (scene.newcomer, used.id, NOW),
        (scene.newcomer, withdrawn.id, NOW),
        (scene.newcomer, current.id, NOW + timedelta(days=14)),
        (scene.newcomer, UUID(int=7), NOW),
        (scene.newcomer, None, NOW),
        (scene.stranger, current.id, NOW),
        (imposter, current.id, NOW),
        (nobody, current.id, NOW),
        (nobody, used.id, NOW),
    ):
        with pytest.raises(NotFound) as error:
            accept(scene, who, invitation_id, now)
        refused.add((error.value.kind, error.value.key))

    assert refused == {("invitation", "with this code for you")}
    assert everything(scene.db) == stored
    accept(scene, scene.newcomer, current.id, NOW + timedelta(days=14) - timedelta(microseconds=1))


def test_an_invitation_accepted_by_many_at_once_is_used_once(scene: Scene) -> None:
    made, start = invited(scene), Barrier(6)

    def run(_: int) -> str:
        start.wait(timeout=30)
        try:
            accept(scene, scene.newcomer, made.id)
        except NotFound:
            return "refused"
        return "joined"

    with ThreadPoolExecutor(6) as threads:
        assert Counter(threads.map(run, range(6))) == {"joined": 1, "refused": 5}
    with scene.db.read() as session:
        query = select(Member).where(col(Member.person_id) == scene.newcomer.id)
        assert len(session.execute(query).all()) == 1


def test_nobody_invites_who_does_not_manage_people_nor_to_roles_beyond_them(scene: Scene) -> None:
    stored = everything(scene.db)
    for who, of in ((scene.buyer, scene.school), (scene.stranger, scene.elsewhere), (scene.newcomer, None)):
        with pytest.raises(Forbidden), scene.db.write() as session:
            invite(session, scene.acting(who, of), scene.school, "x@example.org", [Role.BUYER], now=NOW)
    for email, roles, fields in (
        ("x@example.org", [Role.TRUST_LEAD], ["roles"]),
        ("x@example.org", [], ["roles"]),
        ("not an address", [Role.BUYER], ["email"]),
        ("x@localhost", [Role.BUYER], ["email"]),
        ("a@b.org,c@d.org", [Role.BUYER], ["email"]),
        ("x@example.org\nBcc: y@example.org", [Role.OPERATOR], ["roles", "email"]),
    ):
        with pytest.raises(Invalid) as refused, scene.db.write() as session:
            invite(session, scene.acting(scene.approver, scene.school), scene.school, email, roles, now=NOW)
        assert [fault.field for fault in refused.value.faults] == fields
    assert everything(scene.db) == stored


def test_a_newer_invitation_to_the_same_address_replaces_the_older(scene: Scene) -> None:
    older, newer = invited(scene), invited(scene, "NIA@larchlane.kent.sch.uk", Role.FINANCE)

    with pytest.raises(NotFound):
        accept(scene, scene.newcomer, older.id)
    assert accept(scene, scene.newcomer, newer.id).roles == ["finance"]


def test_an_invitation_is_withdrawn_once_and_only_by_whoever_manages_people_there(scene: Scene) -> None:
    made = invited(scene)
    stored = everything(scene.db)
    with pytest.raises(NotFound), scene.db.write() as session:  # whoever is elsewhere does not learn that it exists
        withdraw_invitation(session, scene.acting(scene.stranger, scene.elsewhere), made.id, now=NOW)
    with pytest.raises(NotFound), scene.db.write() as session:
        withdraw_invitation(session, scene.acting(scene.approver, scene.school), UUID(int=7), now=NOW)
    with pytest.raises(Forbidden), scene.db.write() as session:
        withdraw_invitation(session, scene.acting(scene.buyer, scene.school), made.id, now=NOW)
    assert everything(scene.db) == stored

    with scene.db.write() as session:
        withdraw_invitation(session, scene.acting(scene.second, scene.school), made.id, now=NOW)
    stored = everything(scene.db)
    with pytest.raises(Conflict), scene.db.write() as session:
        withdraw_invitation(session, scene.acting(scene.second, scene.school), made.id, now=NOW)
    assert everything(scene.db) == stored


def test_an_organisation_has_only_so_many_open_invitations(scene: Scene) -> None:
    actor = scene.acting(scene.approver, scene.school)
    with scene.db.write() as session:
        for number in range(MAX_OPEN_INVITATIONS):
            invite(session, actor, scene.school, f"p{number}@example.org", [Role.BUYER], now=NOW)
    stored = everything(scene.db)
    with pytest.raises(Conflict):
        invited(scene)
    assert everything(scene.db) == stored


def test_the_addresses_of_expired_invitations_are_forgotten(scene: Scene) -> None:
    made = invited(scene)
    with time_machine.travel(made.expires_at - timedelta(seconds=1), tick=False):
        assert forget_expired(scene.db) == 0
    with time_machine.travel(made.expires_at, tick=False):
        assert forget_expired(scene.db) == 1
        assert forget_expired(scene.db) == 0
    with scene.db.read() as session:
        assert session.get_one(Invitation, made.id).email is None
