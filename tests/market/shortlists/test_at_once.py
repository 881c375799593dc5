"""Several people at one shortlist in the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from httpx import Response
from tests.market.shortlists.conftest import Somebody, Town

from becta.kernel.actor import Role
from becta.market.shortlists.rules import MAX_ENTRIES


def together(*actions: Callable[[], Response]) -> list[Response]:
    """The answers to requests that start in the same moment."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Response]) -> Response:
        start.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def test_two_who_add_the_same_product_at_once_make_one_entry(town: Town, buyer: Somebody) -> None:
    colleague = town.somebody("Grace Hopper", town.school, Role.APPROVER)
    product = town.product()

    for number in range(8):
        shortlist = buyer.starts(f"List {number}")
        answers = together(partial(buyer.adds, shortlist, product), partial(colleague.adds, shortlist, product))

        assert sorted(answer.status_code for answer in answers) == [201, 409]
        seen = buyer.sees(shortlist)
        assert (len(seen["entries"]), seen["revision"]) == (1, 2)
        assert Counter(town.actions(shortlist)) == {"shortlist.started": 1, "shortlist.entry_added": 1}


def test_many_who_add_at_once_do_not_go_beyond_the_most_there_can_be(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()
    products = town.listed(MAX_ENTRIES + 4)
    for product in products[: MAX_ENTRIES - 2]:
        buyer.has_added(shortlist, product)

    answers = together(*(partial(buyer.adds, shortlist, product) for product in products[MAX_ENTRIES - 2 :]))

    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 4}
    assert len(buyer.sees(shortlist)["entries"]) == MAX_ENTRIES


def test_closing_against_adding_ends_in_one_of_the_two_orders(town: Town, buyer: Somebody) -> None:
    colleague = town.somebody("Grace Hopper", town.school, Role.APPROVER)
    chosen, other = town.product("a"), town.product("b")

    for number in range(8):
        shortlist = buyer.starts(f"List {number}")
        buyer.has_added(shortlist, chosen)
        close, add = together(partial(buyer.closes, shortlist, chosen), partial(colleague.adds, shortlist, other))

        assert (close.status_code, add.status_code) in {(200, 201), (200, 409)}
        seen = buyer.sees(shortlist)
        assert seen["state"] == "closed"
        assert len(seen["as_ended"]) == len(seen["entries"]) == (2 if add.status_code == 201 else 1)


def test_closing_against_putting_away_does_one_of_them(town: Town, buyer: Somebody) -> None:
    colleague = town.somebody("Grace Hopper", town.school, Role.APPROVER)
    chosen = town.product()

    for number in range(8):
        shortlist = buyer.starts(f"List {number}")
        buyer.has_added(shortlist, chosen)
        answers = together(partial(buyer.closes, shortlist, chosen), partial(colleague.archives, shortlist))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert buyer.sees(shortlist)["revision"] == 3
