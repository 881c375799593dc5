"""Who is asked in, and with what cap, may change while schools pledge: what is held of the caps follows."""

from functools import partial
from typing import Any

import pytest
from httpx import Response
from tests.market.pledges.conftest import FREE, HELD_ABOVE, Somebody, Town, must_balance, set_rules, takes_part, told
from tests.market.pledges.test_at_once import together
from tests.support.people import school, trust
from tests.support.watching import everything

from becta.kernel.actor import Role
from becta.market.pledges.rules import CapLevel


class Oak:
    """A trust whose two schools take no part yet, and the lead who may ask them in."""

    def __init__(self, town: Town) -> None:
        self.town = town
        with town.db.write() as session:
            self.trust = trust(session, 3055, "Oak Trust")
            self.hill = school(session, 100_005, "Oak Hill School", 3055)
            self.street = school(session, 100_006, "Oak Street School", 3055)
            for one in (self.trust, self.hill, self.street):
                set_rules(session, one, [FREE])
        self.lead = town.somebody(town.trust, Role.TRUST_LEAD)

    def asks(self, reference: str, cap: int | None = None) -> Response:
        """Ask a school or a trust in."""
        kind = "trusts" if reference.startswith("trust") else "schools"
        body = {kind: [{"organisation": reference, "cap_pence": cap}]}
        return self.lead.api.post(f"{self.lead.root}/members", body)

    def asks_alone(self, urn: int) -> Somebody:
        """Ask a school in without its trust, and give one who buys for it."""
        told(self.asks(f"urn:{urn}"))
        return self.town.somebody(self.hill if urn == self.hill.urn else self.street)

    def holds(self, level: CapLevel = CapLevel.TRUST) -> int | None:
        """What is held of the trust's cap, or of everybody's."""
        over = self.trust if level is CapLevel.TRUST else self.town.trust
        return self.town.committed().get((level, over.id))


@pytest.fixture
def oak(town: Town) -> Oak:
    """The trust that is asked in later."""
    return Oak(town)


def test_what_a_school_pledged_before_its_trust_was_asked_in_counts_under_the_trusts_cap(oak: Oak) -> None:
    hill = oak.asks_alone(100_005)
    first = hill.has_pledged(200)
    assert oak.holds() is None

    told(oak.asks("trust:3055", 5_000_000))
    assert oak.holds() == 4_000_000
    street = oak.town.somebody(oak.street)
    refused = street.pledges(250)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "with £50,000.00 more, the trust's cap of £50,000.00 would be exceeded",
    )
    street.has_pledged(50)
    must_balance(oak.town.db)
    told(hill.withdraws(first))
    assert (oak.holds(), oak.holds(CapLevel.CONSORTIUM)) == (1_000_000, 1_000_000)
    must_balance(oak.town.db)


def test_a_school_that_comes_under_another_trust_takes_what_it_pledged_with_it(oak: Oak) -> None:
    with oak.town.db.write() as session:
        takes_part(session, oak.town.procurement_id, oak.hill, oak.town.trust)
    hill = oak.town.somebody(oak.hill)
    pledged = hill.has_pledged(200)

    told(oak.asks("trust:3055"))
    assert oak.holds() == 4_000_000
    assert oak.town.committed()[CapLevel.TRUST, oak.town.trust.id] == 0
    told(hill.amends(pledged, quantity=100))
    assert (oak.holds(), oak.holds(CapLevel.CONSORTIUM)) == (2_000_000, 2_000_000)
    must_balance(oak.town.db)


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("urn:100005", "Oak Hill School has pledged £40,000.00, more than the school's cap of £39,999.99"),
        ("trust:3055", "Oak Trust has pledged £40,000.00, more than the trust's cap of £39,999.99"),
    ],
)
@pytest.mark.parametrize("is_there_already", [True, False])
def test_no_cap_is_set_below_what_is_pledged_under_it(
    oak: Oak, reference: str, sentence: str, is_there_already: bool
) -> None:
    hill = oak.asks_alone(100_005)
    if is_there_already:
        told(oak.asks("trust:3055", 9_000_000))
    pledged = hill.has_pledged(200)
    before = everything(oak.town.db)

    refused = oak.asks(reference, 3_999_999)
    assert (refused.status_code, refused.json()["detail"]) == (409, sentence)
    assert everything(oak.town.db) == before
    told(oak.asks(reference, 4_000_000))
    assert hill.amends(pledged, quantity=201).status_code == 409
    must_balance(oak.town.db)


def test_what_lapsed_is_in_no_caps_way(oak: Oak) -> None:
    oak.town.rules(oak.hill, HELD_ABOVE)
    hill = oak.asks_alone(100_005)
    oak.town.somebody(oak.hill, Role.APPROVER).decides(hill.has_pledged(200), "decline")

    told(oak.asks("trust:3055", 0))
    assert oak.holds() is None
    assert set(oak.town.committed().values()) == {0}


def test_asking_the_trust_in_while_its_schools_pledge_never_exceeds_its_cap(oak: Oak) -> None:
    hill, street = oak.asks_alone(100_005), oak.asks_alone(100_006)
    answers = together(
        partial(hill.pledges, 200), partial(oak.asks, "trust:3055", 4_500_000), partial(street.pledges, 200)
    )

    statuses: list[Any] = [one.status_code for one in answers]
    assert statuses in ([201, 200, 409], [409, 200, 201], [201, 409, 201])
    must_balance(oak.town.db)
