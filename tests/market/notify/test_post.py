"""Which mails are sent, to whom, with what words; each once, from the newest state; a bad one holds up nobody."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlmodel import select
from tests.market.notify.conftest import Inbox
from tests.support.apps import Furnish, client_over
from tests.support.browser import Browser
from tests.support.people import member, person, school, trust

from becta.kernel import clock
from becta.kernel.actor import OPERATOR_ID, Role
from becta.kernel.events import OutboxMessage, announce
from becta.kernel.ids import new_id
from becta.market.accounts.models import Invitation, JoinRequest, Member, Organisation, Person
from becta.market.accounts.rules import JoinState
from becta.market.delegation.models import Commitment, CommitmentHold, Scheme
from becta.market.delegation.rules import CommitmentState, Delegation
from becta.market.settings import Settings
from becta.market.signin.models import SignInLink
from becta.market.wiring import House

Told = list[tuple[str, str]]
ASK = "Somebody asks to join Larch Lane School"
WAITS = "£1,234.56 waits for you: 30 tablets"


@pytest.fixture
def house(furnish: Furnish, database_url: str, tmp_path: Path, inbox: Inbox) -> House:
    """A marketplace with a mail server."""
    return furnish(
        Settings(
            data_dir=tmp_path / "data",
            database_url=database_url,
            public_url="http://testserver",
            smtp_url=inbox.address,
            mail_from="Market <no-reply@market.example>",
        )
    )


@pytest.fixture
def larch(house: House) -> Organisation:
    """A school in a trust."""
    with house.db.write() as session:
        trust(session)
        return school(session, trust_uid=2044)


@pytest.fixture
def trust_id(house: House, larch: Organisation) -> UUID:
    """The school's trust."""
    with house.db.read() as session:
        return session.exec(select(Organisation.id).where(Organisation.group_uid == 2044)).one()


@pytest.fixture
def told(house: House, inbox: Inbox) -> Callable[[str, UUID], Told]:
    """Announces something and says who was mailed what."""

    def tell(topic: str, key: UUID) -> Told:
        with house.db.write() as session:
            announce(session, topic, key, now=clock.now())
        house.relay.drain()
        found = [(str(mail["To"]), str(mail["Subject"])) for mail in inbox.mails]
        inbox.mails.clear()
        return found

    return tell


def joins(house: House, name: str, organisation_id: UUID, *roles: Role) -> Person:
    """Somebody of an organisation, with an address of that name."""
    with house.db.write() as session:
        who = person(session, name, f"{name.lower()}@larch.sch.uk")
        member(session, who, session.get_one(Organisation, organisation_id), *roles)
        return who


def test_a_link_goes_through_a_real_mail_server_and_signs_in(house: House, inbox: Inbox) -> None:
    with client_over(house) as client:
        browser = Browser(client)
        answer = browser.submit(browser.get("/sign-in"), "/sign-in/link", email="ada@larch.sch.uk")
        assert answer.status_code == 303
        assert house.relay.drain() == 1
        [mail] = inbox.mails
        assert inbox.recipients == [["ada@larch.sch.uk"]]
        [link] = [
            line for line in mail.get_content().splitlines() if line.startswith("http://testserver/sign-in/link?code=")
        ]
        page = browser.get(link)
        assert browser.submit(page, "/sign-in/link/use").headers["location"] == "/account"
        assert "ada@larch.sch.uk" in browser.get("/account").text


def test_a_link_that_was_used_or_has_expired_meanwhile_is_not_mailed(
    house: House, told: Callable[[str, UUID], Told]
) -> None:
    now = clock.now()
    links = {
        "live": {"expires_at": now + timedelta(minutes=15)},
        "used": {"expires_at": now + timedelta(minutes=15), "used_at": now},
        "expired": {"expires_at": now},
    }
    ids = {}
    for name, values in links.items():
        ids[name] = new_id()
        with house.db.write() as session:
            session.add(
                SignInLink(id=ids[name], email=f"{name}@x.uk", browser_hash="", next_path="/", created_at=now, **values)
            )

    assert [told("sign_in_link", ids[name]) for name in links] == [[("live@x.uk", "Your link to sign in")], [], []]
    assert told("sign_in_link", new_id()) == []  # swept away


def test_an_invitation_goes_to_the_invited_address_until_it_is_settled(
    house: House, larch: Organisation, inbox: Inbox
) -> None:
    now = clock.now()
    invited = Invitation(
        id=new_id(),
        organisation_id=larch.id,
        email="new@larch.sch.uk",
        roles=["approver", "buyer"],
        created_at=now,
        expires_at=now + timedelta(days=14),
    )
    with house.db.write() as session:
        session.add(invited)
        announce(session, "invitation", invited.id, now=now)
    house.relay.drain()

    [mail] = inbox.mails
    code = house.signer.sign("invitation", invited.id)
    assert (mail["To"], mail["Subject"]) == ("new@larch.sch.uk", "You are invited to join Larch Lane School")
    assert f"http://testserver/invitations/accept?code={code}" in mail.get_content()
    assert "as approver and buyer" in mail.get_content()

    for change in (
        {"withdrawn_at": now},
        {"withdrawn_at": None, "accepted_at": now},
        {"accepted_at": None, "email": None},
    ):
        with house.db.write() as session:
            row = session.get_one(Invitation, invited.id)
            for name, value in change.items():
                setattr(row, name, value)
            announce(session, "invitation", invited.id, now=now)
        house.relay.drain()
    assert len(inbox.mails) == 1


def asked(house: House, larch: Organisation, state: JoinState = JoinState.ASKED, **values: Any) -> JoinRequest:
    """Somebody asks to join."""
    with house.db.write() as session:
        asker = session.exec(select(Person).where(Person.email == "asker@larch.sch.uk")).first() or person(
            session, "Asker", "asker@larch.sch.uk"
        )
        made = JoinRequest(
            id=new_id(),
            organisation_id=larch.id,
            person_id=asker.id,
            state=state,
            wanted_roles=["buyer"],
            created_at=clock.now(),
            **values,
        )
        session.add(made)
        return made


def test_a_request_to_join_goes_to_those_who_manage_people_there_or_to_the_next_above(
    house: House, larch: Organisation, trust_id: UUID, told: Callable[[str, UUID], Told]
) -> None:
    request = asked(house, larch).id
    joins(house, "Buyer", larch.id, Role.BUYER)
    assert told("join_request", request) == []

    joins(house, "Operator", OPERATOR_ID, Role.OPERATOR)
    assert told("join_request", request) == [("operator@larch.sch.uk", ASK)]
    joins(house, "Lead", trust_id, Role.TRUST_LEAD)
    assert told("join_request", request) == [("lead@larch.sch.uk", ASK)]
    joins(house, "One", larch.id, Role.APPROVER)
    two = joins(house, "Two", larch.id, Role.APPROVER, Role.FINANCE)
    assert told("join_request", request) == [("one@larch.sch.uk", ASK), ("two@larch.sch.uk", ASK)]
    with house.db.write() as session:
        session.exec(select(Member).where(Member.person_id == two.id)).one().ended_at = clock.now()
    assert told("join_request", request) == [("one@larch.sch.uk", ASK)]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (JoinState.CONFIRMED, [("asker@larch.sch.uk", "You have joined Larch Lane School")]),
        (JoinState.REFUSED, [("asker@larch.sch.uk", "Your request to join Larch Lane School was refused")]),
        (JoinState.WITHDRAWN, []),
    ],
)
def test_whoever_asked_to_join_is_told_what_was_decided(
    house: House, larch: Organisation, told: Callable[[str, UUID], Told], state: JoinState, expected: Told
) -> None:
    assert told("join_request", asked(house, larch, state, reason="We do not know you").id) == expected


def committed(
    house: House,
    larch: Organisation,
    maker: Person,
    state: CommitmentState,
    *,
    held_by: UUID | None = None,
    above: Role | None = None,
    **values: Any,
) -> UUID:
    """A commitment, held for an approver while it is held, by the scheme of the school itself or another's."""
    now, holder = clock.now(), held_by or larch.id
    rules = [Delegation(role=Role.APPROVER, limit_pence=200_000, above=above)]
    if above is not None:
        rules.append(Delegation(role=above, limit_pence=None))
    with house.db.write() as session:
        scheme = Scheme(
            id=new_id(),
            organisation_id=holder,
            number=1,
            rules=msgspec.to_builtins(rules),
            note="",
            made_at=now,
            in_force_from=now,
        )
        session.add(scheme)
        session.flush()
        made = Commitment(
            id=new_id(),
            organisation_id=larch.id,
            acting_for=larch.id,
            purpose="30 tablets",
            amount_pence=123_456,
            category="tablets",
            budget_code="B1",
            state=state,
            made_by=maker.id,
            decisions=[],
            created_at=now,
            **values,
        )
        session.add(made)
        session.flush()
        session.add(
            CommitmentHold(commitment_id=made.id, organisation_id=holder, scheme_id=scheme.id, role=Role.APPROVER)
        )
        return made.id


def test_a_held_commitment_goes_to_those_who_may_let_it_through_and_not_to_its_maker(
    house: House, larch: Organisation, told: Callable[[str, UUID], Told]
) -> None:
    maker = joins(house, "Maker", larch.id, Role.APPROVER)
    joins(house, "Buyer", larch.id, Role.BUYER)
    joins(house, "One", larch.id, Role.APPROVER)

    commitment = committed(house, larch, maker, CommitmentState.HELD)

    assert told("commitment", commitment) == [("one@larch.sch.uk", WAITS)]


def test_what_the_trusts_scheme_holds_goes_to_those_with_the_role_in_the_trust_and_in_the_school_once_each(
    house: House, larch: Organisation, trust_id: UUID, told: Callable[[str, UUID], Told]
) -> None:
    maker = joins(house, "Maker", larch.id, Role.BUYER)
    one = joins(house, "One", larch.id, Role.APPROVER)
    joins(house, "Two", trust_id, Role.APPROVER)
    joins(house, "Lead", trust_id, Role.TRUST_LEAD)
    with house.db.write() as session:
        member(session, one, session.get_one(Organisation, trust_id), Role.APPROVER)

    commitment = committed(house, larch, maker, CommitmentState.HELD, held_by=trust_id, above=Role.TRUST_LEAD)

    assert told("commitment", commitment) == [("one@larch.sch.uk", WAITS), ("two@larch.sch.uk", WAITS)]


def test_where_nobody_else_has_the_role_it_goes_to_those_with_the_role_above(
    house: House, larch: Organisation, trust_id: UUID, told: Callable[[str, UUID], Told]
) -> None:
    maker = joins(house, "Maker", larch.id, Role.APPROVER)
    joins(house, "Lead", trust_id, Role.TRUST_LEAD)
    joins(house, "Finance", trust_id, Role.FINANCE)

    commitment = committed(house, larch, maker, CommitmentState.HELD, held_by=trust_id, above=Role.TRUST_LEAD)

    assert told("commitment", commitment) == [("lead@larch.sch.uk", WAITS)]


def test_where_nobody_may_let_it_through_those_are_told_who_can_give_somebody_the_role(
    house: House, larch: Organisation, trust_id: UUID, told: Callable[[str, UUID], Told]
) -> None:
    stuck = "£1,234.56 waits, and nobody may let it through: 30 tablets"
    maker = joins(house, "Maker", larch.id, Role.APPROVER)  # manages people, but does not decide on their own
    commitment = committed(house, larch, maker, CommitmentState.HELD)
    assert told("commitment", commitment) == []

    joins(house, "Operator", OPERATOR_ID, Role.OPERATOR)
    assert told("commitment", commitment) == [("operator@larch.sch.uk", stuck)]
    joins(house, "Lead", trust_id, Role.TRUST_LEAD)
    assert told("commitment", commitment) == [("lead@larch.sch.uk", stuck)]
    joins(house, "One", larch.id, Role.APPROVER)
    assert told("commitment", commitment) == [("one@larch.sch.uk", WAITS)]


def test_the_maker_is_told_what_another_person_decided(
    house: House, larch: Organisation, told: Callable[[str, UUID], Told]
) -> None:
    maker = joins(house, "Maker", larch.id, Role.BUYER)
    other = joins(house, "One", larch.id, Role.APPROVER)

    commitment = committed(
        house, larch, maker, CommitmentState.DECLINED, decided_by=other.id, decided_at=clock.now(), reason="Too dear"
    )

    assert told("commitment", commitment) == [("maker@larch.sch.uk", "£1,234.56 declined: 30 tablets")]


def test_a_refused_mail_holds_up_no_other_and_those_sent_are_not_sent_again(
    house: House, larch: Organisation, inbox: Inbox
) -> None:
    for name in ("One", "Two", "Three"):
        joins(house, name, larch.id, Role.APPROVER)
    inbox.refusals["one@larch.sch.uk"] = "550 No such person"
    request = asked(house, larch)
    with house.db.write() as session:
        announce(session, "join_request", request.id, now=clock.now())
        link = SignInLink(
            id=new_id(),
            email="ada@larch.sch.uk",
            browser_hash="",
            next_path="/",
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(minutes=15),
        )
        session.add(link)
        announce(session, "sign_in_link", link.id, now=clock.now())
    for _ in range(3):
        house.relay.drain()

    assert sorted(str(mail["To"]) for mail in inbox.mails) == [
        "ada@larch.sch.uk",
        "three@larch.sch.uk",
        "two@larch.sch.uk",
    ]
    with house.db.read() as session:
        rows = session.exec(select(OutboxMessage).order_by(OutboxMessage.id)).all()  # type: ignore[arg-type]
    waiting = [row for row in rows if row.done_at is None]
    assert [row.topic for row in waiting] == ["join_request"]
    assert waiting[0].last_error == "Unsent('the mail server refused the recipient: [550]')"
