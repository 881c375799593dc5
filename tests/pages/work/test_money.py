import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from tests.pages.work.conftest import UID, URN, Town, Visitor
from tests.support.browser import Browser, Forms

from becta.kernel.actor import Role
from becta.market.delegation.rules import Delegation


def address_of(answer: object) -> str:
    """The path of a page that was got."""
    return str(answer.url.path)  # type: ignore[attr-defined]


def words(answer: object) -> str:
    """The text of a page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())  # type: ignore[attr-defined]


def test_within_the_limit_the_page_says_at_once_that_it_is_approved_and_by_which_rule(buyer: Visitor) -> None:
    page = buyer.commits("£300.00")

    assert page.status_code == 200
    assert "This is approved: the money may be spent." in words(page)
    assert "Buyer may commit up to £500.00 in any category; £300.00 is within it" in words(page)
    assert page.headers["cache-control"] == "no-store"


def test_above_the_limit_it_waits_and_another_person_lets_it_through(
    town: Town, buyer: Visitor, approver: Visitor
) -> None:
    held = buyer.commits("1,200.50")
    address = address_of(held)

    assert "Larch Lane School: an approver or somebody above must decide" in words(held)
    assert f"{address}/approve" not in Forms(held.text).found
    assert f"{address}/withdraw" in Forms(held.text).found

    listed = approver.get("/commitments?state=held")
    assert "Reading books" in listed.text
    assert "£1,200.50" in listed.text
    seen = approver.follow(approver.submit(approver.get(address), f"{address}/approve"))

    assert "This is approved: the money may be spent." in words(seen)
    assert "Grace Hopper Let it through" in words(seen)
    assert "Ada Byron Made the commitment" in words(seen)
    assert "Nothing waits for a decision." in words(approver.get("/commitments?state=held"))
    assert town.actions(address.rpartition("/")[2]) == ["commitment.made", "commitment.approved"]


def test_a_double_click_on_approve_is_told_that_it_is_decided_already(
    town: Town, buyer: Visitor, approver: Visitor
) -> None:
    address = address_of(buyer.commits("1200"))
    page = approver.get(address)

    approver.submit(page, f"{address}/approve")
    again = approver.submit(page, f"{address}/approve")

    assert again.status_code == 409
    assert "Nothing was changed. This is decided already: approved." in words(again)
    assert town.actions(address.rpartition("/")[2]) == ["commitment.made", "commitment.approved"]


def test_a_double_click_on_commit_makes_one_commitment(buyer: Visitor) -> None:
    form = buyer.get("/commitments/new")
    fields = {"purpose": "Books", "amount": "5", "category": "library", "budget_code": "L"}

    first = buyer.submit(form, "/commitments/new", **fields)
    second = buyer.submit(form, "/commitments/new", **fields)
    other = buyer.submit(form, "/commitments/new", **{**fields, "amount": "6"})

    assert first.status_code == second.status_code == other.status_code == 303
    assert first.headers["location"] == second.headers["location"] != other.headers["location"]


def test_what_the_scheme_refuses_is_told_with_the_rule(buyer: Visitor) -> None:
    page = buyer.commits("6000")

    assert "This is refused: the rules do not allow it." in words(page)
    assert "Approver may commit up to £5,000.00 in any category; £6,000.00 is above it" in words(page)


def test_the_approver_turns_it_down_and_says_why(buyer: Visitor, approver: Visitor) -> None:
    address = address_of(buyer.commits("1200"))
    page = approver.get(address)

    without = approver.submit(page, f"{address}/decline", reason="  ")
    assert without.status_code == 400
    assert '<a href="#reason">The reason is empty: give 3 to 1000 characters</a>' in without.text
    done = approver.follow(approver.submit(page, f"{address}/decline", reason="Not this year"))

    assert "Turned it down: Not this year" in words(done)
    assert "This was turned down." in words(buyer.get(address))


def test_the_maker_takes_it_back(buyer: Visitor) -> None:
    address = address_of(buyer.commits("10"))

    done = buyer.follow(buyer.submit(buyer.get(address), f"{address}/withdraw", reason="Bought twice"))

    assert "This was withdrawn." in words(done)
    assert "Withdrew it: Bought twice" in words(done)


def test_somebody_who_changed_it_since_is_not_overruled(buyer: Visitor, approver: Visitor) -> None:
    address = address_of(buyer.commits("10"))
    page = approver.get(address)
    stale = {**Forms(page.text).found[f"{address}/withdraw"], "revision": "7", "reason": "By mistake"}

    answer = approver.post(f"{address}/withdraw", stale)

    assert answer.status_code == 412
    assert "Somebody changed this since you opened it." in words(answer)
    assert "This is approved: the money may be spent." in words(approver.get(address))


def test_two_schemes_are_both_asked_and_a_stale_page_says_that_somebody_was_first(town: Town, buyer: Visitor) -> None:
    with town.db.write() as session:
        rules = (
            Delegation(role=Role.BUYER, limit_pence=0, above=Role.APPROVER),
            Delegation(role=Role.APPROVER, limit_pence=100, above=Role.TRUST_LEAD),
            Delegation(role=Role.TRUST_LEAD, limit_pence=None),
        )
        town.scheme(session, f"trust:{UID}", *rules)
    lead = town.visitor("Mary Jackson", town.trust, Role.TRUST_LEAD)
    approver = town.visitor("Grace Hopper", town.school, Role.APPROVER)
    address = address_of(buyer.commits("1200"))
    early = lead.get(address)
    assert "Larch Lane School: an approver or somebody above must decide" in words(early)
    assert "Larch Learning Trust: a trust lead or somebody above must decide" in words(early)

    half = approver.follow(approver.submit(approver.get(address), f"{address}/approve"))
    assert "This waits for a decision" in words(half)
    assert "Larch Lane School: let through on" in words(half)
    why = "it is held for a trust lead or a role above, and you act as an approver"
    assert f"You cannot let this through: Larch Learning Trust: {why}" in words(half)

    late = lead.submit(early, f"{address}/approve")
    assert late.status_code == 412
    assert "Somebody changed this since you opened it." in words(late)
    done = lead.follow(lead.submit(late, f"{address}/approve"))
    assert "This is approved" in words(done)
    assert "Mary Jackson Let it through" in words(buyer.get(address))


def test_two_approvers_at_once_let_it_through_once(town: Town, buyer: Visitor, approver: Visitor) -> None:
    address = address_of(buyer.commits("1200"))
    other = town.visitor("Joan Clarke", town.school, Role.APPROVER)
    pages = {who: who.get(address) for who in (approver, other)}
    forms = [(who.cookies, Forms(page.text).found[f"{address}/approve"]) for who, page in pages.items()]

    def press(one: tuple[dict[str, str], dict[str, str]]) -> int:
        cookies, fields = one
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        answer = town.client.post(f"{address}/approve", data=fields, headers={"cookie": cookie}, follow_redirects=False)
        return answer.status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(press, forms)) == [303, 409]
    assert town.actions(address.rpartition("/")[2]) == ["commitment.made", "commitment.approved"]


def test_whoever_made_it_cannot_let_it_through_even_by_a_forged_form(town: Town, approver: Visitor) -> None:
    page = approver.commits("10", category="tablets")
    address = address_of(page)
    why = "whoever made a commitment may not let it through: it takes another person"
    assert f"You cannot let this through: Larch Lane School: {why}" in words(page)
    assert list(Forms(page.text).found) == [f"{address}/withdraw"]

    answer = approver.post(f"{address}/approve", Forms(page.text).found[f"{address}/withdraw"])

    assert answer.status_code == 403
    assert why in words(answer)
    assert town.actions(address.rpartition("/")[2]) == ["commitment.made"]


@pytest.mark.parametrize("amount", ["", "0", "-5", "1,50", "lots", "99999999999"])
def test_an_amount_that_is_none_is_said_beside_its_field_and_nothing_is_lost(buyer: Visitor, amount: str) -> None:
    form = buyer.get("/commitments/new")

    page = buyer.submit(form, "/commitments/new", amount=amount, purpose="Books", category="library", budget_code="")

    assert page.status_code == 400
    assert "<title>Error: Commit an amount" in page.text
    assert '<a href="#amount">The amount is not an amount of money: enter pounds and pence' in page.text
    assert '<a href="#budget_code">The budget code is empty: give 1 to 40 characters</a>' in page.text
    assert 'value="Books"' in page.text
    assert '<option value="library" selected>' in page.text
    assert "There are no commitments yet." in words(buyer.get("/commitments"))


def test_a_category_must_be_chosen(buyer: Visitor) -> None:
    form = buyer.get("/commitments/new")

    page = buyer.submit(form, "/commitments/new", amount="5", purpose="Books", category="", budget_code="L")

    assert page.status_code == 400
    assert '<a href="#category">The category is not chosen: choose the one that fits best</a>' in page.text


def test_a_hostile_purpose_is_only_text(buyer: Visitor) -> None:
    page = buyer.commits("10", purpose="<script>alert(1)</script>")

    for shown in (page, buyer.get("/commitments")):
        assert "<script>alert" not in shown.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text


def test_the_trust_lead_chooses_among_the_schools_by_name(lead: Visitor, town: Town) -> None:
    with town.db.write() as session:
        town.scheme(session, f"trust:{UID}", Delegation(role=Role.TRUST_LEAD, limit_pence=None))
    form = lead.get("/commitments/new")

    assert f'<option value="urn:{URN}">Larch Lane School</option>' in form.text
    page = lead.commits("10", organisation=f"urn:{URN}")

    assert "For Larch Lane School" in words(page)
    assert "This is approved" in words(page)


def test_a_commitment_of_another_organisation_is_not_found(buyer: Visitor, stranger: Visitor) -> None:
    address = address_of(buyer.commits("1200"))
    token = Forms(stranger.get("/commitments/new").text).found["/commitments/new"]["csrf_token"]

    assert stranger.get(address).status_code == 404
    for step in ("approve", "decline", "withdraw"):
        answer = stranger.post(f"{address}/{step}", {"csrf_token": token, "revision": "1", "reason": "Because"})
        assert answer.status_code == 404
    assert stranger.get(f"/commitments/{uuid4()}").status_code == 404
    assert "Reading books" not in stranger.get("/commitments").text


def test_a_commitment_for_another_organisation_is_refused(buyer: Visitor) -> None:
    form = buyer.get("/commitments/new")
    fields = {"purpose": "Books", "amount": "5", "category": "library", "budget_code": "L"}

    for reference, status in (("urn:100002", 403), ("urn:999999", 404), ("nonsense", 400)):
        answer = buyer.submit(form, "/commitments/new", organisation=reference, **fields)
        assert answer.status_code == status


def test_the_list_is_paged_newest_first(buyer: Visitor) -> None:
    for number in range(27):
        buyer.commits("1", purpose=f"Thing {number:02d}")

    first = buyer.get("/commitments")
    [following] = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = buyer.get(following.replace("&amp;", "&"))

    assert re.findall(r"Thing \d\d", first.text) == [f"Thing {number:02d}" for number in range(26, 1, -1)]
    assert re.findall(r"Thing \d\d", second.text) == ["Thing 01", "Thing 00"]
    assert 'rel="next"' not in second.text
    assert buyer.get("/commitments?cursor=nonsense").status_code == 400


def test_the_scheme_is_shown_in_words(town: Town, buyer: Visitor, lead: Visitor) -> None:
    page = words(buyer.get("/scheme"))

    assert "Larch Lane School Version 1, in force since" in page
    assert "Buyer Any category Up to £500.00 Approver No" in page
    assert "Buyer Laptops Nothing Approver Yes" in page
    assert "Larch Learning Trust No scheme of delegation is in force here." in page
    led = lead.get("/scheme")
    assert f'href="/scheme?organisation=urn%3A{URN}"' in led.text
    assert "Up to £500.00" in lead.get(f"/scheme?organisation=urn:{URN}").text
    assert (
        town.visitor("Eve Else", town.elsewhere, Role.BUYER).get(f"/scheme?organisation=urn:{URN}").status_code == 404
    )


def test_who_may_not_is_told_so_and_who_is_not_signed_in_signs_in_first(town: Town, buyer: Visitor) -> None:
    verifier = town.visitor("Val", town.school, Role.EVALUATOR)
    nobody = Browser(town.client)
    address = address_of(buyer.commits("1200"))

    for path in ("/commitments", "/commitments/new", "/scheme", address):
        assert verifier.get(path).status_code == 403
        answer = nobody.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")
    token = Forms(buyer.get("/commitments/new").text).found["/commitments/new"]["csrf_token"]
    assert buyer.post(f"{address}/approve", {"csrf_token": token, "revision": "1"}).status_code == 403
