"""People, organisations and tokens over the API, as one story each."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from httpx import Response
from litestar.testing import TestClient
from sqlmodel import select
from tests.market.accounts.conftest import ELSEWHERE, SCHOOL, TRUST, Scene
from tests.support.api import Api
from tests.support.people import leave_trust, school, token_of
from tests.support.watching import everything, statements

from becta.kernel import clock
from becta.kernel.actor import Scope, system
from becta.market.accounts.invitations import PURPOSE
from becta.market.accounts.last_used import LastUsed
from becta.market.accounts.models import ApiToken, Organisation, Person
from becta.market.accounts.token_form import looks_like_token
from becta.market.accounts.tokens import issue_token
from becta.market.organisations.models import EstablishmentLink
from becta.market.organisations.rules import LinkKind, Status
from becta.market.wiring import House

AT_SCHOOL, AT_TRUST = f"/organisations/urn:{SCHOOL}", f"/organisations/trust:{TRUST}"


@pytest.fixture
def people(house: House) -> Scene:
    """The people of a trust and its school, in the house that is served."""
    return Scene(house.db)


def api_of(client: TestClient, people: Scene, who: Person, of: Organisation, *scopes: Scope) -> Api:
    """The API as somebody sees it who acts for an organisation."""
    with people.db.write() as session:
        return Api(client, token_of(session, who, of, *scopes))


def get(api: Api, path: str, status: int = 200, **params: Any) -> Any:
    """What a GET answers."""
    return told(api.get(path, **params), status)


def told(answer: Response, status: int = 200) -> Any:
    """The body of an answer with the expected status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def names(page: Any) -> list[str]:
    """Who is on a page of members."""
    return [one["person"]["name"] for one in page["items"]]


def test_me_tells_who_asks_and_where_they_belong(client: TestClient, people: Scene, api: Api) -> None:
    ann = api_of(client, people, people.approver, people.school)
    found = get(ann, "/me")

    assert found["person"] == {"id": str(people.approver.id), "name": "Ann", "email": "ann@example.org"}
    assert found["acting_for"] == {
        "id": str(people.school.id),
        "kind": "school",
        "name": "Larch Lane School",
        "reference": f"urn:{SCHOOL}",
        "is_open": True,
    }
    roles_give = [
        "bids:open",
        "commitments:decide",
        "commitments:make",
        "commitments:read",
        "people:manage",
        "pledges:make",
        "procurements:award",
        "procurements:read",
        "procurements:run",
        "shortlists:read",
        "shortlists:write",
    ]
    assert found["scopes"] == ["account:manage", *roles_give]
    [membership] = found["organisations"]
    assert (membership["roles"], membership["scopes"]) == (["approver"], roles_give)

    machine = get(api, "/me")
    assert (machine["person"], machine["organisations"]) == (None, [])
    assert machine["acting_for"]["reference"] == "operator"
    narrow = api_of(client, people, people.approver, people.school, Scope.COMMITMENTS_READ)
    assert get(narrow, "/me")["scopes"] == ["commitments:read"]
    assert told(client.get("/api/v1/me"), 401)["type"] == "/problems/not-signed-in"


def test_an_organisation_tells_its_history_to_anybody(client: TestClient, people: Scene) -> None:
    with people.db.write() as session:
        school(session, 100_000, "Old Larch Lane School", status=Status.CLOSED)
        session.add(
            EstablishmentLink(
                predecessor_urn=100_000,
                successor_urn=SCHOOL,
                kind=LinkKind.SUCCEEDED,
                first_seen_at=clock.now(),
                changed_at=clock.now(),
            )
        )
    nobody = Api(client, None)

    found = get(nobody, AT_SCHOOL)
    assert found["organisation"]["name"] == "Larch Lane School"
    assert (found["trust"]["organisation"]["reference"], found["trusts_before"]) == (f"trust:{TRUST}", [])
    assert [(one["urn"], one["name"]) for one in found["predecessors"]] == [(100_000, "Old Larch Lane School")]
    old = get(nobody, "/organisations/urn:100000")
    assert (old["organisation"]["is_open"], [one["urn"] for one in old["successors"]]) == (False, [SCHOOL])
    [of_trust] = get(nobody, AT_TRUST)["schools"]
    assert of_trust["organisation"]["reference"] == f"urn:{SCHOOL}"

    with people.db.write() as session:
        leave_trust(session, SCHOOL, TRUST)
    found = get(nobody, AT_SCHOOL)
    assert found["trust"] is None
    assert [one["organisation"]["name"] for one in found["trusts_before"]] == ["Larch Learning Trust"]
    trust = get(nobody, AT_TRUST)
    assert (trust["schools"], len(trust["schools_before"])) == ([], 1)
    assert get(nobody, "/organisations/operator")["organisation"]["kind"] == "operator"


@pytest.mark.parametrize("reference", ["urn:999999", "urn:x", "trust:1", "nobody", "operator:1", "supplier:x"])
def test_an_organisation_there_is_not_is_not_found_and_none_is_opened_by_looking(
    client: TestClient, people: Scene, reference: str
) -> None:
    stored = everything(people.db)
    for path in ("", "/members", "/invitations", "/join-requests"):
        answer = api_of(client, people, people.lead, people.trust).get(f"/organisations/{reference}{path}")
        assert answer.status_code == 404
    after = everything(people.db)
    assert after["organisation"] == stored["organisation"]


def test_members_are_seen_by_members_and_by_whoever_manages_them(client: TestClient, people: Scene) -> None:
    for who, of in ((people.buyer, people.school), (people.lead, people.trust)):
        assert names(get(api_of(client, people, who, of), f"{AT_SCHOOL}/members")) == ["Ann", "Abe", "Ben"]
    assert names(get(api_of(client, people, people.buyer, people.school), f"{AT_SCHOOL}/members", ended=True)) == []

    stranger = api_of(client, people, people.stranger, people.elsewhere)
    assert get(stranger, f"{AT_SCHOOL}/members", 403)["type"] == "/problems/forbidden"
    assert get(api_of(client, people, people.buyer, people.school), f"{AT_TRUST}/members", 403)
    with people.db.write() as session:
        leave_trust(session, SCHOOL, TRUST)
    assert get(api_of(client, people, people.lead, people.trust), f"{AT_SCHOOL}/members", 403)


def test_members_come_in_pages_with_as_many_statements_for_many_as_for_few(client: TestClient, people: Scene) -> None:
    ben = api_of(client, people, people.buyer, people.school)
    first = get(ben, f"{AT_SCHOOL}/members", limit=2)
    second = get(ben, f"{AT_SCHOOL}/members", limit=2, cursor=first["next"])
    assert (names(first), names(second), second["next"]) == (["Ann", "Abe"], ["Ben"], None)
    assert get(ben, f"{AT_SCHOOL}/members", 400, ended=True, cursor=first["next"])

    counted = []
    for limit in (1, 3):
        with statements(people.db) as sent:
            get(ben, f"{AT_SCHOOL}/members", limit=limit)
        counted.append(len(sent))
    assert counted[0] == counted[1]


def test_roles_are_changed_against_the_revision_that_was_read(client: TestClient, people: Scene) -> None:
    ann = api_of(client, people, people.approver, people.school)
    path = f"{AT_SCHOOL}/members/{people.buyer.id}"

    answer = ann.put(path, {"roles": ["auditor"]}, **{"If-Match": '"1"'})
    assert (told(answer)["roles"], answer.headers["etag"]) == (["auditor"], '"2"')
    stored = everything(people.db)
    assert told(ann.put(path, {"roles": ["buyer"]}, **{"If-Match": '"1"'}), 412)
    assert told(ann.put(path, {"roles": ["buyer", "king"]}), 400)
    assert told(ann.put(path, {"roles": ["trust_lead"]}), 400)["errors"][0]["pointer"] == "/roles"
    mine = ann.put(f"{AT_SCHOOL}/members/{people.approver.id}", {"roles": ["approver", "finance"]})
    assert told(mine, 403)["detail"].startswith("nobody changes their own roles")
    assert everything(people.db) == stored


def test_an_invitation_by_mail_is_accepted_over_the_api_and_says_nothing_else(
    client: TestClient, people: Scene, house: House
) -> None:
    ann = api_of(client, people, people.approver, people.school)
    body = {"email": "Sue@example.org", "roles": ["buyer"]}
    made = told(ann.post(f"{AT_SCHOOL}/invitations", body), 201)
    assert [one["email"] for one in get(ann, f"{AT_SCHOOL}/invitations")["items"]] == ["sue@example.org"]
    sue = api_of(client, people, people.stranger, people.elsewhere)
    code = house.signer.sign(PURPOSE, UUID(made["id"]))

    answers = [
        ann.post("/invitations/accept", {"code": code}),  # another's
        sue.post("/invitations/accept", {"code": code[:-2] + "AA"}),  # not ours
        sue.post("/invitations/accept", {"code": house.signer.sign("sign-in", UUID(made["id"]))}),  # not for this
        sue.post("/invitations/accept", {"code": house.signer.sign(PURPOSE, UUID(int=7))}),  # unknown
        sue.post("/invitations/accept", {"code": made["id"]}),
        sue.post("/invitations/accept", {"code": "\u2603"}),
    ]
    with time_machine.travel(clock.now() + timedelta(days=15)):
        answers.append(sue.post("/invitations/accept", {"code": code}))
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}

    joined = told(sue.post("/invitations/accept", {"code": code}))
    assert (joined["person"]["name"], joined["roles"]) == ("Sue", ["buyer"])
    assert sue.post("/invitations/accept", {"code": code}).text == answers[0].text
    [settled] = get(ann, f"{AT_SCHOOL}/invitations")["items"]
    assert (settled["email"], settled["accepted_at"] is not None) == (None, True)


def test_an_invitation_is_withdrawn_over_the_api(client: TestClient, people: Scene) -> None:
    ann = api_of(client, people, people.approver, people.school)
    made = told(ann.post(f"{AT_SCHOOL}/invitations", {"email": "x@example.org", "roles": ["buyer"]}), 201)
    assert told(ann.post(f"/invitations/{made['id']}/withdraw"))["withdrawn_at"] is not None
    assert told(ann.post(f"/invitations/{made['id']}/withdraw"), 409)


def test_somebody_asks_to_join_and_is_let_in_refused_or_thinks_better_of_it(client: TestClient, people: Scene) -> None:
    with people.db.write() as session:
        session.get_one(Person, people.stranger.id).email = "sue@mail.larchlane.kent.sch.uk"
    sue = api_of(client, people, people.stranger, people.elsewhere)
    ann = api_of(client, people, people.approver, people.school)
    body = {"organisation": f"urn:{SCHOOL}", "roles": ["buyer"]}

    first = told(sue.post("/join-requests", body), 201)
    assert (first["state"], first["person"]["name"]) == ("asked", "Sue")
    assert told(sue.post(f"/join-requests/{first['id']}/withdraw"))["state"] == "withdrawn"
    second = told(sue.post("/join-requests", body), 201)
    refused = told(ann.post(f"/join-requests/{second['id']}/refuse", {"reason": "Wrong school"}))
    assert (refused["state"], refused["reason"]) == ("refused", "Wrong school")
    third = told(sue.post("/join-requests", body), 201)
    assert [one["id"] for one in get(ann, f"{AT_SCHOOL}/join-requests", state="asked")["items"]] == [third["id"]]
    assert told(sue.post(f"/join-requests/{third['id']}/confirm", {"roles": ["buyer"]}), 404)
    confirmed = told(ann.post(f"/join-requests/{third['id']}/confirm", {"roles": ["buyer", "auditor"]}))
    assert confirmed["state"] == "confirmed"
    states = [one["state"] for one in get(sue, "/join-requests")["items"]]
    assert states == ["withdrawn", "refused", "confirmed"]
    assert names(get(ann, f"{AT_SCHOOL}/members")) == ["Ann", "Abe", "Ben", "Sue"]

    stored = everything(people.db)
    assert told(sue.post("/join-requests", {**body, "organisation": f"trust:{TRUST}"}), 201)
    assert told(sue.post("/join-requests", {**body, "organisation": f"urn:{ELSEWHERE}"}), 400)
    assert told(sue.post("/join-requests", {**body, "organisation": "nobody"}), 400)
    assert told(sue.post("/join-requests", {**body, "organisation": "urn:999999"}), 404)
    assert everything(people.db)["member"] == stored["member"]
    assert told(ann.post(f"{AT_SCHOOL}/members/{people.stranger.id}/end", {}), 400)
    assert told(sue.post(f"{AT_SCHOOL}/members/{people.stranger.id}/end", {}))["ended_at"] is not None


def test_a_token_is_made_used_rotated_and_revoked_over_the_api(client: TestClient, people: Scene) -> None:
    ben = api_of(client, people, people.buyer, people.school)
    scopes = ["account:manage", "commitments:read"]
    answer = ben.post("/tokens", {"label": "Script", "personal": True, "scopes": scopes})
    made = told(answer, 201)
    assert answer.headers["cache-control"] == "no-store"
    assert looks_like_token(made["secret"])
    assert made["secret"].startswith("becta_p_")
    assert (made["token"]["scopes"], made["token"]["person_id"]) == (scopes, str(people.buyer.id))
    script = Api(client, made["secret"])
    assert get(script, "/me")["scopes"] == scopes
    assert made["secret"] not in ben.get("/tokens").text

    wider = script.post("/tokens", {"label": "Wider", "personal": True, "scopes": ["commitments:make"]})
    assert told(wider, 400)["errors"][0]["pointer"] == "/scopes"
    assert told(script.post("/tokens", {"label": "Its", "personal": False}), 403)
    assert told(ben.post("/tokens", {"label": "Its", "personal": False}), 403)
    for days in (0, 366):
        assert told(ben.post("/tokens", {"label": "Long", "personal": True, "days": days}), 400)

    fresh = told(script.post(f"/tokens/{made['token']['id']}/rotate", {}), 201)
    assert fresh["token"]["replaces"] == made["token"]["id"]
    assert get(script, "/me", 401)
    script = Api(client, fresh["secret"])
    assert told(script.post(f"/tokens/{fresh['token']['id']}/rotate", {"grace_hours": 25}), 400)
    assert told(script.post(f"/tokens/{fresh['token']['id']}/revoke", {}))["revoked_at"] is not None
    assert get(script, "/me", 401)


def test_whoever_manages_tokens_sees_and_ends_those_of_the_organisation_and_its_people(
    client: TestClient, people: Scene
) -> None:
    lea = api_of(client, people, people.lead, people.trust)
    ben = api_of(client, people, people.buyer, people.school)
    machine = told(lea.post("/tokens", {"label": "Finance system", "personal": False, "days": 30}), 201)
    assert machine["secret"].startswith("becta_o_")
    assert (machine["token"]["organisation_id"], machine["token"]["person_id"]) == (str(people.trust.id), None)
    bens = told(ben.post("/tokens", {"label": "Ben's script", "personal": True}), 201)["token"]["id"]

    assert [one["label"] for one in get(lea, "/tokens")["items"]] == ["Lea's", "Finance system"]
    assert [one["label"] for one in get(ben, "/tokens")["items"]] == ["Ben's", "Ben's script"]
    at_school = get(lea, "/tokens", organisation=f"urn:{SCHOOL}")
    assert [one["label"] for one in at_school["items"]] == ["Lea's", "Ben's", "Ben's script"]
    assert get(ben, "/tokens", 403, organisation=f"urn:{SCHOOL}")
    assert get(lea, "/tokens", 403, organisation=f"urn:{ELSEWHERE}")

    assert told(lea.post(f"/tokens/{bens}/revoke", {}), 400)["errors"][0]["pointer"] == "/reason"
    assert told(lea.post(f"/tokens/{bens}/revoke", {"reason": "It was in a repository"}))["revoked_at"] is not None
    at_its_school = {"label": "School system", "personal": False, "organisation": f"urn:{SCHOOL}"}
    assert told(lea.post("/tokens", at_its_school), 201)["token"]["organisation_id"] == str(people.school.id)
    assert told(lea.post("/tokens", {**at_its_school, "organisation": f"urn:{ELSEWHERE}"}), 403)


def test_an_organisations_token_is_shown_no_tokens_neither_its_own_organisations_nor_anothers(
    client: TestClient, people: Scene
) -> None:
    machines = []
    for label, of in (("Ours", people.trust), ("Theirs", people.elsewhere)):
        with people.db.write() as session:
            organisation = session.get_one(Organisation, of.id)
            _, secret = issue_token(
                session, system("test"), organisation, label=label, scopes=None, expires_at=None, now=clock.now()
            )
        machines.append(Api(client, secret))

    assert [get(machine, "/tokens") for machine in machines] == [{"items": [], "next": None}] * 2
    assert get(machines[0], "/tokens", 403, organisation=f"trust:{TRUST}")
    lea = api_of(client, people, people.lead, people.trust)
    assert [one["label"] for one in get(lea, "/tokens")["items"]] == ["Ours", "Lea's"]


def test_a_narrow_token_of_a_person_is_not_that_person(client: TestClient, people: Scene, house: House) -> None:
    with people.db.write() as session:
        session.get_one(Person, people.buyer.id).email = "ben@larchlane.kent.sch.uk"
        school(session, 100_003, "Larch Hill School", website="https://larchlane.kent.sch.uk/hill")
    ben = api_of(client, people, people.buyer, people.school)
    ann = api_of(client, people, people.approver, people.school)
    asked = {"organisation": "urn:100003", "roles": ["buyer"]}
    request = told(ben.post("/join-requests", asked), 201)["id"]
    invitation = {"email": "ben@larchlane.kent.sch.uk", "roles": ["evaluator"]}
    invited = told(ann.post(f"{AT_SCHOOL}/invitations", invitation), 201)["id"]
    code = {"code": house.signer.sign(PURPOSE, UUID(invited))}
    [other] = get(ben, "/tokens")["items"]
    made = told(ben.post("/tokens", {"label": "Sheet", "personal": True, "scopes": ["commitments:read"]}), 201)
    sheet = Api(client, made["secret"])
    leave = f"{AT_SCHOOL}/members/{people.buyer.id}/end"
    stored = everything(people.db)

    refused = [
        sheet.get("/me/export"),
        sheet.post(leave, {}),
        sheet.post("/invitations/accept", code),
        sheet.post("/join-requests", {**asked, "organisation": f"trust:{TRUST}"}),
        sheet.post(f"/join-requests/{request}/withdraw"),
        sheet.post("/tokens", {"label": "Another", "personal": True}),
        sheet.post("/tokens", {"label": "Another", "personal": False}),
        sheet.post(f"/tokens/{other['id']}/rotate", {}),
        sheet.post(f"/tokens/{other['id']}/revoke", {}),
    ]

    wanted = "this needs a token with the scope account:manage"
    assert [(answer.status_code, answer.json()["detail"]) for answer in refused] == [(403, wanted)] * 9
    assert everything(people.db) == stored
    assert get(sheet, "/me")["scopes"] == ["commitments:read"]
    fresh = told(sheet.post(f"/tokens/{made['token']['id']}/rotate", {}), 201)
    assert told(Api(client, fresh["secret"]).post(f"/tokens/{fresh['token']['id']}/revoke", {}))
    assert ben.get("/me/export").status_code == 200
    assert told(ben.post("/invitations/accept", code))["roles"] == ["buyer", "evaluator"]
    assert told(ben.post(leave, {}))["ended_at"] is not None


def test_a_token_of_ones_own_may_manage_the_account_only_if_that_was_named(client: TestClient, people: Scene) -> None:
    ben = api_of(client, people, people.buyer, people.school)
    plain = told(ben.post("/tokens", {"label": "Plain", "personal": True}), 201)
    named = told(ben.post("/tokens", {"label": "Named", "personal": True, "scopes": ["account:manage"]}), 201)
    lea = api_of(client, people, people.lead, people.trust)
    of_trust = {"label": "Machine", "personal": False}

    spending = ["commitments:make", "commitments:read"]
    together = ["pledges:make", "procurements:read", "procurements:run"]
    assert plain["token"]["scopes"] == [*spending, *together, "shortlists:read", "shortlists:write"]
    assert Api(client, plain["secret"]).get("/me/export").status_code == 403
    assert named["token"]["scopes"] == ["account:manage"]
    assert Api(client, named["secret"]).get("/me/export").status_code == 200
    assert (
        told(lea.post("/tokens", {**of_trust, "scopes": ["account:manage"]}), 400)["errors"][0]["pointer"] == "/scopes"
    )
    machine = told(lea.post("/tokens", of_trust), 201)
    reading = ["audit:read", "commitments:read", "procurements:read", "shortlists:read"]
    assert machine["token"]["scopes"] == reading
    assert Api(client, machine["secret"]).get("/me/export").status_code == 403


def test_a_token_with_a_scope_that_is_no_more_goes_on_with_the_others(client: TestClient, people: Scene) -> None:
    ben = api_of(client, people, people.buyer, people.school, Scope.ACCOUNT_MANAGE, Scope.COMMITMENTS_READ)
    with people.db.write() as session:
        token = session.exec(select(ApiToken)).one()
        token.scopes = [*token.scopes, "organisations:write"]

    left = ["account:manage", "commitments:read"]
    assert get(ben, "/me")["scopes"] == left
    assert [one["scopes"] for one in get(ben, "/tokens")["items"]] == [left]
    assert ben.get("/me/export").status_code == 200
    assert told(ben.post(f"/tokens/{token.id}/rotate", {}), 201)["token"]["scopes"] == left


def test_the_use_of_a_token_is_remembered_and_written_later(client: TestClient, people: Scene) -> None:
    ben = api_of(client, people, people.buyer, people.school)
    get(ben, "/me")
    used: LastUsed = client.app.state["tokens_used"]
    with people.db.read() as session:
        assert session.exec(select(ApiToken.last_used_at)).all() == [None]
    assert used.write_out() == 1
    [listed] = get(ben, "/tokens")["items"]
    assert listed["last_used_at"] is not None
