"""What the demonstration shows of buying together is made by the use cases, and stands as it says."""

from typing import Any

import pytest
from litestar.testing import TestClient
from sqlmodel import select
from tests.support.api import Api

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import Role, system
from becta.market.bids.codes import key_of
from becta.market.bids.models import OpeningOfficer
from becta.market.demo.agreement import SUPPLIERS, load_framework
from becta.market.demo.people import load_people
from becta.market.demo.together import load_need, signed_in
from becta.market.wiring import House


@pytest.fixture
def codes(house: House) -> list[str]:
    """The demonstration's people, need and framework, with just the suppliers that they name; gives the codes."""
    now = clock.now()
    with house.db.write() as session:
        for reference in SUPPLIERS:
            register_supplier(session, system("test"), reference, SupplierDetails(name=reference.title()), now=now)
    load_people(house.db, now=now)
    load_need(house.db, ocid_prefix="ocds-xxxxxx", now=now)
    return load_framework(house.db, house.notary, ocid_prefix="ocds-xxxxxx", now=now)


def test_a_framework_in_force_has_two_lots_with_three_suppliers_each(client: TestClient[Any], codes: list[str]) -> None:
    anybody = Api(client, None)
    [short] = anybody.get("/frameworks", buyer="urn:990101").json()["items"]
    found = anybody.get(f"/frameworks/{short['id']}").json()

    assert (found["standing"], found["authority"]["reference"]) == ("in_force", "operator")
    assert [(lot["category"], len(lot["suppliers"])) for lot in found["lots"]] == [("laptops", 3), ("tablets", 3)]


def test_a_further_competition_under_it_takes_bids_that_two_officers_open(
    house: House, client: TestClient[Any], codes: list[str]
) -> None:
    releases = Api(client, None).get("/ocds/releases").json()["releases"]
    title = "Laptops for year 7, under the framework"
    [tender] = [one for one in releases if one["tender"]["title"] == title]

    assert tender["tag"] == ["tender"]
    assert tender["relatedProcesses"][0]["relationship"] == ["framework"]
    with house.db.read() as session:
        keys = {officer.public_key for officer in session.exec(select(OpeningOfficer))}
        people = {signed_in(session, role).person_id for role in (Role.TRUST_LEAD, Role.FINANCE)}
        assert {officer.person_id for officer in session.exec(select(OpeningOfficer))} == people
    assert {bytes(key_of(code).public_key).hex() for code in codes} == keys
