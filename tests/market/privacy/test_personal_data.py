"""Personal data: everything held is in the register, a person gets their copy, and can be erased for good."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from litestar.testing import TestClient
from sqlmodel import Session, SQLModel, select
from tests.support.api import ROOT, Api
from tests.support.people import member, person, school, token_of
from tests.support.watching import everything

from becta.catalogue.suppliers.rules import Contact, ContactPurpose, SupplierDetails
from becta.catalogue.suppliers.service import amend_supplier, register_supplier
from becta.kernel import clock
from becta.kernel.actor import Actor, Role, Scope, system
from becta.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from becta.kernel.events import AuditEvent, record
from becta.kernel.ids import new_id
from becta.market.accounts.access import person_actor
from becta.market.accounts.models import ApiToken, Identity, Invitation, JoinRequest, Member, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.rules import JoinState
from becta.market.audit.verify import verify
from becta.market.db import Database
from becta.market.privacy.held import holdings
from becta.market.privacy.queries import export_person
from becta.market.privacy.service import erase_person, finish_erasures
from becta.market.signin.models import BrowserSession, SignInLink
from becta.market.wiring import House

NAMES_PEOPLE = {"name", "email", "label", "contacts", "personal"}
NOT_PEOPLE = {
    "establishment",
    "establishment_group",
    "supplier",  # only its contacts
    "audit_event",  # actor_label is that of tokens and the marketplace
    "listing_view",
    "shortlist",
}
"""Tables whose `name` or `label` is not a person's."""


def test_every_column_that_tells_of_a_person_is_in_the_register() -> None:
    told = {(holding.table, column) for holding in holdings() for column in holding.columns}
    held = set()
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            is_reference = any(key.column.table.name == "person" for key in column.foreign_keys)
            is_own = column.name in {"email", "personal", "contacts", "person_id"} or (
                column.name in NAMES_PEOPLE and table.name not in NOT_PEOPLE
            )
            if is_reference or is_own:
                held.add((table.name, column.name))

    assert held - told == set()
    columns = {(table.name, column.name) for table in SQLModel.metadata.sorted_tables for column in table.columns}
    assert told - columns == set()


def test_what_is_in_the_register_lies_in_columns_of_a_table_or_in_a_place_outside_the_database() -> None:
    for holding in holdings():
        assert (holding.table is None) is (holding.columns == ()) is (holding.place is not None), holding

    assert [holding.place for holding in holdings() if holding.place is not None] == ["mail folder"]


def test_the_register_is_public_and_says_why_and_how_long(client: TestClient) -> None:
    answer = client.get(f"{ROOT}/privacy/register")

    assert answer.status_code == 200
    for holding in answer.json()["items"]:
        assert all(holding[word] for word in ("whose", "why", "basis", "kept", "on_erasure")), holding["table"]


class Somebody:
    """A person with everything one can have here."""

    def __init__(self, session: Session) -> None:
        now = clock.now()
        self.school = school(session)
        self.person = person(session, "Grace Hopper", "grace@larchlane.example")
        self.colleague = person(session, "Ada Byron", "ada@larchlane.example")
        member(session, self.person, self.school, Role.BUYER)
        member(session, self.colleague, self.school, Role.APPROVER)
        self.secret = token_of(session, self.person, self.school)
        mine = self.person.id
        session.add(Identity(id=new_id(), person_id=mine, issuer="https://idp.example", subject="g-1", created_at=now))
        session.add(
            BrowserSession(
                id=new_id(), secret_hash="s", person_id=mine, via="link", created_at=now, seen_at=now, expires_at=now
            )
        )
        session.add(
            SignInLink(
                id=new_id(),
                email="grace@larchlane.example",
                browser_hash="b",
                next_path="/account",
                created_at=now,
                expires_at=now,
            )
        )
        session.add(
            Invitation(
                id=new_id(),
                organisation_id=self.school.id,
                email="grace@larchlane.example",
                roles=["buyer"],
                created_at=now,
                expires_at=now,
            )
        )
        session.add(
            JoinRequest(
                id=new_id(),
                organisation_id=self.school.id,
                person_id=mine,
                state=JoinState.ASKED,
                wanted_roles=["buyer"],
                created_at=now,
            )
        )
        session.flush()
        actor = person_actor(session, self.person, self.school.id)
        record(session, actor, "thing.made", "thing", new_id(), now=now)
        other = person_actor(session, self.colleague, self.school.id)
        told = {mine: {"email": "grace@larchlane.example"}}
        record(session, other, "member.changed", "person", mine, now=now, personal=told)

    def actor(self, session: Session) -> Actor:
        """Themselves, signed in at a browser."""
        return person_actor(session, session.get_one(Person, self.person.id), self.school.id)


@pytest.fixture
def grace(db: Database) -> Somebody:
    """Grace, in a database with a colleague."""
    with db.write() as session:
        return Somebody(session)


def test_a_person_gets_a_copy_of_everything_but_secrets(db: Database, grace: Somebody) -> None:
    with db.read() as session:
        export = export_person(session, grace.person.id, now=clock.now())

    assert (export.person.name, export.person.email) == ("Grace Hopper", "grace@larchlane.example")
    assert [one.subject for one in export.identities] == ["g-1"]
    assert [(one.organisation, one.roles) for one in export.memberships] == [("Larch Lane School", ["buyer"])]
    assert len(export.invitations) == len(export.join_requests) == len(export.tokens) == len(export.sessions) == 1
    assert [(one.action, one.fields) for one in export.audit_events] == [
        ("thing.made", {"label": "Grace Hopper"}),
        ("member.changed", {"email": "grace@larchlane.example"}),
    ]
    [mine] = [one for one in export.audit_events if one.action == "member.changed"]
    assert (mine.object_type, mine.object_id) == ("person", grace.person.id)
    assert grace.secret not in repr(export)
    with db.read() as session, pytest.raises(NotFound):
        export_person(session, new_id(), now=clock.now())


def test_whatever_else_names_a_person_is_in_their_copy_too(db: Database, grace: Somebody) -> None:
    now = clock.now()
    with db.write() as session:
        request = session.exec(select(JoinRequest)).one()
        request.state, request.decided_by, request.decided_at = JoinState.CONFIRMED, grace.colleague.id, now
    with db.read() as session:
        export = export_person(session, grace.colleague.id, now=now)

    assert [(one.table, one.column, one.id) for one in export.deeds] == [
        ("join_request", "decided_by", str(request.id))
    ]


def test_an_erased_person_is_nowhere_to_be_found_and_the_trail_still_proves_itself(house: House) -> None:
    db = house.db
    with db.write() as session:
        grace = Somebody(session)
    house.sealer.seal()

    with db.write() as session:
        erase_person(session, grace.actor(session), grace.person.id, "she asked for it", now=clock.now())
    house.sealer.seal()

    left = repr(everything(db))
    assert "Grace" not in left
    assert "grace@larchlane.example" not in left
    assert "Ada Byron" in left  # the colleague stays
    report = verify(db, [house.sealer.key])
    assert report.findings == []
    assert report.erased == 1
    with db.read() as session:
        events = session.exec(select(AuditEvent).order_by(AuditEvent.position)).all()
        assert [(event.action, event.person_id) for event in events][-3:] == [
            ("join_request.withdrawn", grace.person.id),
            ("invitation.withdrawn", grace.person.id),
            ("person.erased", grace.person.id),
        ]
        assert [event.action for event in events][-5:-3] == ["member.left", "token.revoked"]
        assert events[-1].reason == "she asked for it"
        [member_] = session.exec(select(Member).where(Member.person_id == grace.person.id)).all()
        [token] = session.exec(select(ApiToken).where(ApiToken.person_id == grace.person.id)).all()
        [request] = session.exec(select(JoinRequest)).all()
        assert member_.ended_at is not None
        assert token.revoked_at is not None
        assert request.state is JoinState.WITHDRAWN


def test_what_a_request_under_way_wrote_after_an_erasure_is_erased_too(house: House) -> None:
    db = house.db
    with db.write() as session:
        grace = Somebody(session)
    with db.read() as session:
        looked_up_before = grace.actor(session)
    with db.write() as session:
        erase_person(session, grace.actor(session), grace.person.id, "she asked for it", now=clock.now())
    with db.write() as session:
        record(session, looked_up_before, "thing.made", "thing", new_id(), now=clock.now())
        token_of(session, grace.person, grace.school)
    assert "Grace" in repr(everything(db))

    assert finish_erasures(db, now=clock.now()) == 1

    assert "Grace" not in repr(everything(db))
    with db.read() as session:
        assert all(token.revoked_at for token in session.exec(select(ApiToken)))
    house.sealer.seal()
    assert verify(db, [house.sealer.key]).findings == []
    stored = everything(db)
    assert finish_erasures(db, now=clock.now()) == 1
    assert everything(db) == stored
    assert finish_erasures(db, now=clock.now() + timedelta(days=2)) == 0


def test_the_trail_keeps_no_name_or_address_of_a_suppliers_contact(db: Database) -> None:
    contact = Contact(purpose=ContactPurpose.SALES, name="Jo Bloggs", email="jo@larch.example")
    details = SupplierDetails(name="Larch", contacts=(contact,))
    now = clock.now()
    with db.write() as session:
        supplier = register_supplier(session, system("test"), "larch", details, now=now)
        moved = msgspec.structs.replace(details, contacts=(msgspec.structs.replace(contact, name="Al Stone"),))
        amend_supplier(session, system("test"), supplier.id, moved, revision=None, now=now)

    with db.read() as session:
        events = session.exec(select(AuditEvent).order_by(AuditEvent.position)).all()
    assert [(event.action, event.after and event.after["contacts"]) for event in events] == [
        ("supplier.registered", ["sales"]),
        ("supplier.amended", ["sales"]),
    ]


def test_erasure_is_for_oneself_at_a_browser_or_for_the_operator_with_a_reason_and_once(
    db: Database, grace: Somebody
) -> None:
    now = clock.now()
    with db.read() as session:
        herself = grace.actor(session)
        colleague = person_actor(session, session.get_one(Person, grace.colleague.id), grace.school.id)
        scopes = frozenset({Scope.COMMITMENTS_READ})
        by_token = person_actor(session, grace.person, grace.school.id, kind="token", actor_id=new_id(), scopes=scopes)
    stored = everything(db)

    for actor, reason, refusal in (
        (colleague, "I do not like her", Forbidden),
        (by_token, "a token asks for it", Forbidden),
        (herself, "", Invalid),
        (herself, "no", Invalid),
    ):
        with pytest.raises(refusal), db.write() as session:
            erase_person(session, actor, grace.person.id, reason, now=now)
    with pytest.raises(NotFound), db.write() as session:
        erase_person(session, system("test"), new_id(), "nobody is here", now=now)
    assert everything(db) == stored

    with db.write() as session:
        erase_person(session, herself, grace.person.id, "I leave the profession", now=now)
    with pytest.raises(Conflict), db.write() as session:
        erase_person(session, system("test"), grace.person.id, "and once more", now=now)


def test_over_http_people_read_their_own_copy_and_only_the_operator_erases(
    client: TestClient, house: House, api: Api
) -> None:
    with house.db.write() as session:
        grace = Somebody(session)
    own = Api(client, grace.secret)

    copy = own.get("/me/export")
    assert copy.status_code == 200
    assert copy.headers["cache-control"] == "no-store"
    assert copy.json()["person"]["email"] == "grace@larchlane.example"
    assert copy.json()["deeds"] == []
    assert Api(client, None).get("/me/export").status_code == 401
    assert api.get("/me/export").status_code == 403  # an organisation's token has nobody behind it

    path = f"/people/{grace.person.id}/erasure"
    assert own.post(path, {"reason": "I leave the profession"}).status_code == 403
    assert api.post(path, {"reason": "by an organisation's token"}).status_code == 403
    operator = Api(client, operators_token(house))
    assert operator.post(path, {"reason": ""}).status_code == 400
    assert operator.post(f"/people/{UUID(int=7)}/erasure", {"reason": "nobody is here"}).status_code == 404
    assert operator.post(path, {"reason": "she asked for it by letter"}).status_code == 204
    assert operator.post(path, {"reason": "she asked for it by letter"}).status_code == 409
    assert own.get("/me/export").status_code == 401


def operators_token(house: House) -> str:
    """The secret of a personal token of somebody at the operator's."""
    with house.db.write() as session:
        organisation = open_organisation(session, "operator", now=clock.now())
        olive = person(session, "Olive", "olive@operator.example")
        member(session, olive, organisation, Role.OPERATOR)
        return token_of(session, olive, organisation)
