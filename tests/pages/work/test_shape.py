import re
from collections import Counter

import pytest
from httpx import Response
from msgspec import Struct
from tests.pages.test_templates import Page
from tests.pages.work.conftest import UID, URN, Town, Visitor

from becta.kernel.actor import Role
from becta.market.delegation.rules import Delegation
from becta.market.web.templates import FOLDER
from becta.market.web.work.views import TEMPLATES


def assert_whole(answer: Response) -> None:
    """The page is well made: tags closed, one heading, ids its own, every field labelled, errors beside fields."""
    page = Page(answer.text)
    path = answer.url.path
    assert (path, len(page.all("h1")), len(page.all("title"))) == (path, 1, 1)
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert (path, [each for each, count in ids.items() if count > 1]) == (path, [])
    fields = [field for name in ("input", "select", "textarea") for field in page.all(name)]
    visible = {field["id"] for field in fields if field.get("type") != "hidden"}
    assert (path, visible) == (path, {label["for"] for label in page.all("label")})
    links = [a["href"] or "" for a in page.all("a")]
    assert (path, [href for href in links if href.startswith("#") and href[1:] not in ids]) == (path, [])
    described = " ".join(a.get("aria-describedby") or "" for _, a in page.tags).split()
    assert (path, [each for each in described if each not in ids]) == (path, [])
    assert "None" not in page.words
    for tag, attributes in page.tags:
        assert not [key for key in attributes if key == "style" or key.startswith("on")], tag
    for form in page.all("form"):
        assert form["method"] == "get" or 'name="csrf_token"' in answer.text


def test_every_page_is_whole(town: Town, lead: Visitor, buyer: Visitor, approver: Visitor) -> None:
    with town.db.write() as session:
        town.scheme(session, f"trust:{UID}", Delegation(role=Role.TRUST_LEAD, limit_pence=None))
    mine, held = lead.commits("10"), buyer.commits("1200")
    newcomer = town.visitor("Nia", None, email="nia@larchlane.kent.sch.uk")
    newcomer.submit(newcomer.get(f"/join/ask?organisation=urn:{URN}"), "/join/ask", roles=["buyer"])
    approver.submit(approver.get("/people/invite"), "/people/invite", email="x@example.org", roles=["buyer"])
    secret = lead.submit(
        lead.get("/tokens/new"), "/tokens/new", label="L", holder="mine", scopes="audit:read", days="30"
    )
    [token] = re.findall(r'href="(/tokens/[0-9a-f-]{36})"', lead.get("/tokens").text)
    people = approver.get("/people")
    [request] = re.findall(r'href="(/people/requests/[^"]+)"', people.text)

    assert_whole(secret)
    assert_whole(mine)
    assert_whole(people)
    for path in (held.url.path, "/commitments", "/commitments/new", "/scheme", request, f"/people/{buyer.id}"):
        assert_whole(approver.get(path))
    for path in ("/account", "/people", "/tokens", token, "/tokens/new", "/scheme", f"/people/{lead.id}", "/privacy"):
        assert_whole(lead.get(path))
    for path in ("/join", "/join?q=larch", f"/join/ask?organisation=urn:{URN}", "/account/data", "/account/erase"):
        assert_whole(newcomer.get(path))


@pytest.mark.parametrize(
    "path", ["/commitments/new", "/people/invite", "/tokens/new", "/account/erase", f"/join/ask?organisation=urn:{URN}"]
)
def test_a_form_sent_empty_comes_back_whole_with_every_error_linked(lead: Visitor, path: str) -> None:
    form = lead.get(path)
    action = path.partition("?")[0]

    page = lead.submit(form, action, **dict.fromkeys(("holder", "roles", "scopes", "sure"), ""))

    assert page.status_code == 400
    assert "<title>Error: " in page.text
    assert_whole(page)


@pytest.mark.parametrize(("page", "file"), TEMPLATES.items(), ids=list(TEMPLATES.values()))
def test_each_template_names_its_context(page: type[Struct], file: str) -> None:
    comment = (FOLDER / file).read_text(encoding="utf-8").partition("#}")[0]

    assert f"work.views.{page.__name__}" in comment
    assert [field for field in page.__struct_fields__ if not re.search(rf"\b{field}\b", comment)] == []
