"""The pages on which suppliers claim badges, show evidence and have products tested."""

import re
from datetime import timedelta
from hashlib import sha256
from html import unescape

import pytest
from msgspec import Struct
from tests.pages.work.claim_scene import (
    CERTIFIED,
    ENDS,
    ISSUED,
    PDF,
    PNG,
    TODAY,
    Stage,
    days,
    id_of,
    send_file,
    statements,
)
from tests.pages.work.conftest import Town
from tests.pages.work.test_money import words
from tests.pages.work.test_shape import assert_whole
from tests.support.api import Api
from tests.support.browser import Forms

from becta.compliance.standards.registry import standards
from becta.market.web.formats import london_date
from becta.market.web.templates import FOLDER
from becta.market.web.work.claims.views import TEMPLATES


@pytest.fixture
def stage(town: Town, api: Api) -> Stage:
    return Stage(town, api)


def test_a_supplier_chooses_the_standard_learns_what_it_wants_and_claims(stage: Stage) -> None:
    sam = stage.sam
    assert 'href="/claims"' in sam.get("/account").text
    assert "There are no claims yet." in words(sam.get("/claims"))
    start = sam.get("/claims/new")
    assert '<option value="supplier">Larch Technology</option>' in start.text
    assert f'<option value="{stage.product}">Larch Chromebook 11</option>' in start.text
    assert "Rowan Reading" not in start.text
    offered = re.findall(r'<option value="([a-z0-9-]+) ([^"]+)"', start.text)
    assert offered == sorted(offered, key=lambda one: standards()[one[0]].holder, reverse=True)
    assert len(offered) == sum(len(each.versions) for each in standards().values())

    form = sam.get("/claims/new?next=1&holder=supplier&standard=cyber-essentials+Danzell")
    assert "the number of a certificate, which we look up" in words(form)
    assert "Two people must agree" not in words(form)
    assert "Tested by this marketplace" not in words(form)
    page = sam.follow(sam.submit(form, "/claims/new", **CERTIFIED))

    assert "Cyber Essentials" in words(page)
    assert "This waits for a verifier. Until then you can add evidence." in words(page)
    assert f"Issued {london_date(ISSUED)} Ends {london_date(ENDS)}" in words(page)
    listed = words(sam.get("/claims"))
    assert f"{london_date(ISSUED)} to {london_date(ENDS)} Waiting Add evidence: there is none yet" in listed
    assert stage.town.actions(id_of(page.url.path)) == ["badge.claimed"]


def test_the_form_says_where_two_people_must_agree_and_asks_for_the_role(stage: Stage) -> None:
    address = f"/claims/new?holder={stage.product}&standard=dfe-filtering+2026"
    form = stage.sam.get(address)

    why = standards()["dfe-filtering"].four_eyes_why
    assert f"Two people must agree {why}" in unescape(words(form))
    assert re.findall(r'<option value="(Filtering|Monitoring)"', form.text) == ["Filtering", "Monitoring"]


@pytest.mark.parametrize(
    ("holder", "standard", "told"),
    [
        ("supplier", "lti 1.3", "The standard belongs to a product, not to a supplier"),
        ("PRODUCT", "iso-27001 2022", "The standard belongs to a supplier, not to a product"),
        ("supplier", "lti 9", "The standard is not chosen"),
        ("", "lti 1.3", "Whom it is for is not chosen"),
        ("THEIRS", "lti 1.3", "Whom it is for is not chosen"),
    ],
)
def test_what_does_not_go_together_is_told_beside_the_select(
    stage: Stage, holder: str, standard: str, told: str
) -> None:
    whom = holder.replace("PRODUCT", str(stage.product)).replace("THEIRS", str(stage.others_product))

    page = stage.sam.get(f"/claims/new?next=1&holder={whom}&standard={standard.replace(' ', '+')}")

    assert page.status_code == 400
    assert f"Error: {told}" in words(page)
    assert_whole(page)
    token = Forms(stage.sam.get("/claims/new?holder=supplier&standard=iso-27001+2022").text).found["/claims/new"]
    sent = stage.sam.post("/claims/new", {**token, **CERTIFIED, "holder": whom, "standard": standard})
    assert sent.status_code == 400
    assert "There are no claims yet." in words(stage.sam.get("/claims"))


@pytest.mark.parametrize(
    ("field", "changes", "told"),
    [
        ("issued_on", days("issued_on", None), "The day of issue is missing"),
        ("issued_on", {"issued_on-day": ""}, "The day of issue lacks the day"),
        ("issued_on", {"issued_on-day": "31", "issued_on-month": "2"}, "The day of issue is not a day of the calendar"),
        ("issued_on", {"issued_on-month": "May"}, "The day of issue is not a day"),
        ("issued_on", {"issued_on-year": "9999"}, "The day of issue has a year that cannot be meant"),
        ("expires_on", days("expires_on", None), "The day it ends is missing"),
        ("expires_on", days("expires_on", ISSUED), "The day it ends is not after the day of issue"),
        (
            "expires_on",
            days("expires_on", ENDS + timedelta(days=40)),
            "The day it ends is later than Cyber Essentials lasts",
        ),
        ("level", {"level": ""}, "The level of proof is not chosen"),
        ("level", {"level": "gold"}, "The level of proof is not chosen"),
        (
            "certificate_reference",
            {"certificate_reference": " "},
            "The certificate number is missing",
        ),
        ("evidence_url", {"evidence_url": ""}, "The address is missing"),
        ("evidence_url", {"evidence_url": "javascript:alert(1)"}, "The address is not a web address"),
        ("conformance_run_id", {"level": "tested_by_us"}, "Our test is not chosen"),
        ("scope", {"scope": "x" * 501}, "The scope is 501 characters long"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost(
    stage: Stage, field: str, changes: dict[str, str], told: str
) -> None:
    page = stage.claims(**changes)

    assert page.status_code == 400
    assert "<title>Error: Claim a badge" in page.text
    if field == "conformance_run_id":  # without a run that passed the select is not there
        assert told in words(page)
        return
    assert f'<a href="#{field}">{told}' in page.text
    if "certificate_reference" not in changes:
        assert 'value="IASME-CE-004211"' in page.text
    assert_whole(page)


def test_a_double_click_makes_one_claim(stage: Stage) -> None:
    form = stage.sam.get("/claims/new?holder=supplier&standard=cyber-essentials+Danzell")

    first = stage.sam.submit(form, "/claims/new", **CERTIFIED)
    second = stage.sam.submit(form, "/claims/new", **CERTIFIED)
    other = stage.sam.submit(form, "/claims/new", **{**CERTIFIED, "scope": "One site"})

    assert first.status_code == second.status_code == other.status_code == 303
    assert first.headers["location"] == second.headers["location"] != other.headers["location"]
    assert stage.town.actions(id_of(first.headers["location"])) == ["badge.claimed"]


def test_a_role_that_the_standard_lacks_is_refused(stage: Stage) -> None:
    page = stage.claims(holder=str(stage.product), standard="lti 1.3", role="Provider")

    assert page.status_code == 400
    assert '<a href="#role">The role is not a role of LTI' in page.text


def test_evidence_of_every_kind_is_added_and_a_file_shows_by_its_sha_256(stage: Stage) -> None:
    sam, path = stage.sam, stage.of_product()
    digest = sha256(PDF).hexdigest()

    file = sam.get(f"{path}/evidence?kind=file")
    assert send_file(sam, file, f"{path}/evidence", ("report.pdf", PDF), note="Audit").status_code == 303
    for kind, fields in (
        (
            "certificate_number",
            {"certificate_number": "LTI-77", "scope": "Tool", **days("issued_on", ISSUED), "url": ""},
        ),
        ("url", {"url": "https://registry.example.org/lti"}),
        ("statement", {"note": "It launches in every platform we know"}),
    ):
        form = sam.get(f"{path}/evidence?kind={kind}")
        assert_whole(form)
        answer = sam.submit(form, f"{path}/evidence", **fields)
        assert answer.status_code == 303, answer.text

    page = sam.get(path)
    assert f"SHA-256 {digest}" in words(page)
    assert "Certificate number LTI-77" in words(page)
    assert 'href="https://registry.example.org/lti"' in page.text
    assert "It launches in every platform we know" in words(page)
    assert "Nothing: it waits for a verifier" in words(sam.get("/claims"))
    [href] = re.findall(r'href="(/checking/evidence/[^"]+)"', page.text)
    got = sam.get(href)
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert stage.vera.get(href).content == PDF
    assert stage.rival.get(href).status_code == 404


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (None, "The file is not chosen"),
        (("report.pdf", PNG), "The file is of no type we take, or its content is not what its name says"),
        (("page.html", b"<script>alert(1)</script>"), "The file is of no type we take"),
        (("report.pdf", b""), "The file is empty"),
        (("report.pdf", PDF + b"0" * (10 * 1024 * 1024)), "The file is too large"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_beside_the_field(
    stage: Stage, file: tuple[str, bytes] | None, told: str
) -> None:
    path = stage.claimed()
    form = stage.sam.get(f"{path}/evidence?kind=file")

    page = send_file(stage.sam, form, f"{path}/evidence", file, note="Keep this")

    assert page.status_code == 400
    assert f'<a href="#file">{told}' in page.text
    assert "Keep this" in page.text
    assert_whole(page)
    assert stage.town.actions(id_of(path)) == ["badge.claimed"]


@pytest.mark.parametrize(
    ("kind", "field", "told"),
    [
        ("certificate_number", "certificate_number", "The certificate number is missing"),
        ("url", "url", "The address is missing"),
        ("statement", "note", "The text is missing"),
    ],
)
def test_an_empty_piece_of_evidence_is_refused_beside_its_field(stage: Stage, kind: str, field: str, told: str) -> None:
    path = stage.claimed()

    page = stage.sam.submit(stage.sam.get(f"{path}/evidence?kind={kind}"), f"{path}/evidence")

    assert page.status_code == 400
    assert f'<a href="#{field}">{told}' in page.text
    assert_whole(page)


def test_a_kind_of_evidence_that_is_none_is_not_found(stage: Stage) -> None:
    assert stage.sam.get(f"{stage.claimed()}/evidence?kind=bribe").status_code == 404


def test_a_returned_claim_is_mended_and_sent_again_and_a_badge_comes_of_it(stage: Stage) -> None:
    sam, path = stage.sam, stage.claimed()
    stage.checked(path, stage.vera, "returned", "The scope names one site only\nThe number is that of last year")

    page = sam.get(path)
    assert "Reasons given The scope names one site only The number is that of last year" in words(page)
    assert "Mend it and send it again" in words(sam.get("/claims"))
    form = sam.get(f"{path}/mend")
    assert_whole(form)
    assert 'value="IASME-CE-004211"' in form.text
    assert (
        f'name="issued_on-year" type="text" inputmode="numeric" maxlength="4" autocomplete="off" value="{ISSUED:%Y}"'
        in form.text
    )
    mended = {**CERTIFIED, "certificate_reference": "IASME-CE-005000", "scope": "All sites"}
    wrong = sam.submit(form, f"{path}/mend", **{**mended, "scope": "x" * 501})
    assert wrong.status_code == 400
    assert_whole(wrong)
    again = sam.follow(sam.submit(wrong, f"{path}/mend", **mended))
    assert "This waits for a verifier." in words(again)
    assert "Certificate number IASME-CE-005000 Scope All sites" in words(again)
    assert "Reasons given" not in words(again)

    stage.checked(path, stage.vera, "accepted")
    held = sam.get(path)
    assert "This is accepted: the badge shows wherever its holder is listed." in words(held)
    assert f'href="/badges/{id_of(path)}"' in held.text
    assert "Add a file" not in words(held)
    assert f'"{path}/mend"' not in held.text


def test_a_page_to_mend_that_is_out_of_date_says_so(stage: Stage) -> None:
    path = stage.claimed()
    stage.checked(path, stage.vera, "returned", "The number is wrong")
    form = stage.sam.get(f"{path}/mend")

    stage.sam.submit(form, f"{path}/mend", **CERTIFIED)
    late = stage.sam.submit(form, f"{path}/mend", **CERTIFIED)

    assert late.status_code == 412
    assert "Somebody changed this since you opened it." in words(late)
    assert stage.sam.get(f"{path}/mend").status_code == 303


def test_while_a_verifier_has_the_claim_nothing_can_be_added(stage: Stage) -> None:
    path = stage.claimed()
    form = stage.sam.get(f"{path}/evidence?kind=statement")
    check = f"/checking/{id_of(path)}"
    stage.vera.submit(stage.vera.get(check), f"{check}/take")

    page = stage.sam.submit(form, f"{path}/evidence", note="One thing more")

    assert page.status_code == 409
    assert "The claim is being checked, so no evidence can be added." in words(page)
    assert "Nothing can be added meanwhile." in words(stage.sam.get(path))


def test_those_of_another_supplier_find_nothing(stage: Stage) -> None:
    path = stage.claimed()
    stage.checked(path, stage.vera, "returned", "The number is wrong")
    token = Forms(stage.rival.get("/account").text).found["/sign-out"]["csrf_token"]

    for address in (path, f"{path}/mend", f"{path}/evidence", f"{path}/evidence?kind=url"):
        assert stage.rival.get(address).status_code == 404
    for address in (f"{path}/mend", f"{path}/evidence"):
        sent = stage.rival.post(address, {"csrf_token": token, "kind": "statement", "note": "Ours", **CERTIFIED})
        assert sent.status_code == 404
    assert "There are no claims yet." in words(stage.rival.get("/claims"))
    assert stage.vera.get("/claims").status_code == 403


def test_a_hostile_scope_is_only_text(stage: Stage) -> None:
    path = stage.claimed(scope="<script>alert(1)</script>")

    for who, address in ((stage.sam, path), (stage.vera, f"/checking/{id_of(path)}")):
        page = who.get(address)
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_the_lists_are_paged_newest_first(stage: Stage) -> None:
    for number in range(27):
        stage.api.made(
            f"/suppliers/{stage.supplier}/badge-claims",
            {
                "standard": "iso-27001",
                "standard_version": "2022",
                "level": "certified",
                "issued_on": str(ISSUED),
                "expires_on": str(ENDS),
                "certificate_reference": f"IS {number}",
                "evidence_note": "On paper",
            },
        )

    first = stage.sam.get("/claims")
    [following] = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = stage.sam.get(following.replace("&amp;", "&"))

    assert [len(re.findall(r'href="/claims/[0-9a-f-]{36}"', page.text)) for page in (first, second)] == [25, 2]


def test_a_product_is_tested_by_a_file_and_the_passed_run_makes_a_claim(stage: Stage) -> None:
    sam = stage.sam
    start = sam.get("/claims/runs/new")
    assert '<option value="xapi-1.0.3">' in start.text
    form = sam.get(f"/claims/runs/new?next=1&product={stage.product}&runner=xapi-1.0.3")
    assert_whole(form)
    answer = send_file(
        sam, form, "/claims/runs/new", ("statements.json", STATEMENT), product_version="4.2", synthetic="yes"
    )
    assert answer.status_code == 303, answer.text
    run = answer.headers["location"]
    assert "waiting for its turn" in words(sam.get(run))
    assert "Larch Chromebook 11 Version 4.2" in words(sam.get("/claims/runs"))

    stage.house.relay.drain()
    assert "Every check passed" in words(sam.get(run))
    assert "Passed 0 errors" in words(sam.get("/claims/runs"))
    assert "Nothing has been tested yet." in words(stage.rival.get("/claims/runs"))

    claim = sam.get(f"/claims/new?holder={stage.product}&standard=xapi+1.0.3")
    [run_id] = re.findall(rf'<option value="({run.rpartition("/")[2]})"', claim.text)
    wanted = {
        "role": "Provider",
        "level": "tested_by_us",
        "conformance_run_id": run_id,
        "evidence_note": "See the run",
        **days("issued_on", None),
        **days("expires_on", None),
    }
    early = sam.submit(claim, "/claims/new", **{**wanted, **days("issued_on", ISSUED)})
    assert '<a href="#issued_on">The day of issue is not the day of the run' in early.text
    made = sam.follow(sam.submit(claim, "/claims/new", **{**wanted, **days("issued_on", TODAY)}))
    assert f'href="{run}"' in made.text
    assert "Our own test" in words(made)


STATEMENT = b"""{"id": "0b7c4f4e-8f2a-4c53-9c7f-0f5a2d9e6a11",
 "actor": {"objectType": "Agent", "account": {"homePage": "https://example.org", "name": "learner-1"}},
 "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en-GB": "completed"}},
 "object": {"objectType": "Activity", "id": "https://example.org/activities/1"},
 "timestamp": "2026-05-01T10:00:00Z"}
"""


@pytest.mark.parametrize(
    ("file", "fields", "field", "told"),
    [
        (None, {}, "file", "The file is not chosen"),
        (("statements.zip", b"PK"), {}, "file", "The file is none that xapi-1.0.3 takes"),
        (("statements.json", b"{}"), {"synthetic": ""}, "synthetic", "The box about real people is not ticked"),
        (("statements.json", b"{}"), {"product_version": " "}, "product_version", "The version is empty"),
    ],
)
def test_a_test_that_lacks_something_is_refused_beside_the_field(
    stage: Stage, file: tuple[str, bytes] | None, fields: dict[str, str], field: str, told: str
) -> None:
    form = stage.sam.get(f"/claims/runs/new?product={stage.product}&runner=xapi-1.0.3")
    given = {"product_version": "4.2", "synthetic": "yes", **fields}

    page = send_file(stage.sam, form, "/claims/runs/new", file, **given)

    assert page.status_code == 400
    assert f'<a href="#{field}">{told}' in page.text
    assert_whole(page)
    assert "Nothing has been tested yet." in words(stage.sam.get("/claims/runs"))


def test_an_endpoint_is_tested_with_its_settings_and_secrets_are_never_shown_again(stage: Stage) -> None:
    sam = stage.sam
    form = sam.get(f"/claims/runs/new?product={stage.product}&runner=oneroster-rest-1.1")
    assert_whole(form)
    fields = {name: "" for name in Forms(form.text).found["/claims/runs/new"] if name.startswith("setting-")}
    fields |= {"setting-base_url": "", "setting-client_secret": "s3cret-of-ours", "product_version": "4.2"}

    wrong = sam.submit(form, "/claims/runs/new", **fields, synthetic="yes")
    assert wrong.status_code == 400
    assert '<a href="#setting-base_url">Base URL is missing' in wrong.text
    assert "s3cret-of-ours" not in wrong.text
    fields |= {name: "https://school.example.org/x" for name in fields if name.endswith("_url")}
    fields |= {"setting-client_id": "us"}
    asked = sam.submit(wrong, "/claims/runs/new", **fields, synthetic="yes")
    assert asked.status_code == 303, asked.text
    page = sam.get(asked.headers["location"])
    assert "https://school.example.org/x" in page.text
    assert "s3cret-of-ours" not in page.text


def test_nobody_has_another_s_product_tested(stage: Stage) -> None:
    page = stage.sam.get(f"/claims/runs/new?product={stage.others_product}&runner=xapi-1.0.3")

    assert page.status_code == 400
    assert "The product is not chosen" in words(page)


def test_every_page_is_whole(stage: Stage) -> None:
    path = stage.claimed()
    for address in (
        "/account",
        "/claims",
        "/claims/new",
        "/claims/new?holder=supplier&standard=iso-27001+2022",
        path,
        f"{path}/evidence",
        f"{path}/evidence?kind=conformance_run",
        "/claims/runs",
        "/claims/runs/new",
        f"/claims/runs/new?product={stage.product}&runner=lti-1.3-tool",
    ):
        page = stage.sam.get(address)
        assert page.status_code == 200
        assert_whole(page)


@pytest.mark.parametrize("address", ["/claims/new", "PATH/mend", "PATH/evidence", "/claims/runs/new"])
def test_a_form_without_its_token_changes_nothing(stage: Stage, address: str) -> None:
    path = stage.claimed()
    stage.checked(path, stage.vera, "returned", "The number is wrong")
    before = stage.town.actions(id_of(path))
    sent = {**CERTIFIED, "holder": "supplier", "standard": "iso-27001 2022", "kind": "statement", "note": "x"}

    for fields in (sent, {**sent, "csrf_token": "0" * 64}):
        answer = stage.sam.post(address.replace("PATH", path), fields)
        assert answer.status_code == 403
        assert "This page is out of date" in words(answer)

    assert stage.town.actions(id_of(path)) == before


def test_the_lists_cost_the_same_however_long_they_are(stage: Stage) -> None:
    stage.claimed()
    one = statements(stage, stage.sam, "/claims")
    for number in range(5):
        stage.claimed(certificate_reference=f"IASME-CE-10000{number}")
    assert statements(stage, stage.sam, "/claims") == one
    queue = statements(stage, stage.vera, "/checking")
    stage.claimed(certificate_reference="IASME-CE-200000")
    assert statements(stage, stage.vera, "/checking") == queue


@pytest.mark.parametrize(("page", "file"), TEMPLATES.items(), ids=list(TEMPLATES.values()))
def test_each_template_names_its_context(page: type[Struct], file: str) -> None:
    comment = (FOLDER / file).read_text(encoding="utf-8").partition("#}")[0]

    assert f"work.claims.views.{page.__name__}" in comment
    assert [field for field in page.__struct_fields__ if not re.search(rf"\b{field}\b", comment)] == []
