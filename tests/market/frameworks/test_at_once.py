"""Several people at one framework in the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import time_machine
from httpx import Response
from tests.market.frameworks.conftest import BOTH, CLOSES, PLAIN, Authority, Town, judged, told


def together(*actions: Callable[[], Response]) -> list[int]:
    """The statuses of the answers to requests that start in the same moment."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Response]) -> Response:
        start.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return [answer.status_code for answer in threads.map(run, actions)]


def test_of_two_assessors_one_takes_an_application_and_only_that_one_decides(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    colleague = town.runs("Grace Hopper")
    framework = lead.publishes(lead.sets_up())
    applications = [town.bidder(f"bidder-{n}").applies(framework, 1, "no", *BOTH) for n in range(3)]
    traveller.move_to(CLOSES)

    for application in applications:
        codes = together(*(partial(one.judges, application, "take") for one in (lead, colleague)))
        assert sorted(codes) == [200, 409]
        winner, other = (lead, colleague) if codes[0] == 200 else (colleague, lead)
        assert other.judges(application, "decide", judged()).status_code == 403
        assert other.judges(application, "release").status_code == 403
        told(winner.judges(application, "release"))
        taken = told(other.judges(application, "take"))
        revision = {"If-Match": f'"{taken["revision"]}"'}
        codes = together(*(partial(other.judges, application, "decide", judged(), **revision) for _ in range(2)))
        assert codes[0] != codes[1]
        assert set(codes) <= {200, 409, 412}
        assert Counter(town.actions(application))["framework_application.admitted"] == 1


def test_a_supplier_that_applies_twice_at_once_has_one_application(town: Town, lead: Authority) -> None:
    larch = town.bidder("larch")
    framework = lead.publishes(lead.sets_up(**PLAIN))

    for lot in (1, 2):
        codes = together(*(partial(larch.tries, framework, lot) for _ in range(3)))
        assert sorted(codes) == [201, 409, 409]
    assert len(told(larch.api.get("/framework-applications"))["items"]) == 2


def test_an_award_is_published_once(traveller: time_machine.Traveller, town: Town, lead: Authority) -> None:
    framework = lead.publishes(lead.sets_up(**PLAIN))
    application = town.bidder("larch").applies(framework)
    traveller.move_to(CLOSES)
    lead.has_judged(application)

    assert sorted(together(*(partial(lead.tries, framework, "summaries") for _ in range(2)))) == [200, 409]
    assert sorted(together(*(partial(lead.tries, framework, "award") for _ in range(2)))) == [200, 409]
    assert Counter(town.actions(application))["framework_application.awarded"] == 1
