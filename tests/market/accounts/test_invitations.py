"""Invitations: only whoever was invited can accept, once, in time; and nobody learns of one that is not theirs."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select
from sqlmodel import col
from tests.market.accounts.conftest import NOW, SCHOOL, TRUST, Scene
from tests.support.catalogue import make_supplier
from tests.support.people import leave_trust, member, person
from tests.support.watching import everything

from becta.kernel.actor import Role, system
from becta.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.market.accounts.access import person_actor
from becta.market.accounts.invitations import accept_invitation, forget_expired, invite, withdraw_invitation
from becta.market.accounts.members import NOT_BOTH, end_membership, set_roles
from becta.market.accounts.models import Invitation, Member, Organisation, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.rules import MAX_OPEN_INVITATIONS
from becta.market.privacy.service import erase_person


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
    made = invited(scene, " Nia@LarchLane.Kent.Sch.UK ", Role.BUYER, Role.AUDITOR)
    assert (made.email, made.expires_at) == ("nia@larchlane.kent.sch.uk", NOW + timedelta(days=14))

    joined = accept(scene, scene.newcomer, made.id)

    assert (joined.organisation_id, joined.roles) == (scene.school.id, ["auditor", "buyer"])
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
        ("x@example.org", [Role.APPROVER], ["roles"]),
        ("x@example.org", [Role.BUYER, Role.FINANCE], ["roles"]),
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


def test_nobody_invites_themselves_nor_accepts_what_they_sent(scene: Scene) -> None:
    stored = everything(scene.db)
    for who, of, email in (
        (scene.approver, scene.school, " Ann@Example.org"),
        (scene.lead, scene.trust, "lea@example.org"),
    ):
        with pytest.raises(Invalid) as refused, scene.db.write() as session:
            invite(session, scene.acting(who, of), scene.school, email, [Role.AUDITOR], now=NOW)
        assert [(fault.field, fault.problem) for fault in refused.value.faults] == [("email", "is your own")]
    assert everything(scene.db) == stored

    made = invited(scene, "ann@new.example.org", Role.AUDITOR)
    with scene.db.write() as session:  # proved to be theirs only afterwards
        session.get_one(Person, scene.approver.id).email = "ann@new.example.org"
    stored = everything(scene.db)
    with pytest.raises(NotFound) as gone:
        accept(scene, scene.approver, made.id, of=scene.school)
    assert gone.value.key == "with this code for you"
    assert everything(scene.db) == stored


def demoted(scene: Scene, who: Person, of: Organisation) -> None:
    """Take the right to manage people away from somebody."""
    with scene.db.write() as session:
        set_roles(session, system("test"), of.id, who.id, [Role.BUYER], revision=None, now=NOW)


def removed(scene: Scene, who: Person, of: Organisation) -> None:
    """End somebody's membership."""
    with scene.db.write() as session:
        end_membership(session, system("test"), of.id, who.id, reason="Left the trust", now=NOW)


def erased(scene: Scene, who: Person, of: Organisation) -> None:
    """Erase somebody."""
    with scene.db.write() as session:
        erase_person(session, scene.acting(who, of), who.id, "I want to be forgotten", now=NOW)


@pytest.mark.parametrize("lost", [demoted, removed, erased])
@pytest.mark.parametrize("sender", ["approver", "lead"])
def test_an_invitation_is_worth_nothing_once_its_sender_may_not_give_its_roles(
    scene: Scene, sender: str, lost: Callable[[Scene, Person, Organisation], None]
) -> None:
    who, of = {"approver": (scene.approver, scene.school), "lead": (scene.lead, scene.trust)}[sender]
    with scene.db.write() as session:
        made = invite(session, scene.acting(who, of), scene.school, "nia@larchlane.kent.sch.uk", [Role.BUYER], now=NOW)
    lost(scene, who, of)
    stored = everything(scene.db)

    with pytest.raises(NotFound) as refused:
        accept(scene, scene.newcomer, made.id)
    assert refused.value.key == "with this code for you"
    assert everything(scene.db) == stored


def test_a_lead_who_became_an_approver_has_appointed_no_approver(scene: Scene) -> None:
    lead = scene.acting(scene.lead, scene.trust)
    with scene.db.write() as session:
        other = person(session, "Oli", "oli@example.org")
        first = invite(session, lead, scene.trust, "nia@larchlane.kent.sch.uk", [Role.APPROVER], now=NOW)
        second = invite(session, lead, scene.trust, "oli@example.org", [Role.BUYER], now=NOW)
        third = invite(session, lead, scene.school, "oli@example.org", [Role.FINANCE], now=NOW)
        set_roles(session, system("test"), scene.trust.id, scene.lead.id, [Role.APPROVER], revision=None, now=NOW)

    with pytest.raises(NotFound):
        accept(scene, scene.newcomer, first.id)
    assert accept(scene, other, second.id).roles == ["buyer"]
    with pytest.raises(NotFound):
        accept(scene, other, third.id)


def test_a_lead_whose_school_left_the_trust_has_invited_nobody_there(scene: Scene) -> None:
    with scene.db.write() as session:
        lead = person_actor(session, scene.lead, scene.trust.id)
        made = invite(session, lead, scene.school, "nia@larchlane.kent.sch.uk", [Role.APPROVER], now=NOW)
        leave_trust(session, SCHOOL, TRUST)

    with pytest.raises(NotFound):
        accept(scene, scene.newcomer, made.id)


def test_what_the_operator_or_the_command_line_sent_stays_good(scene: Scene) -> None:
    with scene.db.write() as session:
        who = person(session, "Olu", "olu@example.org")
        operator = open_organisation(session, "operator", now=NOW)
        member(session, who, operator, Role.OPERATOR)
        by_them = person_actor(session, who, operator.id)
        first = invite(session, by_them, scene.school, "nia@larchlane.kent.sch.uk", [Role.APPROVER], now=NOW)
        second = invite(session, system("test"), scene.trust, "nia@larchlane.kent.sch.uk", [Role.TRUST_LEAD], now=NOW)

    assert accept(scene, scene.newcomer, first.id).roles == ["approver"]
    assert accept(scene, scene.newcomer, second.id).roles == ["trust_lead"]


def test_nobody_of_the_operator_accepts_an_invitation_of_a_school_or_trust_nor_the_other_way_round(
    scene: Scene,
) -> None:
    with scene.db.write() as session:
        operator = open_organisation(session, "operator", now=NOW)
        larch = open_organisation(session, f"supplier:{make_supplier(session)}", now=NOW)
        overseer = person(session, "Oz", "oz@x.uk")
        member(session, overseer, operator, Role.OPERATOR)
        clashing = [
            (overseer, invite(session, system("test"), scene.trust, "oz@x.uk", [Role.TRUST_LEAD], now=NOW)),
            (overseer, invite(session, system("test"), scene.school, "oz@x.uk", [Role.BUYER], now=NOW)),
            (scene.buyer, invite(session, system("test"), operator, "ben@example.org", [Role.AUDITOR], now=NOW)),
            (scene.lead, invite(session, system("test"), operator, "lea@example.org", [Role.OPERATOR], now=NOW)),
        ]
        beside = invite(session, system("test"), larch, "oz@x.uk", [Role.SUPPLIER_EDITOR], now=NOW)
    stored = everything(scene.db)

    for who, made in clashing:
        with pytest.raises(Conflict) as refused:
            accept(scene, who, made.id)
        assert str(refused.value) == NOT_BOTH
    assert everything(scene.db) == stored

    assert accept(scene, overseer, beside.id).roles == ["supplier_editor"]


def test_of_the_operators_and_a_schools_invitation_accepted_at_once_one_is_used(scene: Scene) -> None:
    with scene.db.write() as session:
        operator = open_organisation(session, "operator", now=NOW)
        made = [
            invite(session, system("test"), of, "nia@larchlane.kent.sch.uk", [role], now=NOW)
            for of, role in ((operator, Role.OPERATOR), (scene.school, Role.APPROVER), (scene.trust, Role.TRUST_LEAD))
        ]
    start = Barrier(3)

    def run(one: Invitation) -> str:
        start.wait(timeout=30)
        try:
            return str(*accept(scene, scene.newcomer, one.id).roles)
        except Conflict:
            return "refused"

    with ThreadPoolExecutor(3) as threads:
        ended = Counter(threads.map(run, made))
    assert ended in (
        {"operator": 1, "refused": 2},
        {"approver": 1, "trust_lead": 1, "refused": 1},
    )


def test_a_newer_invitation_to_the_same_address_replaces_the_older(scene: Scene) -> None:
    older, newer = invited(scene), invited(scene, "NIA@larchlane.kent.sch.uk", Role.AUDITOR)

    with pytest.raises(NotFound):
        accept(scene, scene.newcomer, older.id)
    assert accept(scene, scene.newcomer, newer.id).roles == ["auditor"]


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
