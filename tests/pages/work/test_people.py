import re
from html import unescape
from urllib.parse import quote
from uuid import UUID, uuid4

from sqlmodel import select
from tests.pages.work.conftest import ELSEWHERE, URN, Town, Visitor
from tests.pages.work.test_shape import assert_whole
from tests.support.browser import Browser, Forms
from tests.support.catalogue import make_supplier

from becta.kernel.actor import OPERATOR_ID, Role
from becta.market.accounts.invitations import PURPOSE
from becta.market.accounts.models import Invitation, JoinRequest, Member, Organisation
from becta.market.notify.mailer import FolderMailer


def words(answer: object) -> str:
    """The text of a page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())  # type: ignore[attr-defined]


def newest_invitation(town: Town) -> UUID:
    """The id of the invitation made last."""
    with town.db.read() as session:
        return session.exec(select(Invitation.id).order_by(Invitation.id.desc())).first()  # type: ignore[attr-defined, return-value]


def newest_request(town: Town) -> UUID:
    """The id of the request to join made last."""
    with town.db.read() as session:
        return session.exec(select(JoinRequest.id).order_by(JoinRequest.id.desc())).first()  # type: ignore[attr-defined, return-value]


def invited(approver: Visitor, email: str, *roles: str) -> Browser:
    """Invite somebody."""
    form = approver.get(f"/people/invite?organisation=urn:{URN}")
    answer = approver.submit(form, "/people/invite", email=email, roles=list(roles))
    assert answer.headers["location"] == f"/people?organisation=urn%3A{URN}&done=invited", answer.text
    return approver


def test_somebody_invited_by_mail_follows_its_link_and_joins(town: Town, approver: Visitor) -> None:
    invited(approver, "Nia@Larchlane.kent.sch.uk", "buyer", "auditor")
    town.house.relay.drain()
    assert isinstance(town.house.mailer, FolderMailer)
    [mail] = town.house.mailer.newest()
    [link] = re.findall(r"/invitations/accept\?code=\S+", mail.get_content())

    unknown = Browser(town.client).get(link)
    assert unknown.headers["location"].startswith("/sign-in?next=%2Finvitations%2Faccept%3Fcode%3D")
    newcomer = town.visitor("Nia", None, email="nia@larchlane.kent.sch.uk")
    page = newcomer.get(link)
    assert "You are invited to join Larch Lane School" in words(page)
    assert "Buyer: commits money within their limit" in words(page)
    assert page.headers["referrer-policy"] == "strict-origin"
    before = newcomer.cookies["session"]
    account = newcomer.follow(newcomer.submit(page, "/invitations/accept"))

    assert newcomer.cookies["session"] != before
    assert "Acting for Larch Lane School" in words(account)
    assert newcomer.get("/commitments/new").status_code == 200
    assert "Nia" in words(approver.get("/people"))
    assert newcomer.get(link).status_code == 404


def test_an_invitation_is_nothing_to_anybody_else(town: Town, approver: Visitor, stranger: Visitor) -> None:
    invited(approver, "nia@larchlane.kent.sch.uk", "buyer")
    code = town.house.signer.sign(PURPOSE, newest_invitation(town))
    other = town.house.signer.sign("another purpose", newest_invitation(town))
    token = Forms(stranger.get("/tokens/new").text).found["/tokens/new"]["csrf_token"]
    told = set()

    for given in (code, other, "nonsense", ""):
        page = stranger.get(f"/invitations/accept?code={given}")
        answer = stranger.post("/invitations/accept", {"csrf_token": token, "code": given})
        assert (page.status_code, answer.status_code) == (404, 404)
        told |= {page.text, answer.text}

    assert len(told) == 1
    with town.db.read() as session:
        assert session.exec(select(Member).where(Member.organisation_id == town.school.id)).all()[1:] == []


def test_inviting_tells_every_fault_beside_its_field(approver: Visitor) -> None:
    form = approver.get("/people/invite")

    page = approver.submit(form, "/people/invite", email="nobody", roles=[])

    assert page.status_code == 400
    assert "What you typed is not an e-mail address: give an e-mail address" in words(page)
    assert '<a href="#roles">The choice of roles is empty' in page.text
    assert 'value="nobody"' in page.text
    assert "Trust lead" not in form.text


def test_an_open_invitation_is_withdrawn(town: Town, approver: Visitor) -> None:
    invited(approver, "nia@larchlane.kent.sch.uk", "buyer")
    page = approver.get("/people")
    assert "nia@larchlane.kent.sch.uk" in page.text
    address = f"/people/invitations/{newest_invitation(town)}/withdraw"

    done = approver.follow(approver.submit(page, address))
    again = approver.submit(page, address)

    assert "The invitation was withdrawn." in words(done)
    assert "Invited, not here yet" not in words(done)
    assert again.status_code == 409
    assert "The invitation is settled already." in words(again)


def test_roles_are_changed_and_two_at_once_do_not_overwrite_one_another(
    town: Town, approver: Visitor, buyer: Visitor
) -> None:
    other = town.visitor("Joan Clarke", town.school, Role.APPROVER)
    address = f"/people/{buyer.id}?organisation=urn:{URN}"
    first, second = approver.get(address), other.get(address)

    done = approver.follow(approver.submit(first, f"/people/{buyer.id}/roles", roles=["buyer", "auditor"]))
    late = other.submit(second, f"/people/{buyer.id}/roles", roles=["finance"])

    assert "The roles were changed." in words(done)
    assert "Auditor, Buyer" in words(done)
    assert late.status_code == 412
    assert "Somebody changed this since you opened it." in words(late)
    assert "Auditor, Buyer" in words(approver.get("/people"))


def test_a_role_that_one_cannot_give_is_kept(town: Town, lead: Visitor) -> None:
    approver = town.visitor("Grace Hopper", town.trust, Role.APPROVER)
    with town.db.write() as session:
        second = session.exec(select(Member).where(Member.person_id == lead.id)).one()
        second.roles = ["auditor", "trust_lead"]
    page = approver.get(f"/people/{lead.id}")
    assert "They also have a role that you cannot change: Trust lead" in words(page)

    fields = Forms(page.text).found[f"/people/{lead.id}/roles"]
    done = approver.post(f"/people/{lead.id}/roles", {**fields, "roles": ["trust_lead", "buyer"]})

    assert done.status_code == 303
    assert "Buyer, Trust lead" in words(approver.get("/people"))


def test_nobody_changes_their_own_roles_but_may_leave(town: Town, approver: Visitor) -> None:
    page = approver.get(f"/people/{approver.id}")
    assert list(Forms(page.text).found) == [f"/people/{approver.id}/end"]

    stuck = approver.submit(page, f"/people/{approver.id}/end", reason="")
    assert stuck.status_code == 409
    assert "Nobody else manages the people of this organisation" in words(stuck)
    town.visitor("Joan Clarke", town.school, Role.APPROVER)
    left = approver.submit(page, f"/people/{approver.id}/end", reason="")

    assert left.headers["location"] == "/account"
    assert approver.get("/commitments").status_code == 403
    assert approver.get("/people").headers["location"] == "/organisation?next=%2Fpeople"


def test_removing_somebody_needs_a_reason(approver: Visitor, buyer: Visitor) -> None:
    page = approver.get(f"/people/{buyer.id}")

    without = approver.submit(page, f"/people/{buyer.id}/end", reason=" ")
    assert without.status_code == 400
    assert '<a href="#reason">The reason is empty' in without.text
    done = approver.follow(approver.submit(page, f"/people/{buyer.id}/end", reason="Left the school"))

    assert "The membership has ended." in words(done)
    assert buyer.get("/commitments").status_code == 403


def test_members_see_one_another_and_only_managers_more(
    town: Town, buyer: Visitor, approver: Visitor, stranger: Visitor
) -> None:
    page = buyer.get("/people")
    assert "Grace Hopper" in page.text
    assert "Invite somebody" not in page.text

    assert buyer.get(f"/people/{buyer.id}").status_code == 200
    assert buyer.get(f"/people/{approver.id}").status_code == 403
    assert buyer.get("/people/invite").status_code == 403
    for path in (f"/people?organisation=urn:{URN}", f"/people/{buyer.id}?organisation=urn:{URN}"):
        assert stranger.get(path).status_code == 404
    assert stranger.get(f"/people/{buyer.id}").status_code == 404
    token = Forms(stranger.get("/tokens/new").text).found["/tokens/new"]["csrf_token"]
    forged = {"csrf_token": token, "organisation": f"urn:{URN}", "revision": "1", "roles": "finance", "reason": "x"}
    for path in (f"/people/{buyer.id}/roles", f"/people/{buyer.id}/end", "/people/invite"):
        assert stranger.post(path, forged).status_code == 404
    assert buyer.get("/people?organisation=nonsense").status_code == 404
    assert Browser(town.client).get("/people").headers["location"] == "/sign-in?next=%2Fpeople"


def test_the_trust_lead_looks_after_a_school_nobody_has_acted_for_yet(town: Town, lead: Visitor) -> None:
    page = lead.get("/people")
    assert f'href="/people?organisation=urn%3A{URN}"' in page.text

    form = lead.get(f"/people/invite?organisation=urn:{URN}")
    answer = lead.submit(form, "/people/invite", email="head@larchlane.kent.sch.uk", roles=["approver"])

    assert "The invitation is on its way" in words(lead.follow(answer))


def test_somebody_with_an_address_of_the_school_asks_and_is_let_in(town: Town, approver: Visitor) -> None:
    newcomer = town.visitor("Nia", None, email="nia@larchlane.kent.sch.uk")
    found = newcomer.get("/join?q=larch+lane")
    assert f'href="/join/ask?organisation=urn%3A{URN}">Larch Lane School</a>' in found.text
    assert "Larch Learning Trust" in found.text
    assert "Larch Lane School" in newcomer.get(f"/join?q={URN}").text
    assert "Elm Hill" not in found.text

    form = newcomer.get(f"/join/ask?organisation=urn:{URN}")
    asked = newcomer.follow(newcomer.submit(form, "/join/ask", roles=["buyer"]))
    assert "You have asked." in words(asked)
    assert "Larch Lane School" in words(asked)
    twice = newcomer.submit(form, "/join/ask", roles=["buyer"])
    assert (twice.status_code, "You have asked already" in words(twice)) == (409, True)

    listed = approver.get("/people")
    [href] = re.findall(r'href="(/people/requests/[^"]+)"', listed.text)
    done = approver.follow(approver.submit(approver.get(href), f"{href}/confirm", roles=["buyer"]))

    assert "The person has joined." in words(done)
    assert "Confirmed" in words(newcomer.get("/join"))
    again = approver.submit(approver.get(href), f"{href}/confirm", roles=["buyer"])
    assert (again.status_code, "The request was confirmed already." in words(again)) == (409, True)


def test_a_request_is_refused_with_a_reason_that_is_told(town: Town, approver: Visitor, stranger: Visitor) -> None:
    newcomer = town.visitor("Nia", None, email="nia@larchlane.kent.sch.uk")
    newcomer.submit(newcomer.get(f"/join/ask?organisation=urn:{URN}"), "/join/ask", roles=["approver"])
    href = f"/people/requests/{newest_request(town)}"
    page = approver.get(href)

    assert stranger.get(href).status_code == 404
    assert approver.submit(page, f"{href}/refuse", reason="").status_code == 400
    done = approver.follow(approver.submit(page, f"{href}/refuse", reason="Not on our list"))

    assert "The request was refused" in words(done)
    assert "Refused: Not on our list" in words(newcomer.get("/join"))


def test_one_takes_ones_own_request_back_but_not_anothers(town: Town, stranger: Visitor) -> None:
    newcomer = town.visitor("Nia", None, email="nia@larchlane.kent.sch.uk")
    newcomer.submit(newcomer.get(f"/join/ask?organisation=urn:{URN}"), "/join/ask", roles=["buyer"])
    page, address = newcomer.get("/join"), f"/join/{newest_request(town)}/withdraw"
    token = Forms(stranger.get("/tokens/new").text).found["/tokens/new"]["csrf_token"]

    assert stranger.post(address, {"csrf_token": token}).status_code == 404
    assert "Your request was withdrawn." in words(newcomer.follow(newcomer.submit(page, address)))
    assert newcomer.submit(page, address).status_code == 409


def test_an_address_that_is_not_the_schools_is_told_so(town: Town) -> None:
    outsider = town.visitor("Otto", None, email="otto@gmail.com")
    form = outsider.get(f"/join/ask?organisation=urn:{URN}")

    page = outsider.submit(form, "/join/ask", roles=["buyer"])

    assert page.status_code == 400
    assert "Larch Lane School is not the organisation of your e-mail address" in words(page)
    assert "ask somebody there to invite you" in words(page)
    assert "otto@gmail.com" in page.text
    assert outsider.get("/join/ask?organisation=urn:999999").status_code == 404
    assert outsider.get("/join/ask").status_code == 404


def test_suppliers_are_found_by_name_too(town: Town, stranger: Visitor) -> None:
    with town.db.write() as session:
        supplier_id = make_supplier(session, "hollinmere", name="Hollinmere Education")

    page = stranger.get("/join?q=hollinmere")

    assert f'href="/join/ask?organisation=supplier%3A{supplier_id}">Hollinmere Education</a>' in page.text
    assert "Nothing found" in words(stranger.get("/join?q=zzzz"))
    assert stranger.get("/join?q=%00%25_'").status_code == 200


def test_names_are_only_text(town: Town, approver: Visitor) -> None:
    member = town.visitor("<script>alert(1)</script>", town.school, Role.BUYER, email="x@larchlane.kent.sch.uk")

    for path in ("/people", f"/people/{member.id}"):
        page = approver.get(path)
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


def test_what_is_not_there_is_not_found(approver: Visitor) -> None:
    nothing = uuid4()
    token = Forms(approver.get("/people/invite").text).found["/people/invite"]["csrf_token"]
    forged = {"csrf_token": token, "organisation": f"urn:{ELSEWHERE}", "roles": "buyer", "reason": "x"}

    assert approver.get(f"/people/{nothing}").status_code == 404
    assert approver.get(f"/people/requests/{nothing}").status_code == 404
    for path in ("invitations/{}/withdraw", "requests/{}/confirm", "requests/{}/refuse", "{}/roles", "{}/end"):
        assert approver.post(f"/people/{path.format(nothing)}", forged).status_code == 404


def test_the_operator_finds_the_people_of_another_organisation_by_its_name_or_urn(
    town: Town, approver: Visitor, lead: Visitor
) -> None:
    with town.db.write() as session:
        supplier = make_supplier(session, "fen", name="Fen & Co Elms")
        operator = session.get_one(Organisation, OPERATOR_ID)
    visitor = town.visitor("Olive", operator, Role.OPERATOR)
    page = visitor.get("/people")
    assert "People of another organisation: its name or URN" in words(page)

    for q, told in (("elm", "Elm Hill School"), (str(ELSEWHERE), "Elm Hill School"), ("fen elms", "Fen &amp; Co Elms")):
        found = visitor.get(f"/people?q={quote(q)}")
        assert f">{told}</a>" in found.text
        assert_whole(found)
    [link] = re.findall(r'href="(/people\?organisation=supplier[^"]+)"', visitor.get("/people?q=fen").text)
    assert link == f"/people?organisation=supplier%3A{supplier}"
    assert "People of Fen & Co Elms" in unescape(words(visitor.get(link)))
    there = visitor.get(f"/people?organisation=urn:{URN}&q=elm")
    assert "People of Larch Lane School" in words(there)
    assert f'href="/people?organisation=urn%3A{ELSEWHERE}"' in there.text
    assert "Nothing found" in words(visitor.get("/people?q=nowhere"))
    for other in (approver, lead):
        page = other.get("/people?q=elm")
        assert "another organisation" not in words(page)
        assert "Elm Hill" not in page.text
