"""DfE Sign-in: the organisation in its claim, and one chosen on its page, believed once it confirms it."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select
from structlog.testing import capture_logs
from tests.market.signin.conftest import Town
from tests.support.browser import Browser
from tests.support.issuers import LoopbackDfe
from tests.support.people import school, trust
from tests.support.watching import everything

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.accounts.models import Member, Organisation
from becta.market.signin.dfe import organisation_reference
from becta.market.signin.models import BrowserSession

LARCH = "11111111-1111-4111-8111-111111111111"
TRUST = "22222222-2222-4222-8222-222222222222"
FOREIGN = "33333333-3333-4333-8333-333333333333"


def of_dfe(id_: str, category: str = "001", **given: Any) -> dict[str, Any]:
    """An organisation as DfE Sign-in tells of it."""
    return {"id": id_, "name": "As DfE names it", "category": {"id": category}, "urn": None, "uid": None, **given}


@pytest.fixture
def organisations(dfe_town: Town) -> tuple[Organisation, Organisation]:
    """A school and a trust of the register."""
    with dfe_town.db.write() as session:
        return school(session), trust(session)


def sign_in(town: Town, dfe: LoopbackDfe, organisation: dict[str, Any] | None = None) -> Browser:
    """Sign in with DfE Sign-in, having picked an organisation there or none."""
    dfe.person = {"sub": "5f3c3d2e-user", "given_name": "Ada", "family_name": "Byron"}
    if organisation is not None:
        dfe.person["organisation"] = organisation
    browser = town.browser()
    answer = dfe.authorize(browser.get("/sign-in/with/dfe").headers["location"])
    back = browser.get(f"/sign-in/with/dfe/callback?code={answer['code']}&state={answer['state']}")
    assert back.status_code == 303, back.text
    return browser


def memberships(town: Town) -> list[tuple[UUID, list[str], bool]]:
    with town.db.read() as session:
        rows = session.exec(select(Member).order_by(col(Member.started_at), col(Member.id))).all()
    return [(row.organisation_id, row.roles, row.ended_at is None) for row in rows]


@pytest.mark.parametrize(
    ("organisation", "reference"),
    [
        (of_dfe(LARCH, urn="100001"), "urn:100001"),
        (of_dfe(LARCH, urn=100001), "urn:100001"),
        (of_dfe(TRUST, "010", uid="2044"), "trust:2044"),
        (of_dfe(TRUST, "013", uid=2044), "trust:2044"),
        (of_dfe(LARCH, "001", uid="2044"), None),
        (of_dfe(LARCH, "010", urn="100001"), None),
        (of_dfe(LARCH, "002", urn="100001"), None),  # a local authority
        (of_dfe(LARCH, urn="1; --"), None),
        (of_dfe(LARCH, urn=True), None),
        ({"id": LARCH, "urn": "100001"}, None),
        ({"category": "001", "urn": "100001"}, None),
        ({}, None),
        (None, None),
        ("urn:100001", None),
    ],
)
def test_schools_and_trusts_of_dfe_sign_in_are_ours_and_others_are_not(
    organisation: object, reference: str | None
) -> None:
    assert organisation_reference(organisation) == reference


def test_the_organisation_of_the_claim_is_acted_for_with_the_roles_of_the_settings(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation]
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))

    page = browser.get("/account").text
    assert "Ada Byron" in page
    assert "Larch Lane School" in page
    assert "Buyer:" in page
    assert memberships(dfe_town) == [(organisations[0].id, ["buyer"], True)]
    [(_, _, after)] = dfe_town.actions("member.")
    assert (after["organisation_id"], after["roles"]) == (str(organisations[0].id), ["buyer"])


def test_roles_given_here_are_neither_widened_nor_taken_away_by_signing_in(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation]
) -> None:
    sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    for roles in (["finance"], []):
        with dfe_town.db.write() as session:
            session.exec(select(Member)).one().roles = roles
        sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
        assert memberships(dfe_town) == [(organisations[0].id, roles, True)]


def test_whoever_was_removed_here_is_not_let_in_again_by_signing_in(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation]
) -> None:
    sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    with dfe_town.db.write() as session:
        session.exec(select(Member)).one().ended_at = clock.now()

    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))

    assert "No organisation" in browser.get("/account").text
    assert memberships(dfe_town) == [(organisations[0].id, ["buyer"], False)]


@pytest.mark.parametrize(
    "organisation", [None, {}, of_dfe(LARCH, "002"), of_dfe(LARCH, urn="999999"), of_dfe(TRUST, "010", uid="999")]
)
def test_somebody_without_an_organisation_that_we_know_signs_in_for_none(
    dfe_town: Town,
    dfe: LoopbackDfe,
    organisations: tuple[Organisation, Organisation],
    organisation: dict[str, Any] | None,
) -> None:
    browser = sign_in(dfe_town, dfe, organisation)

    assert "No organisation" in browser.get("/account").text
    assert memberships(dfe_town) == []


def go_choosing(browser: Browser) -> str:
    """Go to the page of DfE Sign-in; returns the address."""
    page = browser.get("/organisation")
    assert "/organisation/elsewhere" in page.text
    answer = browser.get("/organisation/elsewhere", sec_fetch_site="same-origin")
    assert answer.status_code == 303
    return answer.headers["location"]


def test_another_organisation_is_chosen_at_dfe_sign_in_and_confirmed_before_it_is_believed(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation]
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    dfe.theirs[TRUST] = of_dfe(TRUST, "010", uid="2044")
    kept = dict(browser.cookies)

    assert go_choosing(browser) == dfe.url
    assert dfe.requests == [
        {
            "callbackUrl": "http://testserver/sign-in/organisation",
            "userId": "5f3c3d2e-user",
            "prompt": {
                "heading": "Which organisation are you buying for?",
                "hint": "You are associated with more than one organisation. Select one option.",
            },
            "filter": {"type": "associated", "association": "auto", "organisationIds": []},
            "allowCancel": True,
        }
    ]
    answer = browser.get(f"/sign-in/organisation?type=selection&rid=request-1&id={TRUST}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "Larch Learning Trust" in browser.get("/account").text
    assert [organisation for organisation, _, _ in memberships(dfe_town)] == [one.id for one in organisations]
    old = dfe_town.browser()
    old.cookies = kept
    assert old.get("/account").status_code == 303  # a fresh secret
    again = browser.get(f"/sign-in/organisation?type=selection&rid=request-1&id={TRUST}")
    assert again.status_code == 400  # an answer is good once


def refused(town: Town, browser: Browser, query: str, reason: str) -> None:
    """An answer changes nothing but that it cannot be given again."""
    before = everything(town.db)
    with capture_logs() as logs:
        answer = browser.get(f"/sign-in/organisation?{query}")

    assert answer.status_code == 400
    assert "The organisation was not changed" in answer.text
    assert [entry["reason"] for entry in logs if "reason" in entry] == [reason]
    after = everything(town.db)
    assert {name for name in after if after[name] != before[name]} <= {"browser_session"}
    assert "Larch Lane School" in browser.get("/account").text


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (f"type=selection&rid=request-1&id={FOREIGN}", "DfE Sign-in does not confirm the organisation"),
        ("type=selection&rid=request-1&id=urn:100002", "the chosen organisation has no id"),
        ("type=selection&rid=request-1&id=../../x", "the chosen organisation has no id"),
        ("type=selection&rid=request-1", "the chosen organisation has no id"),
        (f"type=selection&rid=request-2&id={TRUST}", "the choice was not asked for"),
        (f"type=selection&id={TRUST}", "the choice was not asked for"),
        ("type=signOut&rid=request-2", "the choice was not asked for"),
        ("type=error&rid=request-1&code=internalError", "DfE Sign-in could not offer a choice"),
        ("rid=request-1", "DfE Sign-in could not offer a choice"),
    ],
)
def test_a_forged_choice_changes_nothing(
    dfe_town: Town,
    dfe: LoopbackDfe,
    organisations: tuple[Organisation, Organisation],
    query: str,
    reason: str,
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    dfe.theirs[TRUST] = of_dfe(TRUST, "010", uid="2044")
    go_choosing(browser)

    refused(dfe_town, browser, query, reason)


def test_a_choice_nobody_began_changes_nothing(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation]
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    dfe.theirs[TRUST] = of_dfe(TRUST, "010", uid="2044")

    refused(dfe_town, browser, f"type=selection&rid=None&id={TRUST}", "the choice was not asked for")
    refused(dfe_town, browser, f"type=selection&id={TRUST}", "the choice was not asked for")
    assert dfe_town.browser().get(f"/sign-in/organisation?type=selection&rid=request-1&id={TRUST}").status_code == 303


@pytest.mark.parametrize(
    ("found", "user", "reason"),
    [
        (of_dfe(FOREIGN, "010", uid="2044"), None, "DfE Sign-in does not confirm the organisation"),
        (of_dfe(TRUST, "010", uid="2044"), "somebody-else", "DfE Sign-in confirms the organisation of somebody else"),
        (of_dfe(TRUST, "002"), None, "the chosen organisation does not act here"),
        (of_dfe(TRUST, "010", uid="999"), None, "the chosen organisation does not act here"),
    ],
)
def test_a_confirmation_of_something_else_confirms_nothing(
    dfe_town: Town,
    dfe: LoopbackDfe,
    organisations: tuple[Organisation, Organisation],
    found: dict[str, Any],
    user: str | None,
    reason: str,
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    dfe.theirs[TRUST], dfe.confirmed_user = found, user
    go_choosing(browser)

    refused(dfe_town, browser, f"type=selection&rid=request-1&id={TRUST}", reason)


def test_cancelling_and_signing_out_there_are_done_here_too(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation]
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    go_choosing(browser)
    answer = browser.get("/sign-in/organisation?type=cancel&rid=request-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/organisation")
    assert "Larch Lane School" in browser.get("/account").text

    go_choosing(browser)
    kept = dict(browser.cookies)
    answer = browser.get("/sign-in/organisation?type=signOut&rid=request-2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.cookies == {}
    browser.cookies = kept
    assert browser.get("/account").status_code == 303


@pytest.mark.parametrize("url", ["http://evil.example/", "javascript:alert(1)", "", None])
def test_people_are_sent_to_no_unsafe_address(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation], url: Any
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))
    dfe.url = url

    assert browser.get("/organisation/elsewhere").status_code == 503
    with dfe_town.db.read() as session:
        assert session.exec(select(BrowserSession.selection_request)).one() is None


def test_other_sites_cannot_begin_a_choice(
    dfe_town: Town, dfe: LoopbackDfe, organisations: tuple[Organisation, Organisation]
) -> None:
    browser = sign_in(dfe_town, dfe, of_dfe(LARCH, urn="100001"))

    assert browser.get("/organisation/elsewhere", sec_fetch_site="cross-site").status_code == 403
    assert dfe.requests == []


def test_only_a_session_of_dfe_sign_in_has_its_choice(dfe_town: Town, dfe: LoopbackDfe) -> None:
    browser = dfe_town.browser()
    dfe_town.sign_in(browser, "ada@larch.sch.uk")

    assert "/organisation/elsewhere" not in browser.get("/organisation").text
    assert browser.get("/organisation/elsewhere").status_code == 404
    assert dfe.requests == []


def test_the_default_role_is_one_that_spends_only_by_a_scheme(dfe_town: Town) -> None:
    assert dfe_town.house.settings.dfe_roles == (Role.BUYER,)
