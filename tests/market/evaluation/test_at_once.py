"""Two of the panel at the same mark in the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from httpx import Response
from tests.market.evaluation.conftest import Opened, told


def together(*actions: Callable[[], Response]) -> list[Response]:
    """The answers to requests that start in the same moment."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Response]) -> Response:
        start.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def test_of_two_moderators_with_the_same_revision_one_is_told_it_is_stale(opened: Opened) -> None:
    opened.scored()
    bid = opened.bids["larch"]

    for revision in range(4):
        seen = {"If-Match": f'"{revision}"'}
        answers = together(partial(opened.first.agrees, bid, 1, **seen), partial(opened.second.agrees, bid, 5, **seen))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        [agreed] = told(opened.buyer.get("consensus", lot=1))["items"]
        taken = next(answer.json() for answer in answers if answer.status_code == 200)
        assert (agreed["revision"], agreed["mark"]) == (revision + 1, taken["mark"])


def test_one_evaluator_in_two_windows_loses_no_score(opened: Opened) -> None:
    opened.panel()
    bid = opened.bids["larch"]

    answers = together(*(partial(opened.first.scores, bid, mark) for mark in range(4)))

    assert sorted(told(answer)["revision"] for answer in answers) == [1, 2, 3, 4]
    stale = opened.first.scores(bid, 5, **{"If-Match": '"3"'})
    assert stale.status_code == 412


def test_a_score_against_moderation_ends_in_one_of_the_two_orders(opened: Opened) -> None:
    opened.panel()

    score, moderation = together(
        partial(opened.first.scores, opened.bids["larch"], 3), partial(opened.buyer.moderates, "Enough")
    )

    assert moderation.status_code == 201
    assert (score.status_code, moderation.json()["missing"]) in {(200, 11), (409, 12)}
