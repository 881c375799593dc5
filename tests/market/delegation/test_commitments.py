"""Committing money over HTTP: within the limit, held above it, let through by another person, refused."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select
from tests.market.delegation.conftest import BOOKS, SCHOOL_SCHEME, TRUST_SCHEME, UID, URN, Somebody, Town
from tests.support.api import Api, token_for
from tests.support.people import join_trust, leave_trust, school, trust
from tests.support.watching import everything, statements

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.errors import Forbidden
from becta.kernel.events import AuditEvent
from becta.market.accounts.access import person_actor
from becta.market.accounts.models import Member, Person
from becta.market.delegation.rules import CommitmentState
from becta.market.delegation.schemas import NewCommitment
from becta.market.delegation.service import make_commitment, release_commitment
from becta.market.organisations.models import Establishment, EstablishmentGroup, EstablishmentLink
from becta.market.organisations.rules import GroupStatus, LinkKind, Status


def told(commitment: dict[str, Any]) -> list[tuple[str, int | None, str, str]]:
    """Whose scheme, its number, what it decided, and why."""
    return [
        (one["organisation_name"], one["number"], one["outcome"], one["sentence"]) for one in commitment["decisions"]
    ]


def actions(town: Town) -> list[tuple[str, str | None]]:
    """What the trail holds of commitments: what was done, and why."""
    with town.db.read() as session:
        events = session.exec(select(AuditEvent).order_by(AuditEvent.position)).all()  # type: ignore[arg-type]
    return [(one.action, one.reason) for one in events if one.object_type == "commitment"]


def test_an_amount_within_the_limit_is_approved_at_once(town: Town, buyer: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)

    made = buyer.commits(50_000)

    assert made["state"] == "approved"
    assert made["organisation"]["reference"] == f"urn:{URN}"
    assert (made["made_by"], made["made_by_name"], made["holds"]) == (str(buyer.id), "Ada", [])
    assert made["decided_at"] == made["created_at"]
    assert told(made) == [
        (
            "Larch Lane School",
            1,
            "approved",
            "Buyer may commit up to £500.00 in any category; £500.00 is within it",
        )
    ]
    assert buyer.sees(made) == made
    assert actions(town) == [("commitment.made", None)]


def test_above_the_limit_it_is_held_until_another_person_lets_it_through(
    town: Town, buyer: Somebody, approver: Somebody
) -> None:
    scheme = town.scheme(town.school, SCHOOL_SCHEME)

    held = buyer.commits(50_001)
    answer = approver.does("approve", held)

    assert (held["state"], held["decided_at"]) == ("held", None)
    assert told(held) == [
        (
            "Larch Lane School",
            1,
            "held",
            "Buyer may commit up to £500.00 in any category; £500.01 is above it, so an approver decides",
        )
    ]
    assert held["decisions"][0]["scheme_id"] == scheme["id"]
    assert answer.status_code == 200, answer.text
    through = answer.json()
    assert (through["state"], through["decided_by"], through["revision"]) == ("approved", str(approver.id), 2)
    [hold] = through["holds"]
    assert (hold["role"], hold["released_by"]) == ("approver", str(approver.id))
    assert through["decisions"] == held["decisions"]
    assert answer.headers["etag"] == '"2"'
    assert actions(town) == [("commitment.made", None), ("commitment.approved", None)]


def test_nought_in_a_category_holds_every_penny_there(town: Town, buyer: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)

    held = buyer.commits(1, category="laptops")

    assert (held["state"], held["decisions"][0]["rule"], held["holds"][0]["role"]) == ("held", 2, "approver")


def test_null_is_no_limit(town: Town, lead: Somebody) -> None:
    town.scheme(town.trust, TRUST_SCHEME)

    assert lead.commits(10**12, organisation=f"trust:{UID}")["state"] == "approved"


def test_above_every_limit_it_is_refused_kept_and_final(town: Town, buyer: Somebody, approver: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)

    refused = approver.commits(500_001)
    answer = buyer.does("withdraw", refused, "Never mind")

    assert (refused["state"], refused["holds"]) == ("refused", [])
    assert told(refused)[0][3] == (
        "Approver may commit up to £5,000.00 in any category; £5,000.01 is above it, and the scheme names nobody else "
        "who may decide"
    )
    assert answer.status_code == 403
    assert approver.does("withdraw", refused, "Never mind").status_code == 409
    assert approver.does("approve", refused).status_code == 409
    assert actions(town) == [("commitment.made", None)]


def test_without_a_scheme_everything_is_refused(town: Town, buyer: Somebody) -> None:
    refused = buyer.commits(1)

    assert refused["state"] == "refused"
    assert told(refused) == [
        ("Larch Lane School", None, "refused", "no scheme of delegation is in force for Larch Lane School")
    ]


def test_the_maker_cannot_let_their_own_through(town: Town) -> None:
    town.scheme(town.school, [{"role": "approver", "limit_pence": 500_000, "two_people": True}])
    maker = town.somebody("Grace", town.school, Role.APPROVER)
    second = town.somebody("Joan", town.school, Role.APPROVER)
    held = maker.commits(100)

    own, decline = maker.does("approve", held), maker.does("decline", held, "Not needed")

    assert told(held)[0][3] == (
        "Approver may commit up to £5,000.00 in any category; £1.00 is within it, but two people must agree, "
        "so another approver decides"
    )
    assert own.status_code == 403
    assert own.json()["detail"] == (
        "Larch Lane School: whoever made a commitment may not let it through: it takes another person"
    )
    assert decline.status_code == 403
    assert maker.sees(held) == held
    assert second.does("approve", held).json()["state"] == "approved"


def test_whoever_lost_the_role_in_between_cannot(town: Town, buyer: Somebody, approver: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)
    with town.db.write() as session:
        [membership] = session.exec(select(Member).where(Member.person_id == approver.id))
        membership.roles = ["buyer"]

    assert approver.does("approve", held).status_code == 403
    with town.db.write() as session:
        [membership] = session.exec(select(Member).where(Member.person_id == approver.id))
        membership.ended_at = clock.now()

    assert approver.does("approve", held).status_code == 403
    assert buyer.sees(held)["state"] == "held"


def test_a_role_lost_while_the_request_waited_counts_no_more(town: Town, buyer: Somebody, approver: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)
    with town.db.read() as session:
        asking = person_actor(session, session.get_one(Person, approver.id), town.school.id)
    with town.db.write() as session:
        [membership] = session.exec(select(Member).where(Member.person_id == approver.id))
        membership.ended_at = clock.now()

    with pytest.raises(Forbidden, match="you act as nothing"), town.db.write() as session:
        release_commitment(session, asking, UUID(held["id"]), revision=None, now=clock.now())
    with town.db.write() as session:
        wanted = NewCommitment(**{**BOOKS, "amount_pence": 1})
        refused = make_commitment(session, asking, wanted, now=clock.now())
        assert refused.state is CommitmentState.REFUSED

    assert buyer.sees(held) == held


def test_whoever_decides_is_judged_by_the_scheme_of_that_moment(
    town: Town, buyer: Somebody, approver: Somebody
) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)
    lower = [SCHOOL_SCHEME[0], {"role": "approver", "limit_pence": 59_999}]
    town.scheme(town.school, lower)

    answer = approver.does("approve", held)

    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "Larch Lane School: Approver may commit up to £599.99 in any category; £600.00 is above it"
    )
    town.scheme(town.school, SCHOOL_SCHEME)
    through = approver.does("approve", held).json()
    assert (through["state"], through["decisions"][0]["number"]) == ("approved", 1)


def test_school_and_trust_must_both_let_it_through(
    town: Town, buyer: Somebody, approver: Somebody, lead: Somebody
) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    town.scheme(town.trust, TRUST_SCHEME)

    held = buyer.commits(400_000)
    first = approver.does("approve", held)
    again = approver.does("approve", held)
    last = lead.does("approve", held)

    assert [(whose, outcome) for whose, _, outcome, _ in told(held)] == [
        ("Larch Lane School", "held"),
        ("Larch Learning Trust", "held"),
    ]
    assert {hold["organisation_id"]: hold["role"] for hold in held["holds"]} == {
        str(town.school.id): "approver",
        str(town.trust.id): "trust_lead",
    }
    assert (first.status_code, first.json()["state"], first.json()["revision"]) == (200, "held", 2)
    assert again.status_code == 403
    assert again.json()["detail"] == (
        "Larch Learning Trust: it is held for a trust lead or a role above, and you act as an approver"
    )
    assert (last.status_code, last.json()["state"]) == (200, "approved")
    assert {hold["released_by"] for hold in last.json()["holds"]} == {str(approver.id), str(lead.id)}
    assert actions(town) == [
        ("commitment.made", None),
        ("commitment.released", None),
        ("commitment.approved", None),
    ]


def test_the_schools_own_people_decide_under_its_own_scheme(town: Town, buyer: Somebody, lead: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)

    answer = lead.does("approve", held)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "Larch Lane School: its own people decide under its own scheme"


@pytest.mark.parametrize(
    ("_case", "amount", "state"),
    [("both approve", 20_000, "approved"), ("the trust holds", 20_001, "held"), ("the school refuses", 500_001,
     "refused")],
)  # fmt: skip
def test_the_stricter_of_two_schemes_wins(_case: str, amount: int, state: str, town: Town, buyer: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    town.scheme(town.trust, TRUST_SCHEME)

    assert buyer.commits(amount)["state"] == state


def test_a_school_without_a_scheme_goes_by_its_trusts(town: Town, buyer: Somebody, approver: Somebody) -> None:
    town.scheme(town.trust, TRUST_SCHEME)

    held = buyer.commits(20_001)

    assert told(held) == [
        (
            "Larch Learning Trust",
            1,
            "held",
            "Buyer may commit up to £200.00 in any category; £200.01 is above it, so an approver decides",
        )
    ]
    assert approver.does("approve", held).json()["state"] == "approved"


def test_who_acts_for_the_trust_on_its_school_goes_by_the_trusts_scheme_alone(town: Town, lead: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    before = lead.commits(1)
    town.scheme(town.trust, TRUST_SCHEME)

    made = lead.commits(9_000_000)

    assert told(before) == [
        ("Larch Learning Trust", None, "refused", "no scheme of delegation is in force for Larch Learning Trust")
    ]
    assert (made["state"], made["acting_for"]) == ("approved", str(town.trust.id))
    assert [whose for whose, *_ in told(made)] == ["Larch Learning Trust"]


def test_a_school_that_moves_is_judged_by_its_new_trust_and_the_old_facts_stay(
    town: Town, buyer: Somebody, lead: Somebody
) -> None:
    town.scheme(town.trust, TRUST_SCHEME)
    old = buyer.commits(20_000)
    held = buyer.commits(20_001)
    with town.db.write() as session:
        new = trust(session, 3055, "Elm Trust")
        leave_trust(session, URN, UID)
        join_trust(session, URN, 3055)
    town.scheme(new, [{"role": "buyer", "limit_pence": 10, "above": "trust_lead"}, TRUST_SCHEME[2]])
    new_lead = town.somebody("Ursula", new, Role.TRUST_LEAD)

    now_held = buyer.commits(20_000)
    stuck = new_lead.does("approve", held)

    assert [(whose, outcome) for whose, _, outcome, _ in told(now_held)] == [("Elm Trust", "held")]
    assert buyer.sees(old) == old
    assert lead.does("approve", held).status_code == 404  # the old trust no longer reaches the school
    assert stuck.status_code == 409
    assert stuck.json()["detail"] == (
        "since this was made, Larch Lane School has come under other schemes of delegation (Elm Trust); "
        "withdraw it and make it anew"
    )
    assert buyer.does("withdraw", held, "Made anew").json()["state"] == "withdrawn"
    assert new_lead.does("approve", now_held).json()["state"] == "approved"


def test_a_closed_school_commits_nothing_and_lets_nothing_through(
    town: Town, buyer: Somebody, approver: Somebody
) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)
    with town.db.write() as session:
        school(session, 100_002, "Larch Lane Academy")
        closed = session.get_one(Establishment, URN)
        closed.status, closed.closed_on = Status.CLOSED, date(2026, 8, 31)
        now = clock.now()
        link = {"predecessor_urn": URN, "successor_urn": 100_002, "kind": LinkKind.SUCCEEDED}
        session.add(EstablishmentLink(**link, first_seen_at=now, changed_at=now))
    before = everything(town.db)

    answers = [buyer.api.post("/commitments", BOOKS), approver.does("approve", held)]

    for answer in answers:
        assert answer.status_code == 409
        assert answer.json()["detail"] == (
            "Larch Lane School closed on 31 August 2026; what came after it is Larch Lane Academy (urn:100002), "
            "so nothing is committed for it"
        )
    assert everything(town.db) == before


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (GroupStatus.CLOSED, "Larch Learning Trust is closed, so nothing is committed for it"),
        (GroupStatus.PROPOSED_TO_OPEN, "Larch Learning Trust is not open yet, so nothing is committed for it"),
    ],
)
def test_nobody_commits_for_a_trust_that_does_not_stand(
    status: GroupStatus, detail: str, town: Town, lead: Somebody
) -> None:
    town.scheme(town.trust, TRUST_SCHEME)
    with town.db.write() as session:
        session.get_one(EstablishmentGroup, UID).status = status

    for reference in (f"trust:{UID}", f"urn:{URN}"):
        answer = lead.api.post("/commitments", {**BOOKS, "organisation": reference})
        assert (answer.status_code, answer.json()["detail"]) == (409, detail)


def test_to_another_schools_people_there_is_no_such_commitment(
    town: Town, buyer: Somebody, elsewhere: Callable[..., Somebody]
) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)
    eve = elsewhere(Role.APPROVER, Role.BUYER, Role.FINANCE)
    before = everything(town.db)

    answers = [
        eve.api.get(f"/commitments/{held['id']}"),
        eve.does("approve", held),
        eve.does("decline", held, "Because I can"),
        eve.does("withdraw", held, "Because I can"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert eve.api.get("/commitments").json() == {"items": [], "next": None}
    assert eve.api.post("/commitments", BOOKS).status_code == 403
    assert everything(town.db) == before


def test_the_operator_reads_but_spends_nobodys_money(town: Town, buyer: Somebody, api: Api) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)

    assert api.get(f"/commitments/{held['id']}").json() == held
    assert api.post("/commitments", BOOKS).status_code == 403
    assert api.post(f"/commitments/{held['id']}/approve").status_code == 403


def test_who_only_buys_decides_on_nothing(town: Town, buyer: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)
    other = town.somebody("Alan", town.school, Role.BUYER)

    assert other.does("approve", held).status_code == 403
    assert other.does("decline", held, "Too dear").status_code == 403
    answer = other.does("withdraw", held, "Too dear")
    assert answer.status_code == 403
    assert answer.json()["detail"] == "a commitment is withdrawn by whoever made it or by one who decides"


def test_declining_says_why_and_is_final(town: Town, buyer: Somebody, approver: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)

    without = [approver.does("decline", held, reason) for reason in ("", "  ", "x" * 1_001)]
    declined = approver.does("decline", held, "We have these books").json()

    assert [answer.status_code for answer in without] == [400] * 3
    assert without[0].json()["errors"][0]["pointer"] == "/reason"
    assert (declined["state"], declined["reason"], declined["decided_by"]) == (
        "declined",
        "We have these books",
        str(approver.id),
    )
    assert approver.does("approve", held).status_code == 409
    assert actions(town) == [("commitment.made", None), ("commitment.declined", "We have these books")]


def test_an_approved_commitment_can_be_withdrawn_by_its_maker_or_one_who_decides(
    town: Town, buyer: Somebody, approver: Somebody
) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    one, other = buyer.commits(10), buyer.commits(20)

    assert buyer.does("withdraw", one, "Not needed").json()["state"] == "withdrawn"
    assert approver.does("withdraw", other, "Not needed").json()["state"] == "withdrawn"
    assert buyer.does("withdraw", one, "Not needed").status_code == 409


def test_a_change_to_what_was_read_before_is_held_back(town: Town, buyer: Somebody, approver: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)

    assert approver.does("approve", held, **{"If-Match": '"7"'}).status_code == 412
    assert approver.does("approve", held, **{"If-Match": '"1"'}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"purpose": ""}, "/purpose"),
        ({"amount_pence": 0}, "/amount_pence"),
        ({"amount_pence": 10**12 + 1}, "/amount_pence"),
        ({"amount_pence": 10**30}, "/amount_pence"),
        ({"amount_pence": 1.5}, "/amount_pence"),
        ({"category": "lap-dogs"}, "/category"),
        ({"budget_code": ""}, "/budget_code"),
        ({"organisation": "urn:one"}, "/organisation"),
        ({"organisation": "operator"}, "/organisation"),
        ({"approved": True}, "/approved"),
    ],
)
def test_every_bad_field_is_told_with_its_mend(
    changes: dict[str, Any], pointer: str, town: Town, buyer: Somebody
) -> None:
    before = everything(town.db)

    answer = buyer.api.post("/commitments", {**BOOKS, **changes})

    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["mend"]
    assert everything(town.db) == before


def test_a_school_that_is_not_there(town: Town, buyer: Somebody) -> None:
    assert buyer.api.post("/commitments", {**BOOKS, "organisation": "urn:999999"}).status_code == 404


def test_an_organisations_own_token_commits_nothing(town: Town, client: Any) -> None:
    assert Api(client, token_for(town.db, None)).post("/commitments", BOOKS).status_code == 403
    assert Api(client, None).post("/commitments", BOOKS).status_code == 401


def test_the_list_shows_own_and_owned_newest_first_page_by_page(town: Town, buyer: Somebody, lead: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    town.scheme(town.trust, TRUST_SCHEME)
    made = [buyer.commits(amount)["id"] for amount in (10, 60_000, 20)]
    own = lead.commits(30, organisation=f"trust:{UID}")["id"]

    first = lead.api.get("/commitments", limit=2).json()
    second = lead.api.get("/commitments", limit=2, cursor=first["next"]).json()

    assert [one["id"] for one in first["items"]] == [own, made[2]]
    assert [one["id"] for one in second["items"]] == [made[1], made[0]]
    assert second["next"] is None
    assert [one["id"] for one in buyer.api.get("/commitments").json()["items"]] == made[::-1]
    assert [one["id"] for one in buyer.api.get("/commitments", state="held").json()["items"]] == [made[1]]
    only = lead.api.get("/commitments", organisation=f"trust:{UID}").json()
    assert [one["id"] for one in only["items"]] == [own]
    assert lead.api.get("/commitments", organisation="larch").status_code == 400
    assert buyer.api.get("/commitments", cursor=first["next"]).status_code == 400


def test_a_list_takes_the_same_few_statements_whatever_its_length(town: Town, buyer: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    buyer.commits(60_000)
    with statements(town.db) as for_one:
        buyer.api.get("/commitments")
    for amount in range(60_001, 60_012):
        buyer.commits(amount)

    with statements(town.db) as for_many:
        items = buyer.api.get("/commitments").json()["items"]

    assert len(items) == 12
    assert len(for_many) == len(for_one)
    assert len([one for one in for_many if "commitment" in one]) == 2


def test_a_name_that_was_erased_is_no_longer_told(town: Town, buyer: Somebody, approver: Somebody) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)
    held = buyer.commits(60_000)
    with town.db.write() as session:
        session.execute(text("UPDATE person SET name = NULL WHERE name = 'Ada'"))

    found = approver.sees(held)

    assert (found["made_by"], found["made_by_name"]) == (str(buyer.id), None)
