"""The pages on which verifiers check claims: the queue, taking, deciding by one or two people, and checking again."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from tests.pages.work.claim_scene import CERTIFIED, ENDS, ISSUED, PDF, Stage, days, id_of, send_file
from tests.pages.work.conftest import Town, Visitor
from tests.pages.work.test_money import words
from tests.pages.work.test_shape import assert_whole
from tests.support.api import Api
from tests.support.browser import Forms

from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import Level
from becta.compliance.conformance.models import ConformanceRun
from becta.compliance.conformance.reports import Outcome
from becta.compliance.evidence.models import Evidence
from becta.compliance.standards.registry import standards
from becta.kernel.clock import add_months
from becta.market.web.formats import london_date
from becta.market.web.work.claims.doubts import doubts_of

FILTERING = {"role": "Filtering", "level": "self_declared", "certificate_reference": "", "scope": "All sites"}
JULY = datetime(2026, 7, 1, 9, tzinfo=UTC)


@pytest.fixture
def stage(town: Town, api: Api) -> Stage:
    return Stage(town, api)


@pytest.fixture
def summer() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(JULY, tick=False) as traveller:
        yield traveller


def check_of(path: str) -> str:
    """A verifier's page of the claim that a supplier's page is about."""
    return f"/checking/{id_of(path)}"


def queues(who: Visitor) -> dict[str, str]:
    """The words of each queue by its title."""
    page = who.get("/checking")
    parts = re.split(r"<h2[^>]*>", page.text.partition("</main>")[0])[1:]
    told = [" ".join(re.sub(r"<[^>]+>", " ", part.replace("</h2>", "|")).split()).partition("|") for part in parts]
    return {title.strip(): text.strip() for title, _, text in told}


def test_a_verifier_takes_a_claim_reads_its_evidence_and_accepts_it(stage: Stage) -> None:
    path = stage.claimed()
    form = stage.sam.get(f"{path}/evidence?kind=file")
    send_file(stage.sam, form, f"{path}/evidence", ("certificate.pdf", PDF))
    vera = stage.vera
    assert 'href="/checking"' in vera.get("/account").text
    assert "Larch Technology" in queues(vera)["Waiting (1)"]

    page = vera.get(check_of(path))
    assert list(Forms(page.text).found) == [f"{check_of(path)}/take"]
    taken = vera.follow(vera.submit(page, f"{check_of(path)}/take"))
    assert "You have taken this. Check it and decide, or let it go." in words(taken)
    assert "Look at this first" not in words(taken)
    assert "certificate.pdf" in words(taken)
    assert "Taken by Vera Vance" in queues(vera)["Taken by you (1)"]
    assert "Taken by Vera Vance" in queues(stage.otto)["Taken by somebody else (1)"]

    done = vera.follow(vera.submit(taken, f"{check_of(path)}/decide", decision="accepted"))
    assert "This is a badge. A later check can suspend it at once, or withdraw it for good." in words(done)
    assert "Vera Vance Accepted it" in words(done)
    assert "Sam Shaw Added evidence" in words(done)
    assert f'href="/badges/{id_of(path)}"' in done.text
    assert queues(vera)["Waiting (0)"] == "Nothing waits."
    stage.house.relay.drain()
    public = words(stage.sam.get(f"/badges/{id_of(path)}"))
    assert "Larch Technology" in public
    assert stage.town.actions(id_of(path)) == [
        "badge.claimed",
        "badge.evidence_added",
        "badge.taken",
        "badge.accepted",
    ]


def test_where_the_standard_wants_two_people_the_second_must_be_somebody_else(stage: Stage) -> None:
    path = stage.of_product("dfe-filtering 2026", **FILTERING)
    vera, otto, check = stage.vera, stage.otto, check_of(path)

    first = stage.checked(path, vera, "accepted")
    assert "You have accepted this; a second person must too." in words(first)
    assert re.findall(r'name="decision" type="radio" value="(\w+)"', first.text) == ["returned", "refused"]
    forged = vera.submit(first, f"{check}/decide", decision="accepted")
    assert forged.status_code == 403
    assert "You accepted this claim; a second person must too." in words(forged)
    assert "Nothing: a second person must agree" in words(stage.sam.get("/claims"))
    assert "Accepted by Vera Vance" in queues(otto)["Waiting for a second person (1)"]

    seen = otto.get(check)
    assert "Vera Vance has accepted this; it needs you as the second person." in words(seen)
    assert "First accepted by Vera Vance" in words(seen)
    second = otto.follow(otto.submit(seen, f"{check}/decide", decision="accepted"))
    assert "This is a badge." in words(second)
    assert "Accepted by Otto Odd" in words(second)
    assert stage.town.actions(id_of(path))[-2:] == ["badge.checked", "badge.accepted"]


def test_the_second_person_may_return_it_and_the_supplier_reads_why(stage: Stage) -> None:
    path = stage.of_product("dfe-filtering 2026", **FILTERING)
    stage.checked(path, stage.vera, "accepted")

    stage.checked(path, stage.otto, "returned", "The checklist is that of another product")

    assert "Reasons given The checklist is that of another product" in words(stage.sam.get(path))


def test_a_refusal_needs_reasons_and_closes_the_claim(stage: Stage) -> None:
    path, check = stage.claimed(), ""
    check = check_of(path)

    for reasons in ("", " \n ", "no"):
        page = stage.checked(path, stage.vera, "refused", reasons)
        assert page.status_code == 400
        assert '<a href="#reasons">The reasons' in page.text
        assert_whole(page)
        stage.vera.submit(stage.vera.get(check), f"{check}/release")
    none = stage.checked(path, stage.vera, "")
    assert '<a href="#decision">The decision is not made: choose one</a>' in none.text
    closed = stage.vera.follow(
        stage.vera.submit(none, f"{check}/decide", decision="refused", reasons="No such certificate")
    )

    assert "This was refused. It is closed." in words(closed)
    assert "Vera Vance Refused it: No such certificate" in words(closed)
    assert Forms(closed.text).found == {}
    assert "This was refused for the reasons below." in words(stage.sam.get(path))
    assert "Read why; claim again if you can show more" in words(stage.sam.get("/claims"))


def test_a_claim_in_another_s_hands_is_decided_by_them_unless_let_go(stage: Stage) -> None:
    path = stage.claimed()
    check, vera, otto = check_of(path), stage.vera, stage.otto
    early = otto.get(check)
    mine = vera.follow(vera.submit(vera.get(check), f"{check}/take"))

    late = otto.submit(early, f"{check}/take")
    assert late.status_code == 412
    assert "Somebody changed this since you opened it." in words(late)
    assert "Vera Vance has taken this to check it." in words(late)
    assert list(Forms(late.text).found) == [f"{check}/release"]
    revision = Forms(late.text).found[f"{check}/release"]
    forged = otto.post(f"{check}/decide", {**revision, "decision": "accepted"})
    assert forged.status_code == 409
    assert "Somebody else is checking this claim; they decide it, or let it go." in words(forged)

    free = otto.follow(otto.submit(late, f"{check}/release"))
    assert "Nobody has taken this yet." in words(free)
    otto.submit(free, f"{check}/take")
    stale = vera.submit(mine, f"{check}/decide", decision="accepted")
    assert stale.status_code == 412
    assert stage.town.actions(id_of(path)) == ["badge.claimed", "badge.taken", "badge.let_go", "badge.taken"]


def test_a_badge_checked_again_is_suspended_holds_again_and_is_withdrawn(stage: Stage) -> None:
    path = stage.claimed()
    check, vera, sam = check_of(path), stage.vera, stage.sam
    held = stage.checked(path, vera, "accepted")

    without = vera.submit(held, f"{check}/recheck", result="fails")
    assert without.status_code == 400
    assert '<a href="#reasons">The reasons are missing' in without.text
    none = vera.submit(held, f"{check}/recheck", reasons="Something")
    assert '<a href="#result">The result is not chosen' in none.text
    assert_whole(none)
    lost = vera.follow(vera.submit(held, f"{check}/recheck", result="fails", reasons="The register has it no more"))
    assert "The badge is suspended: a later check failed." in words(lost)
    assert "Suspended" in queues(vera)["Badges that end within 30 days or are suspended (1)"]
    assert "Reasons given The register has it no more" in words(sam.get(path))
    assert "Read why; it holds again once a new check passes" in words(sam.get("/claims"))

    again = vera.follow(vera.submit(lost, f"{check}/recheck", result="holds"))
    assert "This is a badge." in words(again)
    assert "The register has it no more" not in words(sam.get(path))
    gone = vera.follow(vera.submit(again, f"{check}/recheck", result="revoked", reasons="It was given in error"))
    assert "The badge was withdrawn. It is closed." in words(gone)
    assert Forms(gone.text).found == {}
    assert stage.town.actions(id_of(path))[-3:] == ["badge.suspended", "badge.accepted", "badge.revoked"]


def test_badges_that_end_soon_are_before_the_verifiers(stage: Stage, summer: time_machine.Traveller) -> None:
    issued = add_months(JULY.date(), -11)
    path = stage.claimed(**days("issued_on", issued), **days("expires_on", JULY.date() + timedelta(days=31)))
    stage.checked(path, stage.vera, "accepted")
    title = "Badges that end within 30 days or are suspended"
    assert f"{title} (0)" in queues(stage.vera)

    summer.move_to(JULY + timedelta(days=1))

    assert "Ends on 1 August 2026" in queues(stage.vera)[f"{title} (1)"]
    assert "Claim the next one before 1 August 2026" in words(stage.sam.get("/claims"))
    summer.move_to(JULY + timedelta(days=31))
    assert f"{title} (0)" in queues(stage.vera)
    assert "Claim again with the next certificate" in words(stage.sam.get("/claims"))


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"certificate_reference": "CE-1"}, "Certificate number CE-1: the number has none of the forms seen"),
        ({"scope": ""}, "The scope is empty: see whether the certificate covers all"),
        (days("issued_on", ISSUED + timedelta(days=90)), "which is still to come."),
        (
            {**days("issued_on", add_months(ISSUED, -11)), **days("expires_on", ISSUED)},
            "the badge would show nowhere.",
        ),
        ({}, "There is no evidence besides what the claim itself says."),
    ],
)
def test_what_is_odd_about_a_claim_is_told_first(stage: Stage, changes: dict[str, str], doubt: str) -> None:
    page = words(stage.vera.get(check_of(stage.claimed(**changes))))

    assert "Look at this first" in page
    assert doubt in page


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        ({"certificate_number": "IASME-CE-009999"}, "The evidence names certificate IASME-CE-009999, the claim IASME"),
        (
            days("issued_on", ISSUED - timedelta(days=1)),
            f"The evidence was issued on {london_date(ISSUED - timedelta(days=1))}, the claim says",
        ),
        (
            days("expires_on", ENDS - timedelta(days=1)),
            f"The evidence ends on {london_date(ENDS - timedelta(days=1))}, the claim says {london_date(ENDS)}",
        ),
        (
            {**days("issued_on", ISSUED), **days("expires_on", ENDS + timedelta(days=9))},
            "The certificate in the evidence lasts longer than 12 months.",
        ),
    ],
)
def test_evidence_that_does_not_fit_the_claim_is_told_first(stage: Stage, fields: dict[str, str], doubt: str) -> None:
    path = stage.claimed()
    form = stage.sam.get(f"{path}/evidence?kind=certificate_number")
    given = {"certificate_number": CERTIFIED["certificate_reference"], **fields}

    assert stage.sam.submit(form, f"{path}/evidence", **given).status_code == 303

    assert doubt in words(stage.vera.get(check_of(path)))


def test_a_claim_whose_evidence_fits_raises_no_doubt(stage: Stage) -> None:
    path = stage.claimed()
    form = stage.sam.get(f"{path}/evidence?kind=certificate_number")
    given = {
        "certificate_number": CERTIFIED["certificate_reference"],
        **days("issued_on", ISSUED),
        **days("expires_on", ENDS),
    }

    assert stage.sam.submit(form, f"{path}/evidence", **given).status_code == 303

    assert "Look at this first" not in words(stage.vera.get(check_of(path)))


def test_a_run_that_has_not_passed_or_tests_something_else_is_told_first(stage: Stage) -> None:
    path, form = stage.of_product(), stage.sam.get(f"/claims/runs/new?product={stage.product}&runner=xapi-1.0.3")
    asked = {"product_version": "4.2", "synthetic": "yes"}
    run = send_file(stage.sam, form, "/claims/runs/new", ("statements.json", b"{}"), **asked).headers["location"]
    stage.house.relay.drain()
    evidence = stage.sam.get(f"{path}/evidence?kind=conformance_run")
    stage.sam.submit(evidence, f"{path}/evidence", run_id=run.rpartition("/")[2])

    page = words(stage.vera.get(check_of(path)))

    assert "The run of xapi-1.0.3 has not passed." in page
    assert "The run tests xapi 1.0.3, not what is claimed." in page
    assert "xapi-1.0.3: failed" in page


def a_claim(**changes: Any) -> BadgeClaimRow:
    """A claim to Cyber Essentials that is in order."""
    values: dict[str, Any] = {
        "standard": "cyber-essentials",
        "standard_version": "Danzell",
        "level": Level.CERTIFIED,
        "role": "",
        "scope": "Whole organisation",
        "certificate_reference": "IASME-CE-004211",
        "issued_on": date(2026, 10, 1),
        "expires_on": date(2027, 10, 1),
    }
    return BadgeClaimRow(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ()),
        ({"expires_on": date(2027, 10, 2)}, ()),  # a year from 28 February may be printed as 29 February
        (
            {"expires_on": date(2027, 10, 3)},
            ("It lasts longer than 12 months, the life of Cyber Essentials.",),
        ),
        (
            {"issued_on": date(2026, 2, 1), "expires_on": date(2027, 2, 1)},
            ("No certificate on Cyber Essentials Danzell could be issued on that day.",),
        ),
        (
            {"level": Level.TESTED_BY_US},
            ("It is claimed as tested by us, but no run that passed is among the evidence.",),
        ),
        (
            {"role": "Tool"},
            ("The run tests the role Provider, not Tool.",),
        ),
    ],
)
def test_the_rest_of_what_can_be_odd(changes: dict[str, Any], told: tuple[str, ...]) -> None:
    claim = a_claim(**changes)
    piece = Evidence(certificate_number="", issued_on=None, expires_on=None)
    run = None
    if claim.role:
        run = ConformanceRun(
            runner="r", outcome=Outcome.PASSED, standard=claim.standard, standard_version="Danzell", role="Provider"
        )

    found = doubts_of(claim, [(piece, run)], standards()["cyber-essentials"], today=date(2026, 11, 25))

    assert found == told


def test_suppliers_and_buyers_have_no_queue(stage: Stage, buyer: Visitor) -> None:
    check = check_of(stage.claimed())
    for who in (stage.sam, buyer):
        token = Forms(who.get("/account").text).found["/sign-out"]["csrf_token"]
        for address in ("/checking", check):
            assert who.get(address).status_code == 403
        for step in ("take", "release", "decide", "recheck"):
            sent = who.post(f"{check}/{step}", {"csrf_token": token, "revision": "1", "decision": "accepted"})
            assert sent.status_code == 403


@pytest.mark.parametrize("step", ["take", "release", "decide", "recheck"])
def test_a_step_without_its_token_changes_nothing(stage: Stage, step: str) -> None:
    path = stage.claimed()

    answer = stage.vera.post(f"{check_of(path)}/{step}", {"revision": "1", "decision": "accepted", "result": "holds"})

    assert answer.status_code == 403
    assert "This page is out of date" in words(answer)
    assert stage.town.actions(id_of(path)) == ["badge.claimed"]


def test_a_claim_that_is_not_there_is_not_found(stage: Stage) -> None:
    assert stage.vera.get("/checking/00000000-0000-7000-8000-000000000000").status_code == 404
    assert stage.vera.get("/checking/evidence/00000000-0000-7000-8000-000000000000").status_code == 404


def test_every_page_is_whole(stage: Stage) -> None:
    path = stage.of_product("dfe-filtering 2026", **FILTERING, evidence_note="Checklist of May")
    check = check_of(path)
    for address in ("/checking", check):
        assert_whole(stage.vera.get(address))
    for who in (stage.vera, stage.otto):
        assert_whole(stage.checked(path, who, "accepted"))
        assert_whole(who.get("/checking"))
    assert_whole(stage.otto.get(check))
