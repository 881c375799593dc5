"""Asking to join: with an address of the organisation, confirmed by somebody there, never by oneself."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col
from tests.market.accounts.conftest import NOW, SCHOOL, TRUST, Scene
from tests.support.catalogue import make_supplier
from tests.support.people import leave_trust, member, person, school
from tests.support.watching import everything

from becta.catalogue.suppliers.rules import Contact
from becta.kernel.actor import OPERATOR_ID, Actor, Role
from becta.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.market.accounts.joining import ask_to_join, confirm_request, refuse_request, withdraw_request
from becta.market.accounts.members import NOT_BOTH, end_membership
from becta.market.accounts.models import JoinRequest, Member, Organisation, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.rules import JOIN_MOVES, MAX_OPEN_REQUESTS, JoinState
from becta.market.db import Database
from becta.market.organisations.rules import Status
from becta.market.signin.dfe import vouched_organisation


def ask(scene: Scene, who: Person, of: Organisation | None = None, *roles: Role) -> JoinRequest:
    """Ask to join the school, or another organisation."""
    with scene.db.write() as session:
        actor = scene.acting(who, None)
        return ask_to_join(session, actor, of or scene.school, roles or (Role.BUYER,), now=NOW)


def confirm(scene: Scene, actor: Actor, request: JoinRequest, *roles: Role) -> JoinRequest:
    """Let in who asked."""
    with scene.db.write() as session:
        return confirm_request(session, actor, request.id, roles or (Role.BUYER,), now=NOW)


def member_of(scene: Scene, who: Person, of: Organisation) -> Member | None:
    """Somebody's membership."""
    with scene.db.read() as session:
        found: Member | None = session.execute(
            select(Member).where(col(Member.person_id) == who.id, col(Member.organisation_id) == of.id)
        ).scalar()
        return found


def operator_of(scene: Scene) -> Actor:
    """Somebody at the operator."""
    with scene.db.write() as session:
        who = person(session, "Olu")
        operator = open_organisation(session, "operator", now=NOW)
        member(session, who, operator, Role.OPERATOR)
    actor = scene.acting(who, operator)
    assert actor.organisation_id == OPERATOR_ID
    return actor


def test_whoever_has_an_address_of_the_school_asks_and_somebody_there_lets_them_in(scene: Scene) -> None:
    asked = ask(scene, scene.newcomer, None, Role.BUYER, Role.APPROVER)
    assert (asked.state, asked.wanted_roles) == (JoinState.ASKED, ["approver", "buyer"])
    assert member_of(scene, scene.newcomer, scene.school) is None

    decided = confirm(scene, scene.acting(scene.approver, scene.school), asked, Role.BUYER)

    assert (decided.state, decided.decided_by, decided.decided_at) == (JoinState.CONFIRMED, scene.approver.id, NOW)
    joined = member_of(scene, scene.newcomer, scene.school)
    assert joined is not None
    assert joined.roles == ["buyer"]
    with scene.db.read() as session:
        events = session.execute(select(AuditEvent).order_by(col(AuditEvent.position))).scalars().all()
        topics = session.execute(select(col(OutboxMessage.topic), col(OutboxMessage.key))).all()
    assert [one.action for one in events] == ["join_request.asked", "join_request.confirmed", "member.joined"]
    assert events[1].after == {"state": "confirmed", "roles": ["buyer"]}
    assert "nia" not in repr([(one.before, one.after, one.reason) for one in events])
    assert [tuple(row) for row in topics] == [("join_request", asked.id)] * 2


@pytest.mark.parametrize(
    "email",
    [
        None,
        "nia@gmail.com",
        "nia@rowanroad.org.uk",
        "nia@kent.sch.uk",
        "nia@larchlane.kent.sch.uk.example.org",
        "larchlane.kent.sch.uk@example.org",
    ],
)
def test_whoever_has_no_address_of_the_school_needs_an_invitation(scene: Scene, email: str | None) -> None:
    with scene.db.write() as session:
        outsider = person(session, "Out", email)
    stored = everything(scene.db)

    with pytest.raises(Invalid) as refused:
        ask(scene, outsider)

    [fault] = refused.value.faults
    assert fault.field == "organisation"
    assert fault.mend == "sign in with an e-mail address of the organisation, or ask somebody there to invite you"
    assert everything(scene.db) == stored


def test_a_domain_that_many_schools_have_is_nobodys(scene: Scene) -> None:
    with scene.db.write() as session:
        asker = person(session, "Gus", "gus@gridofmany.net")
        first = school(session, 100_010, "Grid School 0", website="http://s0.gridofmany.net")
        for number in range(1, 8):
            school(session, 100_010 + number, f"Grid School {number}", website=f"http://s{number}.gridofmany.net")
    asked = ask(scene, asker, first)  # eight have it: perhaps a group of schools
    with scene.db.write() as session:
        withdraw_request(session, scene.acting(asker, None), asked.id, now=NOW)
        school(session, 100_018, "Grid School 8", website="http://s8.GridOfMany.net/")
    stored = everything(scene.db)

    with pytest.raises(Invalid):
        ask(scene, asker, first)
    assert everything(scene.db) == stored


def test_the_domain_that_a_trusts_schools_share_is_good_for_each_of_them_and_for_the_trust(scene: Scene) -> None:
    with scene.db.write() as session:
        asker = person(session, "Tia", "tia@larchtrust.org.uk")
        for urn in (100_020, 100_021):
            school(session, urn, f"Larch {urn}", trust_uid=TRUST, website=f"https://s{urn}.larchtrust.org.uk")

    ask(scene, asker, scene.school)
    ask(scene, asker, scene.trust)
    with pytest.raises(Invalid):
        ask(scene, asker, scene.elsewhere)


def test_a_supplier_is_joined_with_an_address_of_its_website_or_of_a_contact(scene: Scene) -> None:
    with scene.db.write() as session:
        contact = {"purpose": "sales", "name": "Sales", "email": "sales@larch-sales.co.uk"}
        free = {"purpose": "support", "name": "Help", "email": "larch@gmail.com"}
        id_ = make_supplier(
            session,
            website="https://www.larch-tech.co.uk",
            contacts=(Contact(**contact), Contact(**free)),  # type: ignore[arg-type]
        )
        larch = open_organisation(session, f"supplier:{id_}", now=NOW)
        web, sales, gmail = (
            person(session, "P", email) for email in ("p@larch-tech.co.uk", "p@uk.larch-sales.co.uk", "other@gmail.com")
        )

    for who in (web, sales):
        ask(scene, who, larch, Role.SUPPLIER_EDITOR)
    with pytest.raises(Invalid):
        ask(scene, gmail, larch, Role.SUPPLIER_EDITOR)
    with pytest.raises(Invalid) as refused:
        ask(scene, web, larch, Role.BUYER)
    assert [fault.value for fault in refused.value.faults] == ["buyer"]


def test_the_operator_is_joined_by_invitation_only(scene: Scene) -> None:
    operator_of(scene)
    with scene.db.write() as session:
        operator = open_organisation(session, "operator", now=NOW)
    stored = everything(scene.db)
    with pytest.raises(Invalid):
        ask(scene, scene.newcomer, operator, Role.OPERATOR)
    assert everything(scene.db) == stored


def test_nobody_asks_twice_nor_as_a_member_nor_without_end_nor_to_join_what_has_closed(scene: Scene) -> None:
    ask(scene, scene.newcomer)
    with scene.db.write() as session:
        insider = person(session, "Ivy", "ivy@larchlane.kent.sch.uk")
        member(session, insider, scene.school, Role.BUYER)
        others = [
            school(session, 100_030 + number, f"Branch {number}", website="larchlane.kent.sch.uk")
            for number in range(MAX_OPEN_REQUESTS)
        ]
        closed = school(
            session, 100_040, "Old Larch Lane", website="http://larchlane.kent.sch.uk", status=Status.CLOSED
        )
    for other in others[:-1]:
        ask(scene, scene.newcomer, other)
    stored = everything(scene.db)

    told = []
    for who, of in (
        (scene.newcomer, scene.school),
        (insider, scene.school),
        (scene.newcomer, others[-1]),
        (insider, closed),
    ):
        with pytest.raises(Conflict) as refused:
            ask(scene, who, of)
        told.append(str(refused.value).partition(":")[0])
    machine = scene.acting(scene.approver, scene.school)
    no_person = Actor(kind="token", id="t", label="t", scopes=machine.scopes, organisation_id=scene.school.id)
    with pytest.raises(Forbidden), scene.db.write() as session:
        ask_to_join(session, no_person, scene.school, [Role.BUYER], now=NOW)

    assert told == [
        "you have asked already and await an answer",
        "you are a member already",
        "you await answers to 5 requests",
        "the organisation has closed",
    ]
    assert everything(scene.db) == stored


def test_of_many_who_ask_at_once_as_one_person_one_request_is_kept(scene: Scene) -> None:
    start = Barrier(6)

    def run(_: int) -> str:
        start.wait(timeout=30)
        try:
            ask(scene, scene.newcomer)
        except Conflict:
            return "refused"
        return "asked"

    with ThreadPoolExecutor(6) as threads:
        assert Counter(threads.map(run, range(6))) == {"asked": 1, "refused": 5}


def test_nobody_decides_about_their_own_request_even_if_they_manage_people_by_then(scene: Scene) -> None:
    asked = ask(scene, scene.newcomer)
    with scene.db.write() as session:
        member(session, scene.newcomer, scene.school, Role.APPROVER)
    actor = scene.acting(scene.newcomer, scene.school)
    stored = everything(scene.db)

    with pytest.raises(Forbidden) as refused:
        confirm(scene, actor, asked, Role.FINANCE)
    with pytest.raises(Forbidden), scene.db.write() as session:
        refuse_request(session, actor, asked.id, "No", now=NOW)
    assert str(refused.value) == "nobody decides about their own request"
    assert everything(scene.db) == stored


def test_only_whoever_manages_people_there_decides_and_gives_only_what_they_may(scene: Scene) -> None:
    asked = ask(scene, scene.newcomer)
    stored = everything(scene.db)

    with pytest.raises(Forbidden):
        confirm(scene, scene.acting(scene.buyer, scene.school), asked)
    with pytest.raises(NotFound):
        confirm(scene, scene.acting(scene.stranger, scene.elsewhere), asked)
    with pytest.raises(NotFound), scene.db.write() as session:
        withdraw_request(session, scene.acting(scene.stranger, scene.elsewhere), asked.id, now=NOW)
    with pytest.raises(NotFound), scene.db.write() as session:
        confirm_request(session, scene.acting(scene.approver, scene.school), UUID(int=7), [Role.BUYER], now=NOW)
    for roles in ([], [Role.APPROVER], [Role.BUYER, Role.FINANCE], [Role.TRUST_LEAD], [Role.OPERATOR]):
        with pytest.raises(Invalid), scene.db.write() as session:
            confirm_request(session, scene.acting(scene.approver, scene.school), asked.id, roles, now=NOW)
    assert everything(scene.db) == stored


def test_nobody_of_the_operator_is_let_into_a_school_nor_by_dfe_sign_in(scene: Scene) -> None:
    asked = ask(scene, scene.newcomer)
    with scene.db.write() as session:
        operator = open_organisation(session, "operator", now=NOW)
        member(session, scene.newcomer, operator, Role.AUDITOR)
    stored = everything(scene.db)

    with pytest.raises(Conflict) as refused:
        confirm(scene, scene.acting(scene.approver, scene.school), asked)
    assert str(refused.value) == NOT_BOTH
    with scene.db.write() as session:
        assert vouched_organisation(session, scene.newcomer, f"urn:{SCHOOL}", [Role.BUYER], now=NOW) is None
    assert everything(scene.db) == stored

    with scene.db.write() as session:
        end_membership(
            session, scene.acting(scene.newcomer, operator), operator.id, scene.newcomer.id, reason=None, now=NOW
        )
        vouched = vouched_organisation(session, scene.newcomer, f"urn:{SCHOOL}", [Role.BUYER], now=NOW)
    assert vouched == scene.school.id


def test_a_trusts_lead_decides_for_its_schools_until_they_leave_it(scene: Scene) -> None:
    first = ask(scene, scene.newcomer)
    lead = scene.acting(scene.lead, scene.trust)
    with scene.db.write() as session:
        leave_trust(session, SCHOOL, TRUST)
    stored = everything(scene.db)
    with pytest.raises(NotFound):
        confirm(scene, scene.acting(scene.lead, scene.trust), first)
    assert everything(scene.db) == stored

    assert confirm(scene, lead, first).state is JoinState.CONFIRMED  # whoever asked just before


def test_the_operator_lets_the_first_in_and_leaves_the_rest_to_them(scene: Scene) -> None:
    operator = operator_of(scene)
    with scene.db.write() as session:
        fresh = school(session, 100_050, "Fresh Start School", website="fresh.kent.sch.uk")
        one, two = (person(session, name, f"{name.lower()}@fresh.kent.sch.uk") for name in ("Uno", "Duo"))
    first, second = ask(scene, one, fresh, Role.APPROVER), ask(scene, two, fresh)

    confirm(scene, operator, first, Role.APPROVER)
    stored = everything(scene.db)
    with pytest.raises(Forbidden) as refused:
        confirm(scene, operator, second)
    assert str(refused.value) == "somebody at the organisation manages its people, and decides"
    assert everything(scene.db) == stored
    confirm(scene, scene.acting(one, fresh), second)


def test_a_refusal_says_why_and_who_was_refused_may_ask_again(scene: Scene) -> None:
    asked, actor = ask(scene, scene.newcomer), scene.acting(scene.approver, scene.school)
    stored = everything(scene.db)
    for reason in ("", "  ", "x" * 1_001):
        with pytest.raises(Invalid), scene.db.write() as session:
            refuse_request(session, actor, asked.id, reason, now=NOW)
    assert everything(scene.db) == stored

    with scene.db.write() as session:
        refused = refuse_request(session, actor, asked.id, "You work at another school", now=NOW)

    assert (refused.state, refused.reason) == (JoinState.REFUSED, "You work at another school")
    assert member_of(scene, scene.newcomer, scene.school) is None
    ask(scene, scene.newcomer)


STEPS: dict[JoinState, Callable[[Scene, JoinRequest], object]] = {
    JoinState.CONFIRMED: lambda s, r: confirm(s, s.acting(s.approver, s.school), r),
    JoinState.REFUSED: lambda s, r: _do(s, refuse_request, s.acting(s.approver, s.school), r, "No"),
    JoinState.WITHDRAWN: lambda s, r: _do(s, withdraw_request, s.acting(s.newcomer, None), r),
}


def _do(scene: Scene, use_case: Callable[..., JoinRequest], actor: Actor, request: JoinRequest, *given: str) -> None:
    with scene.db.write() as session:
        use_case(session, actor, request.id, *given, now=NOW)


@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
def test_what_is_settled_stays_settled(scene: Scene, first: JoinState, second: JoinState) -> None:
    asked = ask(scene, scene.newcomer)
    STEPS[first](scene, asked)
    stored = everything(scene.db)

    assert JOIN_MOVES[first] == frozenset()
    with pytest.raises(Conflict) as refused:
        STEPS[second](scene, asked)
    assert str(refused.value) == f"the request was {first} already"
    assert everything(scene.db) == stored


def test_two_who_decide_at_once_decide_once(scene: Scene) -> None:
    asked, start = ask(scene, scene.newcomer), Barrier(2)
    deciders = [
        (scene.acting(scene.approver, scene.school), Role.BUYER),
        (scene.acting(scene.second, scene.school), Role.AUDITOR),
    ]

    def run(turn: int) -> str:
        start.wait(timeout=30)
        try:
            confirm(scene, deciders[turn][0], asked, deciders[turn][1])
        except Conflict:
            return "refused"
        return "confirmed"

    with ThreadPoolExecutor(2) as threads:
        assert Counter(threads.map(run, range(2))) == {"confirmed": 1, "refused": 1}
    joined = member_of(scene, scene.newcomer, scene.school)
    assert joined is not None
    assert len(joined.roles) == 1


def test_whoever_left_asks_anew_and_both_times_are_kept(scene: Scene) -> None:
    approver = scene.acting(scene.approver, scene.school)
    confirm(scene, approver, ask(scene, scene.newcomer))
    with scene.db.write() as session:
        end_membership(session, approver, scene.school.id, scene.newcomer.id, reason="Term over", now=NOW)
    confirm(scene, approver, ask(scene, scene.newcomer))

    with scene.db.read() as session:
        times = session.execute(
            select(col(Member.ended_at)).where(col(Member.person_id) == scene.newcomer.id).order_by(col(Member.id))
        ).scalars()
        assert list(times) == [NOW, None]


def test_the_database_itself_refuses_to_unsettle_a_request_or_to_lose_it(db: Database, scene: Scene) -> None:
    asked = ask(scene, scene.newcomer)
    STEPS[JoinState.REFUSED](scene, asked)
    stored = everything(db)

    for statement in ("UPDATE join_request SET state = 'confirmed'", "DELETE FROM join_request"):
        with pytest.raises(Exception, match="request to join"), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert everything(db) == stored
