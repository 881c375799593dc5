"""An offer and its particulars are written together or not at all."""

from uuid import UUID

import pytest
from sqlmodel import select
from tests.support.catalogue import NOW, make_supplier, make_version, terms
from tests.support.refurb import UNIT, unit

from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import Condition
from becta.kernel.actor import Actor
from becta.kernel.errors import Invalid
from becta.market.db import Database
from becta.refurb.units.models import RemanufacturedDeviceRow
from becta.refurb.units.rules import Erasure, RemanufacturedDevice
from becta.refurb.units.service import change_device_offer, offer_device

USED = terms(condition=Condition.REMANUFACTURED, price_pence=12_000)


def offered(db: Database, operator: Actor, unit: RemanufacturedDevice | None = UNIT) -> UUID:
    with db.write() as session:
        supplier_id = make_supplier(session)
        product_id = make_version(session, supplier_id, "cb-11").product_id
        return offer_device(
            session,
            operator,
            product_id=product_id,
            supplier_id=supplier_id,
            reference="r-1",
            terms=USED,
            unit=unit,
            now=NOW,
        ).id


def particulars(db: Database) -> list[tuple[UUID, int | None]]:
    with db.read() as session:
        return list(session.exec(select(RemanufacturedDeviceRow.offer_id, RemanufacturedDeviceRow.battery_percent)))


def test_a_used_device_is_offered_with_its_particulars(db: Database, operator: Actor) -> None:
    offer_id = offered(db, operator)

    assert particulars(db) == [(offer_id, 92)]


def test_an_offer_whose_particulars_break_a_rule_is_not_made(db: Database, operator: Actor) -> None:
    with pytest.raises(Invalid, match=r"^remanufactured\.erasure: is too weak to leave a school$"):
        offered(db, operator, unit(erasure=Erasure.CLEAR))

    with db.read() as session:
        assert session.exec(select(Offer)).all() == []


def test_particulars_change_with_the_offer(db: Database, operator: Actor) -> None:
    offer_id = offered(db, operator)
    with db.write() as session:
        change_device_offer(session, operator, offer_id, USED, unit(battery_percent=85), revision=1, now=NOW)

    assert particulars(db) == [(offer_id, 85)]


def test_an_offer_that_turns_to_new_goods_loses_its_particulars(db: Database, operator: Actor) -> None:
    offer_id = offered(db, operator)
    with db.write() as session:
        change_device_offer(session, operator, offer_id, terms(), None, revision=1, now=NOW)

    assert particulars(db) == []


def test_a_change_that_breaks_a_rule_changes_neither(db: Database, operator: Actor) -> None:
    offer_id = offered(db, operator)
    with pytest.raises(Invalid), db.write() as session:
        change_device_offer(
            session, operator, offer_id, terms(price_pence=1), unit(battery_percent=85), revision=1, now=NOW
        )

    with db.read() as session:
        kept = session.exec(select(Offer)).one()
    assert (kept.price_pence, kept.revision) == (12_000, 1)
    assert particulars(db) == [(offer_id, 92)]
