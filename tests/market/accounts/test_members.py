"""Members: who may give which roles, nobody helps themselves, and somebody always remains."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col
from tests.market.accounts.conftest import NOW, SCHOOL, TRUST, Scene
from tests.support.catalogue import make_supplier
from tests.support.people import leave_trust, member, person
from tests.support.watching import everything

from becta.kernel.actor import Actor, Role, Scope, system
from becta.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from becta.kernel.events import AuditEvent
from becta.kernel.ids import new_id
from becta.market.accounts.access import person_actor
from becta.market.accounts.invitations import invite
from becta.market.accounts.members import NOT_BOTH, end_membership, set_roles
from becta.market.accounts.models import Invitation, Member, Organisation, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.roles import KIND_ROLES, OrganisationKind, scopes_of
from becta.market.accounts.rules import givable_roles, leaves_nobody, role_faults
from becta.market.db import Database
from becta.market.signin.models import BrowserSession


def give(scene: Scene, actor: Actor, who: Person, *roles: Role, of: Organisation | None = None, **more: Any) -> Member:
    """Set somebody's roles."""
    with scene.db.write() as session:
        given = {"revision": None, "now": NOW, **more}
        return set_roles(session, actor, (of or scene.school).id, who.id, roles, **given)


def end(scene: Scene, actor: Actor, who: Person, reason: str | None = None, of: Organisation | None = None) -> Member:
    """End somebody's membership."""
    with scene.db.write() as session:
        return end_membership(session, actor, (of or scene.school).id, who.id, reason=reason, now=NOW)


def events(db: Database) -> list[tuple[str, Any, Any, Any]]:
    """What the trail says: action, before, after, reason."""
    with db.read() as session:
        rows = session.execute(select(AuditEvent).order_by(col(AuditEvent.position))).scalars()
        return [(row.action, row.before, row.after, row.reason) for row in rows]


SCHOOL_ROLES = KIND_ROLES[OrganisationKind.SCHOOL]
TRUST_ROLES = KIND_ROLES[OrganisationKind.TRUST]
SUPPLIER_ROLES = KIND_ROLES[OrganisationKind.SUPPLIER]


@pytest.mark.parametrize(
    ("kind", "roles", "givable"),
    [
        (OrganisationKind.SCHOOL, {Role.APPROVER}, {Role.BUYER, Role.EVALUATOR, Role.AUDITOR}),
        (OrganisationKind.SCHOOL, {Role.APPROVER, Role.FINANCE}, {Role.BUYER, Role.EVALUATOR, Role.AUDITOR}),
        (OrganisationKind.SCHOOL, {Role.BUYER, Role.FINANCE, Role.AUDITOR}, set()),
        (OrganisationKind.SCHOOL, {Role.TRUST_LEAD}, SCHOOL_ROLES),
        (OrganisationKind.TRUST, {Role.APPROVER}, {Role.BUYER, Role.EVALUATOR, Role.AUDITOR}),
        (OrganisationKind.TRUST, {Role.TRUST_LEAD}, TRUST_ROLES),
        (OrganisationKind.SUPPLIER, {Role.SUPPLIER_EDITOR}, SUPPLIER_ROLES),
        (OrganisationKind.SUPPLIER, {Role.SUPPLIER_BIDDER}, {Role.SUPPLIER_BIDDER}),
        (OrganisationKind.OPERATOR, {Role.OPERATOR}, KIND_ROLES[OrganisationKind.OPERATOR]),
        (OrganisationKind.OPERATOR, {Role.VERIFIER}, {Role.VERIFIER}),
        (OrganisationKind.OPERATOR, {Role.AUDITOR}, {Role.AUDITOR}),
    ],
)
def test_whoever_manages_people_gives_what_their_roles_reach(
    kind: OrganisationKind, roles: set[Role], givable: set[Role]
) -> None:
    held = frozenset(roles)
    assert givable_roles(kind, scopes=scopes_of(held), roles=held, is_operator=False) == givable


@pytest.mark.parametrize("kind", [kind for kind in OrganisationKind if kind is not OrganisationKind.OPERATOR])
def test_the_operator_gives_every_role_of_other_organisations(kind: OrganisationKind) -> None:
    held = frozenset({Role.OPERATOR})
    assert givable_roles(kind, scopes=scopes_of(held), roles=held, is_operator=True) == KIND_ROLES[kind]


def test_roles_that_stay_need_nobodys_leave_and_those_that_go_do() -> None:
    held, givable = frozenset({Role.TRUST_LEAD, Role.BUYER}), TRUST_ROLES - {Role.TRUST_LEAD}

    assert role_faults(OrganisationKind.TRUST, [Role.TRUST_LEAD, Role.FINANCE], givable, held=held) == []
    [fault] = role_faults(OrganisationKind.TRUST, [Role.BUYER], givable, held=held)
    assert (fault.field, fault.problem, fault.value) == ("roles", "are beyond what you may give or take", "trust_lead")
    [strange] = role_faults(OrganisationKind.SCHOOL, [Role.OPERATOR], SCHOOL_ROLES)
    assert (strange.problem, strange.value) == ("are not roles of a school", "operator")
    [empty] = role_faults(OrganisationKind.SCHOOL, [], SCHOOL_ROLES, at_least=1)
    assert empty.problem == "is empty"


def test_an_organisation_that_had_nobody_to_manage_it_may_go_on_so() -> None:
    assert leaves_nobody(managers_before=1, managers_after=0, from_outside=False)
    assert not leaves_nobody(managers_before=1, managers_after=0, from_outside=True)
    assert not leaves_nobody(managers_before=0, managers_after=0, from_outside=False)
    assert not leaves_nobody(managers_before=2, managers_after=1, from_outside=False)


def test_an_approver_gives_a_colleague_other_roles_and_the_trail_tells(scene: Scene) -> None:
    made = give(scene, scene.acting(scene.approver, scene.school), scene.buyer, Role.BUYER, Role.AUDITOR, revision=1)

    assert (made.roles, made.revision) == (["auditor", "buyer"], 2)
    [(action, before, after, _)] = events(scene.db)
    told = {"organisation_id": str(scene.school.id), "person_id": str(scene.buyer.id)}
    assert action == "member.roles_changed"
    assert before == {**told, "roles": ["buyer"]}
    assert after == {**told, "roles": ["auditor", "buyer"]}
    assert "Ben" not in repr(events(scene.db))


def test_the_same_roles_again_change_nothing(scene: Scene) -> None:
    stored = everything(scene.db)
    give(scene, scene.acting(scene.approver, scene.school), scene.buyer, Role.BUYER)
    assert everything(scene.db) == stored


def test_nobody_changes_their_own_roles_not_even_to_fewer(scene: Scene) -> None:
    stored = everything(scene.db)
    for roles in ((), (Role.APPROVER,), (Role.APPROVER, Role.FINANCE)):
        with pytest.raises(Forbidden) as refused:
            give(scene, scene.acting(scene.approver, scene.school), scene.approver, *roles)
        assert str(refused.value).startswith("nobody changes their own roles")
    with pytest.raises(Forbidden):
        give(scene, scene.acting(scene.lead, scene.trust), scene.lead, Role.BUYER, of=scene.trust)
    assert everything(scene.db) == stored


def test_whoever_does_not_manage_people_there_changes_nobody(scene: Scene) -> None:
    stored = everything(scene.db)
    for who, of in ((scene.buyer, scene.school), (scene.stranger, scene.elsewhere), (scene.newcomer, None)):
        with pytest.raises(Forbidden):
            give(scene, scene.acting(who, of), scene.second, Role.BUYER)
        with pytest.raises(Forbidden):
            end(scene, scene.acting(who, of), scene.second, "Gone")
    with pytest.raises(Forbidden):  # a school's approver does not reach up
        give(scene, scene.acting(scene.approver, scene.school), scene.lead, Role.BUYER, of=scene.trust)
    with pytest.raises(NotFound):
        give(scene, scene.acting(scene.approver, scene.school), scene.stranger, Role.BUYER)
    with pytest.raises(Stale):
        give(scene, scene.acting(scene.approver, scene.school), scene.buyer, Role.FINANCE, revision=7)
    assert everything(scene.db) == stored


def test_a_trusts_approver_neither_makes_nor_unmakes_nor_removes_a_lead(scene: Scene) -> None:
    with scene.db.write() as session:
        chief = person(session, "Cat")
        member(session, chief, scene.trust, Role.APPROVER)
        helper = person(session, "Hal")
        member(session, helper, scene.trust, Role.BUYER)
    actor = scene.acting(chief, scene.trust)
    stored = everything(scene.db)

    for who, roles in ((helper, [Role.TRUST_LEAD]), (scene.lead, [Role.BUYER])):
        with pytest.raises(Invalid) as refused:
            give(scene, actor, who, *roles, of=scene.trust)
        assert [(fault.field, fault.value) for fault in refused.value.faults] == [("roles", "trust_lead")]
    with pytest.raises(Invalid):
        end(scene, actor, scene.lead, "I want the post", of=scene.trust)
    assert everything(scene.db) == stored

    give(scene, scene.acting(scene.lead, scene.trust), helper, Role.TRUST_LEAD, of=scene.trust)


def test_an_approver_neither_makes_nor_unmakes_nor_removes_who_approves_or_sets_limits(scene: Scene) -> None:
    actor = scene.acting(scene.approver, scene.school)
    stored = everything(scene.db)

    for who, roles, beyond in (
        (scene.buyer, [Role.BUYER, Role.APPROVER], "approver"),
        (scene.buyer, [Role.BUYER, Role.FINANCE], "finance"),
        (scene.second, [Role.APPROVER], "finance"),
        (scene.second, [Role.BUYER], "approver, finance"),
    ):
        with pytest.raises(Invalid) as refused:
            give(scene, actor, who, *roles)
        assert [(fault.field, fault.value) for fault in refused.value.faults] == [("roles", beyond)]
    with pytest.raises(Invalid) as refused:
        end(scene, actor, scene.second, "Asks too many questions")
    [fault] = refused.value.faults
    assert (fault.field, fault.mend) == ("roles", "ask a lead of the trust, or the operator, to do it")
    assert everything(scene.db) == stored

    lead = scene.acting(scene.lead, scene.trust)
    assert give(scene, lead, scene.buyer, Role.APPROVER, Role.FINANCE).roles == ["approver", "finance"]
    end(scene, actor, scene.approver)  # whoever wants to leaves


def test_nobody_is_given_more_who_is_of_the_operator_and_of_a_school_already(scene: Scene) -> None:
    with scene.db.write() as session:
        member(session, scene.buyer, open_organisation(session, "operator", now=NOW), Role.VERIFIER)
    lead = scene.acting(scene.lead, scene.trust)
    stored = everything(scene.db)

    with pytest.raises(Conflict) as refused:
        give(scene, lead, scene.buyer, Role.BUYER, Role.APPROVER)
    assert str(refused.value) == NOT_BOTH
    assert everything(scene.db) == stored

    assert give(scene, lead, scene.buyer).roles == []


def test_a_trusts_lead_manages_the_people_of_its_schools_until_a_school_leaves(scene: Scene) -> None:
    give(scene, scene.acting(scene.lead, scene.trust), scene.buyer, Role.FINANCE)
    with scene.db.write() as session:
        leave_trust(session, SCHOOL, TRUST)
    stored = everything(scene.db)

    with pytest.raises(Forbidden):
        give(scene, scene.acting(scene.lead, scene.trust), scene.buyer, Role.APPROVER)
    with pytest.raises(Forbidden):
        end(scene, scene.acting(scene.lead, scene.trust), scene.buyer, "Ours no more")
    assert everything(scene.db) == stored


def test_somebody_leaves_without_a_reason_and_is_removed_only_with_one(scene: Scene) -> None:
    actor = scene.acting(scene.lead, scene.trust)
    stored = everything(scene.db)
    for reason in (None, "", " "):
        with pytest.raises(Invalid) as refused:
            end(scene, actor, scene.second, reason)
        assert [fault.field for fault in refused.value.faults] == ["reason"]
    assert everything(scene.db) == stored

    end(scene, actor, scene.second, "Moved to another school")
    gone = end(scene, scene.acting(scene.buyer, scene.school), scene.buyer)

    assert gone.ended_at == NOW
    assert [(action, reason) for action, _, _, reason in events(scene.db)] == [
        ("member.removed", "Moved to another school"),
        ("member.left", None),
    ]
    stored = everything(scene.db)
    with pytest.raises(NotFound):
        end(scene, actor, scene.second, "Again")
    assert everything(scene.db) == stored


def test_leaving_takes_sessions_and_sent_invitations_along(scene: Scene) -> None:
    second = scene.acting(scene.second, scene.school)
    with scene.db.write() as session:
        open_one = invite(session, second, scene.school, "mate@example.org", [Role.BUYER], now=NOW)
        for organisation in (scene.school, scene.elsewhere):
            session.add(
                BrowserSession(
                    id=new_id(),
                    secret_hash=str(organisation.urn),
                    person_id=scene.second.id,
                    organisation_id=organisation.id,
                    via="link",
                    created_at=NOW,
                    seen_at=NOW,
                    expires_at=NOW + timedelta(hours=1),
                )
            )

    end(scene, scene.acting(scene.lead, scene.trust), scene.second, "Left")

    with scene.db.read() as session:
        chosen = session.execute(select(col(BrowserSession.secret_hash), col(BrowserSession.organisation_id))).all()
        assert dict(map(tuple, chosen)) == {str(SCHOOL): None, "100002": scene.elsewhere.id}
        withdrawn = session.get_one(Invitation, open_one.id)
        assert (withdrawn.withdrawn_at, withdrawn.email) == (NOW, None)
    after = scene.acting(scene.second, scene.school)
    assert (after.organisation_id, after.roles, after.scopes) == (None, frozenset(), {Scope.ACCOUNT_MANAGE})


def test_the_last_who_manages_people_does_not_leave_before_naming_another(scene: Scene) -> None:
    end(scene, scene.acting(scene.second, scene.school), scene.second)
    stored = everything(scene.db)
    with pytest.raises(Conflict) as refused:
        end(scene, scene.acting(scene.approver, scene.school), scene.approver)
    assert str(refused.value) == (
        "nobody else manages the people of this organisation: somebody else must be given such a role first"
    )
    assert everything(scene.db) == stored

    # not even while acting for somewhere else
    with scene.db.write() as session:
        member(session, scene.approver, scene.elsewhere, Role.BUYER)
    stored = everything(scene.db)
    with pytest.raises(Conflict):
        end(scene, scene.acting(scene.approver, scene.elsewhere), scene.approver)
    assert everything(scene.db) == stored

    give(scene, scene.acting(scene.lead, scene.trust), scene.buyer, Role.APPROVER)
    end(scene, scene.acting(scene.approver, scene.school), scene.approver)


def test_somebody_from_outside_may_remove_the_last_who_manages_people(scene: Scene) -> None:
    end(scene, scene.acting(scene.lead, scene.trust), scene.approver, "Left in a hurry")
    give(scene, scene.acting(scene.lead, scene.trust), scene.second, Role.FINANCE)
    end(scene, system("test"), scene.stranger, "School closed", of=scene.elsewhere)


def race(scene: Scene, *actions: Any) -> Counter[str]:
    """Run actions at the same moment; counts how they ended."""
    start = Barrier(len(actions))

    def run(action: Any) -> str:
        start.wait(timeout=30)
        try:
            action()
        except (Conflict, Forbidden, NotFound) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(actions)) as threads:
        return Counter(threads.map(run, actions))


def test_of_the_last_two_who_leave_at_once_one_stays(scene: Scene) -> None:
    first, second = scene.acting(scene.approver, scene.school), scene.acting(scene.second, scene.school)

    assert race(scene, lambda: end(scene, first, scene.approver), lambda: end(scene, second, scene.second)) == {
        "done": 1,
        "Conflict": 1,
    }


def test_the_last_who_leaves_twice_at_once_stays(scene: Scene) -> None:
    end(scene, scene.acting(scene.second, scene.school), scene.second)
    actor = scene.acting(scene.approver, scene.school)

    assert race(scene, *[lambda: end(scene, actor, scene.approver)] * 2) == {"Conflict": 2}


def test_of_two_who_remove_one_another_at_once_one_succeeds(scene: Scene) -> None:
    with scene.db.write() as session:
        other = person(session, "Lou")
        member(session, other, scene.trust, Role.TRUST_LEAD)
    first, second = scene.acting(scene.lead, scene.trust), scene.acting(other, scene.trust)

    assert race(
        scene,
        lambda: end(scene, first, other, "You go", of=scene.trust),
        lambda: end(scene, second, scene.lead, "No, you", of=scene.trust),
    ) == {"done": 1, "Forbidden": 1}


def test_whoever_lost_the_right_meanwhile_changes_nobody(scene: Scene) -> None:
    stale = scene.acting(scene.second, scene.school)
    give(scene, scene.acting(scene.lead, scene.trust), scene.second, Role.FINANCE)
    stored = everything(scene.db)

    with pytest.raises(Forbidden):
        give(scene, stale, scene.buyer, Role.AUDITOR)
    assert everything(scene.db) == stored

    stale = scene.acting(scene.lead, scene.trust)
    end(scene, system("test"), scene.lead, "Left the trust", of=scene.trust)
    stored = everything(scene.db)
    with pytest.raises(Forbidden):
        give(scene, stale, scene.buyer, Role.APPROVER)
    assert everything(scene.db) == stored


def test_a_suppliers_editor_lets_colleagues_in_and_a_bidder_nobody(db: Database, operator: Actor) -> None:
    with db.write() as session:
        larch = open_organisation(session, f"supplier:{make_supplier(session)}", now=NOW)
        editor, bidder, mate = (person(session, name) for name in ("Eve", "Bob", "Mat"))
        member(session, editor, larch, Role.SUPPLIER_EDITOR)
        member(session, bidder, larch, Role.SUPPLIER_BIDDER)
        member(session, mate, larch)
    with db.read() as session:
        acting = person_actor(session, editor, larch.id)
        bidding = person_actor(session, bidder, larch.id)

    with pytest.raises(Forbidden), db.write() as session:
        set_roles(session, bidding, larch.id, mate.id, [Role.SUPPLIER_BIDDER], revision=None, now=NOW)
    with db.write() as session:
        set_roles(session, acting, larch.id, mate.id, [Role.SUPPLIER_EDITOR], revision=None, now=NOW)
    assert Scope.LISTINGS_WRITE in acting.scopes
