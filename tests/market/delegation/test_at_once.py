"""Several people deciding on one commitment in the same moment, and one request sent twice."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from httpx import Response
from sqlmodel import select
from tests.market.delegation.conftest import BOOKS, SCHOOL_SCHEME, URN, Somebody, Town

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.events import AuditEvent
from becta.market.delegation.models import Commitment


def together(*actions: Callable[[], Response]) -> list[Response]:
    """The answers to requests that start in the same moment."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Response]) -> Response:
        start.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def test_of_two_approvers_at_once_one_decides_and_the_other_is_told(
    town: Town, buyer: Somebody, approver: Somebody
) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    second = town.somebody("Joan", town.school, Role.APPROVER)

    for amount in range(60_000, 60_010):
        held = buyer.commits(amount)
        answers = together(partial(approver.does, "approve", held), partial(second.does, "approve", held))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert buyer.sees(held)["revision"] == 2
    with town.db.read() as session:
        actions = Counter(event.action for event in session.exec(select(AuditEvent)).all())
    assert (actions["commitment.made"], actions["commitment.approved"]) == (10, 10)


def test_approving_against_withdrawing_ends_in_one_of_the_two_orders(
    town: Town, buyer: Somebody, approver: Somebody
) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)

    for amount in range(60_000, 60_010):
        held = buyer.commits(amount)
        approve, withdraw = together(
            partial(approver.does, "approve", held), partial(buyer.does, "withdraw", held, "Not needed")
        )

        assert (approve.status_code, withdraw.status_code) in {(200, 200), (409, 200)}
        assert buyer.sees(held)["state"] == "withdrawn"
        assert buyer.sees(held)["revision"] == 2 + (approve.status_code == 200)


def test_two_who_set_a_scheme_at_once_do_not_overwrite_each_other(town: Town) -> None:
    one = town.somebody("Fin", town.school, Role.FINANCE)
    other = town.somebody("Fay", town.school, Role.FINANCE)
    one.sets(f"urn:{URN}", SCHOOL_SCHEME)

    answers = together(*(partial(who.sets, f"urn:{URN}", SCHOOL_SCHEME, **{"If-Match": '"1"'}) for who in (one, other)))

    assert sorted(answer.status_code for answer in answers) == [200, 412]


def test_a_request_sent_many_times_at_once_commits_once(town: Town, buyer: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)

    answers = together(*[partial(buyer.api.post, "/commitments", BOOKS, **{"Idempotency-Key": "the-same"})] * 6)

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["detail"] == "the same request is being answered at this moment; send it again shortly"
    with town.db.read() as session:
        [made] = session.exec(select(Commitment)).all()
    assert made.created_at <= clock.now()
