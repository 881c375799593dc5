"""Setting and reading schemes of delegation over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from tests.market.delegation.conftest import SCHOOL_SCHEME, TRUST_SCHEME, UID, URN, Somebody, Town
from tests.support.api import Api
from tests.support.watching import everything

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.events import AuditEvent
from becta.market.accounts.models import ApiToken
from becta.market.accounts.organisations import open_organisation
from becta.market.delegation.models import Scheme

HERE = f"/organisations/urn:{URN}/scheme"


@pytest.fixture
def finance(town: Town) -> Somebody:
    """Looks after the school's money."""
    return town.somebody("Fin", town.school, Role.FINANCE)


def test_a_scheme_is_set_and_each_change_is_a_new_version(town: Town, finance: Somebody, buyer: Somebody) -> None:
    assert buyer.api.get(HERE).status_code == 404

    first = finance.sets(f"urn:{URN}", SCHOOL_SCHEME)
    second = finance.sets(f"urn:{URN}", SCHOOL_SCHEME[:2], **{"If-Match": first.headers["etag"]})

    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    assert (second.status_code, second.headers["etag"]) == (200, '"2"')
    made = first.json()
    assert (made["organisation_id"], made["number"], made["made_by"]) == (str(town.school.id), 1, str(finance.id))
    assert made["rules"][0] == {**SCHOOL_SCHEME[0], "category": None, "two_people": False}
    assert made["in_force_from"] == made["made_at"]
    assert buyer.api.get(HERE).json() == second.json()
    assert buyer.api.get(f"{HERE}/versions").json() == {"items": [second.json(), made], "next": None}
    with town.db.read() as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "scheme.set")).all()
    assert [(event.object_id, event.before, event.after["number"]) for event in events if event.after] == [
        (town.school.id, None, 1),
        (town.school.id, {"number": 1}, 2),
    ]


def test_a_change_to_a_scheme_that_somebody_changed_is_held_back(town: Town, finance: Somebody) -> None:
    finance.sets(f"urn:{URN}", SCHOOL_SCHEME)
    finance.sets(f"urn:{URN}", SCHOOL_SCHEME)
    before = everything(town.db)

    answer = finance.sets(f"urn:{URN}", SCHOOL_SCHEME, **{"If-Match": '"1"'})

    assert answer.status_code == 412
    assert answer.json()["detail"] == "you have revision 1, the current one is 2; read it again first"
    assert everything(town.db) == before


def test_a_scheme_to_come_judges_nothing_yet(town: Town, finance: Somebody, buyer: Somebody) -> None:
    finance.sets(f"urn:{URN}", SCHOOL_SCHEME)
    soon = (clock.now() + timedelta(days=30)).isoformat()
    answer = finance.api.put(HERE, {"rules": [{"role": "buyer", "limit_pence": 0}], "in_force_from": soon})

    assert answer.status_code == 200
    found = buyer.api.get(HERE)
    assert (found.json()["number"], found.headers["etag"]) == (1, '"2"')
    assert buyer.commits(10)["state"] == "approved"
    with town.db.read() as session:
        assert [row.number for row in session.exec(select(Scheme).order_by(Scheme.number))] == [1, 2]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"rules": []}, "/rules"),
        ({"rules": [{"role": "trust_lead", "limit_pence": 1}]}, "/rules/0/role"),
        ({"rules": [{"role": "approver", "limit_pence": -1}]}, "/rules/0/limit_pence"),
        ({"rules": [{"role": "approver", "limit_pence": 1, "category": "lap-dogs"}]}, "/rules/0/category"),
        ({"rules": [{"role": "buyer", "limit_pence": 1, "above": "approver"}]}, "/rules/0/above"),
        ({"rules": SCHOOL_SCHEME, "note": "x" * 2_001}, "/note"),
        ({"rules": SCHOOL_SCHEME, "in_force_from": "2026-01-01T00:00:00Z"}, "/in_force_from"),
        ({"rules": SCHOOL_SCHEME, "in_force_from": "2099-01-01T00:00:00"}, "/in_force_from"),
        ({"rules": SCHOOL_SCHEME, "in_force_from": "9999-12-31T23:59:59-12:00"}, "/in_force_from"),
        ({"rules": SCHOOL_SCHEME, "in_force_from": "0001-01-01T00:00:00+12:00"}, "/in_force_from"),
        ({"rules": [{"role": "approver"}]}, "/rules/0/limit_pence"),
    ],
)
def test_a_scheme_that_makes_no_sense_is_told_where(
    body: dict[str, Any], pointer: str, town: Town, finance: Somebody
) -> None:
    before = everything(town.db)

    answer = finance.api.put(HERE, body)

    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["mend"]
    assert everything(town.db) == before


def test_only_those_who_look_after_the_money_set_it(
    town: Town, buyer: Somebody, approver: Somebody, elsewhere: Callable[..., Somebody]
) -> None:
    before_elsewhere = elsewhere(Role.FINANCE)
    before = everything(town.db)

    answers = [somebody.sets(f"urn:{URN}", SCHOOL_SCHEME) for somebody in (buyer, approver, before_elsewhere)]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert everything(town.db) == before


def test_a_trust_sets_its_schools_schemes(town: Town, lead: Somebody) -> None:
    assert lead.sets(f"urn:{URN}", SCHOOL_SCHEME).status_code == 200
    assert lead.sets(f"trust:{UID}", TRUST_SCHEME).status_code == 200


def test_a_lead_who_was_removed_keeps_no_power_over_limits_through_a_token_of_the_trust(
    town: Town, lead: Somebody
) -> None:
    town.scheme(town.trust, TRUST_SCHEME)
    wanted = {"label": "Ledger", "personal": False}
    beyond = lead.api.post("/tokens", {**wanted, "scopes": ["schemes:write"]})
    secret = lead.api.made("/tokens", wanted)["secret"]
    other = town.somebody("Lou", town.trust, Role.TRUST_LEAD)
    removed = other.api.post(f"/organisations/trust:{UID}/members/{lead.id}/end", {"reason": "Dismissed"})
    before = everything(town.db)

    answer = Api(town.client, secret).put(f"/organisations/trust:{UID}/scheme", {"rules": TRUST_SCHEME})

    assert (beyond.status_code, beyond.json()["errors"][0]["pointer"]) == (400, "/scopes")
    assert (removed.status_code, answer.status_code) == (200, 403)
    assert everything(town.db) == before


def test_a_token_of_the_trust_from_before_that_may_set_schemes_sets_none(town: Town, lead: Somebody) -> None:
    made = lead.api.made("/tokens", {"label": "Ledger", "personal": False})
    with town.db.write() as session:
        session.get_one(ApiToken, UUID(made["token"]["id"])).scopes = ["schemes:write"]
    before = everything(town.db)

    answer = Api(town.client, made["secret"]).put(HERE, {"rules": SCHOOL_SCHEME})

    assert answer.status_code == 403
    assert answer.json()["detail"] == "a limit needs a person behind it: use that person's own token"
    assert everything(town.db) == before


def test_a_school_reads_the_scheme_of_the_trust_that_binds_it_and_nobody_elses(
    town: Town, buyer: Somebody, elsewhere: Callable[..., Somebody]
) -> None:
    town.scheme(town.trust, TRUST_SCHEME)
    town.scheme(town.school, SCHOOL_SCHEME)
    eve = elsewhere(Role.BUYER)

    assert buyer.api.get(f"/organisations/trust:{UID}/scheme").json()["number"] == 1
    assert eve.api.get(f"/organisations/trust:{UID}/scheme").status_code == 404
    assert eve.api.get(HERE).status_code == 404
    assert eve.api.get(f"{HERE}/versions").status_code == 404


@pytest.mark.parametrize("reference", ["larch", "urn:", "urn:1x", "trust:99999", "urn:999999", "supplier:7"])
def test_an_address_of_no_organisation_leads_nowhere(reference: str, lead: Somebody) -> None:
    assert lead.api.get(f"/organisations/{reference}/scheme").status_code == 404
    assert lead.sets(reference, TRUST_SCHEME).status_code == 404


def test_a_supplier_has_no_scheme(town: Town, api: Api) -> None:
    supplier: UUID = api.supplier()
    with town.db.write() as session:
        operator = open_organisation(session, "operator", now=clock.now())
    olive = town.somebody("Olive", operator, Role.OPERATOR)

    assert olive.sets(f"supplier:{supplier}", TRUST_SCHEME).status_code == 400
    assert api.get(f"/organisations/supplier:{supplier}/scheme").status_code == 404
