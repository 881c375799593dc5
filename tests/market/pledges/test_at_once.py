"""Many schools at once: no cap is ever exceeded, what is held is what is pledged, and nobody waits in a circle."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from httpx import Response
from tests.market.pledges.conftest import FREE, HELD_ABOVE, Somebody, Town, must_balance, takes_part
from tests.support.people import school

from becta.kernel.actor import Role
from becta.market.pledges.models import PledgeCap
from becta.market.pledges.rules import CapLevel

SCHOOLS = 8


def together(*actions: Callable[[], Response]) -> list[Response]:
    """The answers to requests that start in the same moment."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Response]) -> Response:
        start.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def buyers(town: Town, rules: list[dict[str, Any]] | None = None) -> list[Somebody]:
    """Buyers of more schools under these rules: half of them the trust's, half of nobody's."""
    made = []
    for number in range(SCHOOLS):
        of_trust = number % 2 == 0
        with town.db.write() as session:
            one = school(session, 110_000 + number, f"School {number}", 2044 if of_trust else None)
            takes_part(session, town.procurement_id, one, town.trust if of_trust else None)
        if rules is not None or not of_trust:
            town.rules(one, rules or [FREE])
        made.append(town.somebody(one))
    return made


def test_many_schools_at_once_stop_exactly_at_the_caps_of_trust_and_consortium(town: Town) -> None:
    town.caps(trusts=5_000_00, everybody=10_000_00)
    schools = buyers(town)
    answers = together(*(partial(one.pledges, 10, 20_000) for one in schools))  # £2,000 each, four of them the trust's

    assert Counter(answer.status_code for answer in answers) == {201: 5, 409: 3}
    held = town.committed()
    assert held[CapLevel.CONSORTIUM, town.trust.id] == 10_000_00
    assert held[CapLevel.TRUST, town.trust.id] <= 4_000_00
    must_balance(town.db)


def test_one_school_that_pledges_to_two_lots_at_once_keeps_its_own_cap(town: Town, buyer: Somebody) -> None:
    town.caps(larch=3_000_00)
    answers = together(partial(buyer.pledges, 10, lot=1), partial(buyer.pledges, 10, lot=2))

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    must_balance(town.db)


def test_one_school_that_pledges_twice_at_once_has_pledged_once(town: Town, buyer: Somebody) -> None:
    answers = together(*(partial(buyer.pledges, 10) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    must_balance(town.db)


def test_a_storm_of_pledges_changes_and_withdrawals_keeps_every_sum_and_cap(town: Town) -> None:
    town.caps(trusts=12_000_00, everybody=25_000_00)
    schools = [(one, town.somebody(one.organisation, Role.APPROVER)) for one in buyers(town, HELD_ABOVE)]
    draw = random.Random(2026)
    seen: Counter[int] = Counter()

    def life(people: tuple[Somebody, Somebody], steps: list[tuple[str, int]]) -> list[int]:
        who, approver = people
        standing: dict[str, Any] | None = None
        statuses = []
        for step, quantity in steps:
            if standing is None:
                answer = who.pledges(quantity, 20_000)
            elif step == "amend":
                answer = who.amends(standing, quantity=quantity)
            elif step == "withdraw":
                answer = who.withdraws(standing)
            elif standing["commitment_state"] == "held":
                approver.decides(standing, "decline")
                standing = None
                continue
            else:
                continue
            statuses.append(answer.status_code)
            if answer.status_code in {200, 201}:
                standing = answer.json() if step != "withdraw" or answer.status_code == 201 else None
        return statuses

    plans = [
        [(draw.choice(["amend", "amend", "withdraw", "lapse"]), draw.randint(1, 30)) for _ in range(6)] for _ in schools
    ]
    with ThreadPoolExecutor(len(schools)) as threads:
        for statuses in threads.map(life, schools, plans):
            seen.update(statuses)

    assert set(seen) <= {200, 201, 409}
    assert seen[201] >= SCHOOLS // 2
    must_balance(town.db)
    with town.db.read() as session:
        assert session.get_one(PledgeCap, (town.procurement_id, CapLevel.CONSORTIUM, town.trust.id)).cap_pence
