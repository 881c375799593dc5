import re
from typing import Any

import pytest
from httpx import Response
from tests.pages.work.conftest import ELSEWHERE, UID, URN, Town, Visitor
from tests.pages.work.test_money import words
from tests.pages.work.test_shape import assert_whole
from tests.support.browser import Forms

from becta.catalogue.categories import categories
from becta.kernel.actor import OPERATOR_ID, Role
from becta.market.accounts.models import Organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.delegation.queries import schemes_of
from becta.market.delegation.rules import Delegation
from becta.market.delegation.schemas import SchemeOut
from becta.market.web.work.scheme_rows import MOST_ROWS, labels, values_of

EDIT = "/scheme/edit"
BUYER = {"role": "buyer", "category": "any", "limit": "500", "above": "approver"}
APPROVER = {"role": "approver", "category": "any", "limit": "10,000"}
LATIN = {"role": "approver", "category": "library", "limit": "2,500.50", "ticks": "two_people"}
EMPTY = {"role": "", "category": "", "limit": "", "above": ""}


@pytest.fixture
def finance(town: Town) -> Visitor:
    """Sets the scheme of the school without one."""
    return town.visitor("Katherine Goble", town.elsewhere, Role.FINANCE)


def sets(visitor: Visitor, form: Response, *rows: dict[str, Any], **fields: Any) -> Response:
    """Send the form of a page with these rows and no others."""
    hidden = ("csrf_token", "organisation", "revision")
    kept = {name: text for name, text in Forms(form.text).found[EDIT].items() if name in hidden}
    typed = {f"{name}-{number}": text for number, row in enumerate(rows) for name, text in {**EMPTY, **row}.items()}
    return visitor.post(EDIT, {**kept, **typed, **fields})


def versions(town: Town, organisation: Organisation) -> list[SchemeOut]:
    """Every version of a scheme, newest first."""
    with town.db.read() as session:
        return schemes_of(session, organisation.id)


def errors(answer: Response) -> dict[str, str]:
    """What a page says is wrong, by the field that its link leads to."""
    return dict(re.findall(r'<li><a href="#([a-z0-9-]+)">([^<]*)</a>', answer.text))


def chosen(page: Response, field: str) -> str:
    """The value that a select of a page stands at."""
    select = page.text.partition(f'<select class="govuk-select" id="{field}"')[2].partition("</select>")[0]
    return "".join(re.findall(r'value="([^"]*)" selected', select))


def test_finance_sets_a_first_scheme_and_what_was_refused_is_let_through_or_held(town: Town, finance: Visitor) -> None:
    buyer = town.visitor("Ada Byron", town.elsewhere, Role.BUYER)
    theirs = {"organisation": f"urn:{ELSEWHERE}"}
    assert "This is refused: the rules do not allow it." in words(buyer.commits("10", **theirs))
    shown = finance.get("/scheme")
    assert f'href="/scheme/edit?organisation=urn%3A{ELSEWHERE}"' in shown.text
    form = finance.get(f"{EDIT}?organisation=urn:{ELSEWHERE}")
    assert "The page starts with an example" in words(form)

    note = "Agreed by governors on 4 May 2027"
    answer = sets(finance, form, BUYER, EMPTY, APPROVER, {"role": "none", "limit": "7"}, LATIN, EMPTY, note=note)
    page = finance.follow(answer)

    assert page.url.path == "/scheme"
    assert "The scheme is set and in force." in words(page)
    assert "Elm Hill School Version 1, in force since" in words(page)
    assert note in words(page)
    [scheme] = versions(town, town.elsewhere)
    assert scheme.rules == (
        Delegation(role=Role.BUYER, limit_pence=50_000, above=Role.APPROVER),
        Delegation(role=Role.APPROVER, limit_pence=1_000_000),
        Delegation(role=Role.APPROVER, category="library", limit_pence=250_050, two_people=True),
    )
    assert (scheme.note, scheme.made_by) == (note, finance.id)
    assert town.actions(town.elsewhere.id) == ["scheme.set"]
    assert "This is approved: the money may be spent." in words(buyer.commits("500", **theirs))
    assert "This waits for a decision" in words(buyer.commits("500.01", **theirs))


def test_the_example_can_be_set_as_it_stands(town: Town, finance: Visitor, lead: Visitor) -> None:
    for visitor, organisation, count in ((finance, town.elsewhere, 2), (lead, town.trust, 3)):
        form = visitor.get(EDIT)
        names = [name for name in Forms(form.text).found[EDIT] if name.startswith("limit-")]
        assert len(names) == count + 3
        rows = [
            {
                "role": chosen(form, f"role-{number}"),
                "category": chosen(form, f"category-{number}"),
                "limit": Forms(form.text).found[EDIT][f"limit-{number}"],
                "above": chosen(form, f"above-{number}"),
            }
            for number in range(len(names))
        ]
        assert sets(visitor, form, *rows).status_code == 303
        [scheme] = versions(town, organisation)
        assert len(scheme.rules) == count


def test_the_page_starts_from_the_scheme_in_force(town: Town, lead: Visitor) -> None:
    with town.db.write() as session:
        town.scheme(
            session,
            f"trust:{UID}",
            Delegation(role=Role.BUYER, category="device", limit_pence=120_050, above=Role.TRUST_LEAD),
            Delegation(role=Role.TRUST_LEAD, limit_pence=None, two_people=True),
        )

    page = lead.get(EDIT)

    assert "example" not in words(page)
    fields = Forms(page.text).found[EDIT]
    assert (fields["revision"], fields["organisation"]) == ("1", f"trust:{UID}")
    assert [chosen(page, f"{name}-0") for name in ("role", "category", "above")] == ["buyer", "device", "trust_lead"]
    assert [chosen(page, f"{name}-1") for name in ("role", "category", "above")] == ["trust_lead", "any", ""]
    assert [fields[f"limit-{number}"] for number in range(5)] == ["1,200.50", "", "", "", ""]
    assert re.findall(r'name="(ticks-\d)" type="checkbox" value="(\w+)" checked', page.text) == [
        ("ticks-1", "no_limit"),
        ("ticks-1", "two_people"),
    ]
    assert_whole(page)


def test_a_trust_lead_sets_the_scheme_of_a_school_and_the_other_schools_are_not_there_for_them(
    town: Town, lead: Visitor, finance: Visitor
) -> None:
    form = lead.get(f"{EDIT}?organisation=urn:{URN}")

    assert sets(lead, form, APPROVER).headers["location"] == f"/scheme?organisation=urn%3A{URN}&done=set"
    assert [one.number for one in versions(town, town.school)] == [2, 1]
    for place in (f"urn:{URN}", f"trust:{UID}"):
        assert finance.get(f"{EDIT}?organisation={place}").status_code == 404
        assert sets(finance, finance.get(EDIT), APPROVER, organisation=place).status_code == 404
    assert [one.number for one in versions(town, town.school)] == [2, 1]


def test_who_may_not_set_schemes_finds_no_way_to(town: Town, buyer: Visitor) -> None:
    token = Forms(buyer.get("/commitments/new").text).found["/commitments/new"]["csrf_token"]
    sent = {"csrf_token": token, "organisation": f"urn:{URN}", "revision": "1", "role-0": "buyer", "limit-0": "9"}

    assert EDIT not in buyer.get("/scheme").text
    assert buyer.get(f"{EDIT}?organisation=urn:{URN}").status_code == 403
    assert buyer.post(EDIT, sent).status_code == 403
    assert [one.number for one in versions(town, town.school)] == [1]


def test_a_form_from_elsewhere_sets_nothing(town: Town, finance: Visitor) -> None:
    form = finance.get(EDIT)

    answer = sets(finance, form, APPROVER, csrf_token="forged")

    assert answer.status_code == 403
    assert versions(town, town.elsewhere) == []


@pytest.mark.parametrize(
    ("_case", "rows", "told"),
    [
        (
            "no rule at all",
            [EMPTY, {"role": "none"}],
            {"role-0": "the role is not chosen: give at least one rule; a limit of 0 lets a role commit nothing"},
        ),
        (
            "an empty limit",
            [{**APPROVER, "limit": " "}],
            {"limit-0": "the limit is empty: write 0 for nothing, or tick no limit"},
        ),
        (
            "a limit beside no limit",
            [{**APPROVER, "ticks": "no_limit"}],
            {"limit-0": "the limit is given beside no limit: empty it, or take the tick at no limit away"},
        ),
        (
            "no amount",
            [{**APPROVER, "limit": "1,50"}],
            {
                "limit-0": "the limit is not an amount of money: enter pounds and pence, like 1200 or 1,200.50, "
                "up to £10,000,000,000.00, or 0 for nothing"
            },
        ),
        (
            "neither role nor category",
            [EMPTY, {"limit": "5"}],
            {
                "role-1": "the role is not chosen: choose one, or choose to leave the row out",
                "category-1": "the category is not chosen: choose one, or any category",
            },
        ),
        (
            "tampered with",
            [{"role": "king", "category": "gold", "limit": "5", "above": "queen"}],
            {
                "role-0": "the role is not chosen: choose one, or choose to leave the row out",
                "category-0": "the category is not chosen: choose one, or any category",
                "above-0": "the role above is not a role: choose one, or nobody",
            },
        ),
        (
            "a role that does not spend",
            [{**APPROVER, "role": "finance"}],
            {"role-0": "the role is not a role that commits money in a school: choose approver or buyer"},
        ),
        (
            "a role above without a rule",
            [EMPTY, BUYER],
            {
                "above-1": "the role above has no rule of its own there: "
                "add a rule that says what an approver may commit in any category"
            },
        ),
        (
            "twice the same",
            [BUYER, EMPTY, APPROVER, EMPTY, BUYER],
            {
                "role-4": "the role is for the role and category of a rule before it: "
                "keep one rule for each role and category"
            },
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(
    town: Town, finance: Visitor, _case: str, rows: list[dict[str, str]], told: dict[str, str]
) -> None:
    page = sets(finance, finance.get(EDIT), *rows, note="Agreed")

    assert page.status_code == 400
    expected = {field: f"Rule {int(field[-1]) + 1}: {text}" for field, text in told.items()}
    assert errors(page) == expected
    assert Forms(page.text).found[EDIT]["note"] == "Agreed"
    assert [Forms(page.text).found[EDIT][f"limit-{place}"] for place in range(len(rows))] == [
        {**EMPTY, **row}["limit"] for row in rows
    ]
    assert versions(town, town.elsewhere) == []
    assert_whole(page)


def test_too_long_a_note_is_told_at_the_note(town: Town, finance: Visitor) -> None:
    page = sets(finance, finance.get(EDIT), APPROVER, note="x" * 2_001)

    told = {"note": "The note is 2001 characters long: shorten it to 2000 characters or fewer"}
    assert (page.status_code, errors(page)) == (400, told)
    assert versions(town, town.elsewhere) == []


def test_0_is_nothing_and_no_limit_is_ticked(town: Town, finance: Visitor) -> None:
    unlimited = {**APPROVER, "limit": "", "ticks": ["no_limit", "two_people"]}

    assert sets(finance, finance.get(EDIT), {**BUYER, "limit": "0"}, unlimited).status_code == 303

    [scheme] = versions(town, town.elsewhere)
    assert scheme.rules == (
        Delegation(role=Role.BUYER, limit_pence=0, above=Role.APPROVER),
        Delegation(role=Role.APPROVER, limit_pence=None, two_people=True),
    )


def test_of_two_people_at_once_the_second_sees_what_the_first_set(town: Town, finance: Visitor) -> None:
    other = town.visitor("Dorothy Vaughan", town.elsewhere, Role.FINANCE)
    mine, theirs = finance.get(EDIT), other.get(EDIT)
    assert sets(finance, mine, {**APPROVER, "limit": "77"}).status_code == 303

    page = sets(other, theirs, {**APPROVER, "limit": "9999"})

    assert page.status_code == 412
    assert "Somebody changed this since you opened it. Nothing of yours was saved" in words(page)
    fields = Forms(page.text).found[EDIT]
    assert (fields["limit-0"], fields["limit-1"], fields["revision"]) == ("77.00", "", "1")
    assert [one.rules[0].limit_pence for one in versions(town, town.elsewhere)] == [7_700]
    assert_whole(page)


def test_an_error_does_not_make_an_old_page_new(town: Town, finance: Visitor) -> None:
    other = town.visitor("Dorothy Vaughan", town.elsewhere, Role.FINANCE)
    mine, theirs = finance.get(EDIT), other.get(EDIT)
    sets(finance, mine, APPROVER)

    wrong = sets(other, theirs, {**APPROVER, "limit": ""})
    assert wrong.status_code == 400
    assert sets(other, wrong, BUYER, APPROVER).status_code == 412
    grown = sets(other, theirs, APPROVER, more="1")
    assert sets(other, grown, BUYER, APPROVER).status_code == 412
    assert len(versions(town, town.elsewhere)) == 1


def test_more_rows_are_given_without_losing_what_was_typed_up_to_what_a_form_holds(
    town: Town, finance: Visitor
) -> None:
    page = sets(finance, finance.get(EDIT), {**BUYER, "limit": "nonsense"}, LATIN, EMPTY, note="Agreed", more="1")

    assert page.status_code == 200
    fields = Forms(page.text).found[EDIT]
    assert [name for name in fields if name.startswith("limit-")] == [f"limit-{number}" for number in range(6)]
    assert (fields["limit-0"], fields["note"], chosen(page, "category-1")) == ("nonsense", "Agreed", "library")
    assert 'name="ticks-1" type="checkbox" value="two_people" checked' in page.text
    assert_whole(page)
    whole = [{**APPROVER, "above": "approver", "ticks": ["no_limit", "two_people"]}] * MOST_ROWS
    full = sets(finance, page, *whole, note="Agreed", more="1")
    assert full.status_code == 200
    assert "Add rows" not in full.text
    assert f"Rule {MOST_ROWS}<" in full.text
    assert f"Rule {MOST_ROWS + 1}<" not in full.text
    assert versions(town, town.elsewhere) == []


def test_a_scheme_longer_than_the_page_is_left_to_the_api(town: Town, finance: Visitor) -> None:
    codes = sorted(categories())[: MOST_ROWS + 1]
    with town.db.write() as session:
        rules = [Delegation(role=Role.BUYER, category=code, limit_pence=1) for code in codes]
        town.scheme(session, f"urn:{ELSEWHERE}", *rules)

    page = finance.get(EDIT)

    assert "The scheme has more rules than this page can hold." in words(page)
    assert f'action="{EDIT}"' not in page.text
    assert_whole(page)


def test_what_a_row_says_names_only_fields_that_can_be_told_of() -> None:
    assert set(values_of([Delegation(role=Role.BUYER, limit_pence=1)])) == set(labels(1))


def test_the_operator_has_no_scheme_but_sets_those_of_others(town: Town) -> None:
    with town.db.write() as session:
        operator = session.get(Organisation, OPERATOR_ID)
    assert operator is not None
    assert operator.kind is OrganisationKind.OPERATOR
    visitor = town.visitor("Olive", operator, Role.OPERATOR)

    assert EDIT not in visitor.get("/scheme").text
    assert visitor.get(EDIT).status_code == 404
    form = visitor.get(f"{EDIT}?organisation=urn:{ELSEWHERE}")
    assert sets(visitor, form, APPROVER).status_code == 303
    assert len(versions(town, town.elsewhere)) == 1
