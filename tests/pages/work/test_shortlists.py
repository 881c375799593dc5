"""The pages for shortlists: adding from a product's page, comparing, losing a badge, closing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from msgspec import Struct
from tests.pages.work.conftest import URN, Town, Visitor
from tests.pages.work.test_money import words
from tests.pages.work.test_shape import assert_whole
from tests.support.api import Api
from tests.support.badges import accepted
from tests.support.browser import Browser, Forms

from becta.kernel.actor import Role
from becta.market.web.templates import FOLDER
from becta.market.web.work.shortlists.views import TEMPLATES

MIDNIGHT = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
"""1 July 2026 begins in London."""
SECOND = timedelta(seconds=1)
TOOL = {"standard": "lti", "standard_version": "1.3", "role": "Tool"}
NEED = "30 Chromebooks for year 7 by September"


class Shop:
    """A supplier with a listed product."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.supplier = api.supplier()
        self.product = api.published(self.supplier)
        api.offer(self.product, self.supplier, price_pence=15_000)


@pytest.fixture
def shop(api: Api) -> Shop:
    """A supplier with a listed product."""
    return Shop(api)


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MIDNIGHT - 2 * SECOND, tick=False) as traveller:
        yield traveller


def started(who: Visitor, name: str = "Year 7 devices", badges: str = "") -> str:
    """The path of a shortlist that somebody started by the form."""
    form = who.get("/shortlists/new")
    fields = {"name": name, "need": NEED, "badges": badges, "organisation": f"urn:{URN}"}
    made = who.submit(form, "/shortlists/new", **fields)
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def add(who: Visitor, path: str, product: UUID, note: str = "") -> object:
    """Put a product on a shortlist by the form that its page links to."""
    form = who.get(f"/shortlists/add?product={product}")
    return who.submit(form, "/shortlists/add", shortlist=path.rpartition("/")[2], note=note)


def test_from_a_product_s_page_by_signing_in_to_a_new_shortlist(town: Town, shop: Shop, buyer: Visitor) -> None:
    nobody = Browser(town.client)
    page = nobody.get(f"/products/{shop.product}")
    [link] = re.findall(r'href="([^"]+)"[^>]*>Add to a shortlist', page.text)
    assert link == f"/shortlists/add?product={shop.product}"
    asked = nobody.get(link)
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        f"/sign-in?next=%2Fshortlists%2Fadd%3Fproduct%3D{shop.product}",
    )

    none_yet = buyer.get(link)
    assert "No shortlist is open." in words(none_yet)
    form = buyer.get(f"/shortlists/new?product={shop.product}")
    chosen = buyer.follow(buyer.submit(form, "/shortlists/new", name="Devices", need=NEED))
    [box] = re.findall(r'<input class="govuk-radios__input"[^>]*>', chosen.text)
    assert " checked" in box
    [shortlist] = re.findall(r'value="([0-9a-f-]{36})"', box)
    seen = buyer.follow(buyer.submit(chosen, "/shortlists/add", shortlist=shortlist, note="Sturdy"))

    assert seen.url.path == f"/shortlists/{shortlist}"
    assert "Larch Chromebook 11" in words(seen)
    assert "£150.00 each" in words(seen)
    assert "Sturdy Added by Ada Byron" in words(seen)
    assert seen.headers["cache-control"] == "no-store"
    assert town.actions(shortlist) == ["shortlist.started", "shortlist.entry_added"]


def test_a_badge_is_warned_of_from_the_first_second_it_no_longer_holds(
    traveller: time_machine.Traveller, shop: Shop, buyer: Visitor
) -> None:
    accepted(shop.api, f"/products/{shop.product}", **TOOL, issued_on="2025-07-01", expires_on="2026-07-01")
    path = started(buyer, badges="lti;role=Tool")
    add(buyer, path, shop.product)

    traveller.move_to(MIDNIGHT - SECOND)
    before = buyer.get(path)
    assert "LTI 1.3 (Tool): Certified" in words(before)
    assert "Warning" not in words(before)

    traveller.move_to(MIDNIGHT)
    after = words(buyer.get(path))
    lost = "Larch Chromebook 11 has lost since it was added: LTI 1.3 (Tool), certified (expired on 1 July 2026)."
    assert f"Warning {lost}" in after
    assert "Lost since it was added LTI 1.3 (Tool), certified: expired on 1 July 2026" in after
    assert (
        "Wanted and lacking LTI, role Tool: has LTI 1.3, role Tool, certified, but it expired on 1 July 2026" in after
    )


def test_a_withdrawn_listing_is_warned_of_and_has_no_link(shop: Shop, buyer: Visitor) -> None:
    path = started(buyer)
    add(buyer, path, shop.product)
    shop.api.post(f"/products/{shop.product}/withdraw", {"reason": "No longer made"})

    page = buyer.get(path)

    assert "Larch Chromebook 11 is not listed any more since" in words(page)
    assert "No offer £150.00 when it was added" in words(page)
    assert f"/products/{shop.product}" not in page.text


def test_a_product_is_removed_with_a_reason_and_stays_in_the_record(shop: Shop, buyer: Visitor) -> None:
    path = started(buyer)
    add(buyer, path, shop.product)
    [remove] = re.findall(r'href="([^"]+/remove)"', buyer.get(path).text)
    form = buyer.get(remove)

    refused = buyer.submit(form, remove, reason="")
    assert (refused.status_code, "The reason is empty" in refused.text) == (400, True)
    seen = buyer.follow(buyer.submit(form, remove, reason="Too heavy"))

    assert "There are no products on it yet." in words(seen)
    assert "Larch Chromebook 11 from Larch Technology, removed by Ada Byron on" in words(seen)
    assert "Removed a product : Too heavy" in words(seen) or "Removed a product: Too heavy" in words(seen)
    assert buyer.submit(form, remove, reason="Too heavy").status_code == 412


def test_closing_with_a_choice_shows_it_and_offers_the_file(shop: Shop, buyer: Visitor) -> None:
    path = started(buyer)
    add(buyer, path, shop.product)
    form = buyer.get(f"{path}/end")

    refused = buyer.submit(form, f"{path}/end", reason="")
    assert refused.status_code == 400
    assert "The choice is not made: choose a product, or no product" in words(refused)
    seen = buyer.follow(buyer.submit(form, f"{path}/end", choice=str(shop.product), reason="The lightest of them"))

    assert "A product was chosen and the list is frozen." in words(seen)
    assert "Chosen Larch Chromebook 11 from Larch Technology £150.00 ex VAT when it was chosen" in words(seen)
    assert "Reason The lightest of them" in words(seen)
    assert f"{path}/end" not in seen.text
    table = buyer.get(f"{path}/download")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["cache-control"] == "no-store"
    assert table.content.startswith(b"\xef\xbb\xbfshortlist,organisation,need")
    assert "chosen" in table.text


def test_none_of_them_puts_the_list_away(shop: Shop, buyer: Visitor) -> None:
    path = started(buyer)
    form = buyer.get(f"{path}/end")

    seen = buyer.follow(buyer.submit(form, f"{path}/end", choice="none", reason="No money this year"))

    assert "This was put away without a choice, and is frozen." in words(seen)
    assert "No shortlist is open." in words(buyer.get("/shortlists?state=open"))
    assert "Put away" in words(buyer.get("/shortlists"))


def test_the_need_and_the_badges_are_changed_and_a_wrong_badge_is_told_by_its_line(buyer: Visitor) -> None:
    path = started(buyer, badges="cyber-essentials")
    form = buyer.get(f"{path}/edit")
    assert Forms(form.text).found[f"{path}/edit"]["name"] == "Year 7 devices"

    wrong = {"need": NEED, "badges": "cyber-essentials\r\nlti;role=Teacher"}
    refused = buyer.submit(form, f"{path}/edit", **wrong)
    assert refused.status_code == 400
    assert "The badges cannot be read on line 2: the role Teacher is not a role of LTI: choose one of" in words(refused)
    good = {"need": "40 Chromebooks", "badges": "lti;role=Tool"}
    seen = buyer.follow(buyer.submit(form, f"{path}/edit", **good))

    assert "The need 40 Chromebooks" in words(seen)
    assert "Wanted badges LTI, role Tool" in words(seen)
    assert buyer.submit(form, f"{path}/edit", **good).status_code == 412


def test_adding_twice_is_told_and_an_auditor_only_reads(town: Town, shop: Shop, buyer: Visitor) -> None:
    path = started(buyer)
    add(buyer, path, shop.product)
    auditor = town.visitor("Al Audit", town.school, Role.AUDITOR)

    again = add(buyer, path, shop.product)
    assert again.status_code == 409  # type: ignore[attr-defined]
    assert "The product is on this shortlist already." in words(again)
    page = auditor.get(path)
    assert "Larch Chromebook 11" in page.text
    assert not re.findall(rf'href="{path}/(?:edit|end|entries)', page.text)
    assert auditor.get(f"/shortlists/add?product={shop.product}").status_code == 403


def test_those_of_elsewhere_find_nothing(shop: Shop, buyer: Visitor, stranger: Visitor, lead: Visitor) -> None:
    path = started(buyer)

    for address in (path, f"{path}/edit", f"{path}/end", f"{path}/download"):
        assert stranger.get(address).status_code == 404
        assert lead.get(address).status_code == 200
    assert "Year 7 devices" not in stranger.get("/shortlists").text
    assert "Year 7 devices" in lead.get("/shortlists").text
    assert "Year 7 devices (Larch Lane School)" in lead.get(f"/shortlists/add?product={shop.product}").text


def test_the_list_is_paged_newest_first(buyer: Visitor) -> None:
    for number in range(27):
        started(buyer, f"List {number:02d}")

    first = buyer.get("/shortlists")
    [following] = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = buyer.get(following.replace("&amp;", "&"))

    assert re.findall(r"List \d\d", first.text) == [f"List {number:02d}" for number in range(26, 1, -1)]
    assert re.findall(r"List \d\d", second.text) == ["List 01", "List 00"]


def test_every_page_is_whole(shop: Shop, buyer: Visitor, lead: Visitor) -> None:
    path = started(buyer, badges="lti")
    assert_whole(buyer.get("/shortlists"))
    assert_whole(buyer.get(path))
    add(buyer, path, shop.product, "Sturdy")
    page = buyer.get(path)
    [remove] = re.findall(r'href="([^"]+/remove)"', page.text)
    for address in (
        "/shortlists/new",
        f"/shortlists/add?product={shop.product}",
        f"{path}/edit",
        f"{path}/end",
        remove,
    ):
        assert_whole(buyer.get(address))
        assert_whole(lead.get(address))
    for action in ("/shortlists/new", f"{path}/end", remove):
        empty = dict.fromkeys(("name", "need", "reason", "choice"), "")
        sent = buyer.submit(buyer.get(action), action, **empty)
        assert sent.status_code == 400
        assert "<title>Error: " in sent.text
        assert_whole(sent)
    assert_whole(page)


@pytest.mark.parametrize(("page", "file"), TEMPLATES.items(), ids=list(TEMPLATES.values()))
def test_each_template_names_its_context(page: type[Struct], file: str) -> None:
    comment = (FOLDER / file).read_text(encoding="utf-8").partition("#}")[0]

    assert f"work.shortlists.views.{page.__name__}" in comment
    assert [field for field in page.__struct_fields__ if not re.search(rf"\b{field}\b", comment)] == []
