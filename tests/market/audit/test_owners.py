"""An organisation sees what was done to its own things, whoever did it and for whom; nobody else does."""

from collections.abc import Callable
from uuid import UUID

import pytest
from litestar.testing import TestClient
from sqlmodel import col, select
from tests.support import people
from tests.support.api import Api, token_for
from tests.support.badges import CYBER
from tests.support.trail import NOW
from tests.support.watching import statements

from becta.kernel.actor import Role, system
from becta.kernel.events import AuditEvent, record
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.wiring import House

Joined = Callable[[Organisation, Role], Api]
OF_SCHOOL = [{"role": "buyer", "limit_pence": 50_000}]
OF_TRUST = [{"role": "buyer", "limit_pence": 0, "above": "trust_lead"}, {"role": "trust_lead", "limit_pence": None}]
LTI = {**CYBER, "standard": "lti", "standard_version": "1.3", "role": "Tool"}
BOOKS = {"purpose": "Books", "amount_pence": 30_000, "category": "library", "budget_code": "LIB-2"}


@pytest.fixture
def joined(house: House, client: TestClient) -> Joined:
    """Make somebody with a role in an organisation, and give the API as they see it."""

    def join(organisation: Organisation, role: Role) -> Api:
        with house.db.write() as session:
            who = people.person(session)
            people.member(session, who, organisation, role)
            return Api(client, people.token_of(session, who, organisation))

    return join


@pytest.fixture
def schools(house: House) -> tuple[Organisation, Organisation, Organisation]:
    """A trust, its school, and a school of nobody's."""
    with house.db.write() as session:
        larch = people.trust(session, 2044)
        return larch, people.school(session, 100_001, trust_uid=2044), people.school(session, 100_002, "Rowan Road")


def trail(house: House) -> list[AuditEvent]:
    with house.db.read() as session:
        return list(session.exec(select(AuditEvent).order_by(col(AuditEvent.position))))


def seen(by: Api, events: list[AuditEvent]) -> list[str]:
    """Which of these events somebody sees; each alone, with its proof, and in the history of its object, or nowhere."""
    found = []
    for one in events:
        history = by.get(f"/audit/objects/{one.object_type}/{one.object_id}").json()["items"]
        is_listed = one.position in [told["position"] for told in history]
        for path in ("", "/proof"):
            answer = by.get(f"/audit/events/{one.position}{path}")
            assert answer.status_code == (200 if is_listed else 404), (one.action, path)
        if is_listed:
            found.append(f"{one.action} of {one.object_type}")
    return found


def test_a_school_sees_what_its_trust_decided_about_it(
    house: House, api: Api, joined: Joined, schools: tuple[Organisation, Organisation, Organisation]
) -> None:
    larch, lane, rowan = schools
    lead, buyer = joined(larch, Role.TRUST_LEAD), joined(lane, Role.BUYER)
    own, others, trusts = joined(lane, Role.AUDITOR), joined(rowan, Role.AUDITOR), joined(larch, Role.AUDITOR)
    first = len(trail(house))

    assert lead.put("/organisations/trust:2044/scheme", {"rules": OF_TRUST}).is_success
    assert lead.put("/organisations/urn:100001/scheme", {"rules": OF_SCHOOL}).is_success
    commitment = buyer.made("/commitments", {**BOOKS, "organisation": "urn:100001"})
    assert lead.post(f"/commitments/{commitment['id']}/approve").is_success
    invited = {"email": "sam@larchlane.leeds.sch.uk", "roles": ["buyer"]}
    assert lead.post("/organisations/urn:100001/invitations", invited).is_success

    done = trail(house)[first:]
    of_the_school = [
        "scheme.set of organisation",
        "commitment.made of commitment",
        "commitment.approved of commitment",
        "invitation.made of invitation",
    ]
    assert seen(own, done) == of_the_school
    assert seen(trusts, done) == seen(api, done) == ["scheme.set of organisation", *of_the_school]
    assert seen(others, done) == []


def test_a_school_sees_what_the_marketplace_did_to_its_people_tokens_and_entry(
    house: House, joined: Joined, schools: tuple[Organisation, Organisation, Organisation]
) -> None:
    larch, lane, rowan = schools
    own, others, trusts = joined(lane, Role.AUDITOR), joined(rowan, Role.AUDITOR), joined(larch, Role.AUDITOR)
    with house.db.write() as session:
        who = people.person(session)
        member = people.member(session, who, lane, Role.BUYER)
        record(session, system("test"), "member.joined", "member", member.id, now=NOW)
        record(session, system("register"), "school.changed", "school", lane.id, now=NOW)
        record(session, system("register"), "group.changed", "group", larch.id, now=NOW)
        record(session, system("test"), "person.registered", "person", who.id, now=NOW)
        record(session, system("test"), "thing.made", "thing", lane.id, now=NOW)

    done = trail(house)[-5:]

    assert seen(own, done) == ["member.joined of member", "school.changed of school"]
    assert seen(trusts, done) == [*seen(own, done), "group.changed of group"]
    assert seen(others, done) == []


def test_a_school_sees_how_the_operator_settled_who_asked_to_join(
    house: House, api: Api, joined: Joined, schools: tuple[Organisation, Organisation, Organisation], client: TestClient
) -> None:
    _, lane, rowan = schools
    own, others = joined(lane, Role.AUDITOR), joined(rowan, Role.AUDITOR)
    with house.db.write() as session:
        people.school(session, 100_003, "Larch Hill", website="www.larchhill.leeds.sch.uk")
        hill = open_organisation(session, "urn:100003", now=NOW)
        newcomer = people.person(session, "Newcomer", "new@larchhill.leeds.sch.uk")
        people.member(session, newcomer, rowan)
        asking = Api(client, people.token_of(session, newcomer, rowan))
        clerk = people.person(session, "Clerk")
        operator = open_organisation(session, "operator", now=NOW)
        people.member(session, clerk, operator, Role.OPERATOR)
        deciding = Api(client, people.token_of(session, clerk, operator))
    of_the_hill = joined(hill, Role.AUDITOR)
    request = asking.made("/join-requests", {"organisation": "urn:100003", "roles": ["buyer"]})
    refused = deciding.post(f"/join-requests/{request['id']}/refuse", {"reason": "Nobody knows them"})
    assert refused.is_success, refused.text

    done = trail(house)[-2:]

    assert seen(of_the_hill, done) == ["join_request.asked of join_request", "join_request.refused of join_request"]
    assert seen(others, done) == ["join_request.asked of join_request"]  # for whom the newcomer acted as they asked
    assert seen(own, done) == []


def test_a_supplier_sees_what_the_operator_did_to_its_listings(house: House, api: Api, joined: Joined) -> None:
    first = len(trail(house))
    larch, rowan = api.supplier(), api.supplier("rowan-learning")
    product = api.published(larch)
    offer = api.offer(product, larch)["id"]
    changed = api.put(f"/offers/{offer}", {"terms": {"price_pence": 100, "unit": "each"}}, **{"If-Match": "*"})
    assert changed.is_success, changed.text
    api.made(f"/suppliers/{larch}/badge-claims", CYBER)
    api.made(f"/products/{product}/badge-claims", LTI)
    token_for(house.db, larch)
    done = trail(house)[first:]

    def editor_of(supplier_id: UUID) -> Api:
        with house.db.write() as session:
            organisation = open_organisation(session, f"supplier:{supplier_id}", now=NOW)
        return joined(organisation, Role.SUPPLIER_EDITOR)

    assert seen(editor_of(larch), done) == [
        "supplier.registered of supplier",
        "listing.drafted of product",
        "listing.submitted of product",
        "listing.published of product",
        "offer.made of offer",
        "offer.changed of offer",
        "badge.claimed of badge_claim",
        "badge.claimed of badge_claim",
        "token.issued of api_token",
    ]
    assert seen(editor_of(rowan), done) == ["supplier.registered of supplier"]


def test_the_history_of_a_thing_is_one_statement_for_its_owner_too(house: House, api: Api, joined: Joined) -> None:
    larch = api.supplier()
    product = api.published(larch)
    with house.db.write() as session:
        organisation = open_organisation(session, f"supplier:{larch}", now=NOW)
    editor = joined(organisation, Role.SUPPLIER_EDITOR)
    editor.get("/me")

    with statements(house.db) as sent:
        pages = editor.get(f"/audit/objects/product/{product}", limit=2).json()

    assert [one["action"] for one in pages["items"]] == ["listing.published", "listing.submitted"]
    assert sum("audit_event" in statement for statement in sent) == 1
    assert not [one for one in sent if "FROM product" in one and "audit_event" not in one]
