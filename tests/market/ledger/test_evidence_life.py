"""The life of a claim: evidence comes in, a verifier takes it and decides, two where the standard says so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.support.api import Api
from tests.support.badges import CYBER, LTI, PDF, WCAG, accepted, editor, send_file, verifier
from tests.support.watching import everything

from becta.market.wiring import House


class Desk:
    """A supplier with a product, and two verifiers of ours."""

    def __init__(self, house: House, api: Api) -> None:
        self.house, self.operator = house, api
        self.supplier = api.supplier()
        self.product = api.published(self.supplier)
        self.edda = editor(house, api, self.supplier)
        self.vera, self.vito = verifier(house, api, "Vera"), verifier(house, api, "Vito")

    def claim(self, **changes: Any) -> str:
        holder = "suppliers" if {**CYBER, **changes}["standard"] == "cyber-essentials" else "products"
        holder_id = self.supplier if holder == "suppliers" else self.product
        return str(self.edda.made(f"/{holder}/{holder_id}/badge-claims", {**CYBER, **changes})["id"])

    def decide(self, who: Api, claim_id: str, decision: str, *reasons: str, **headers: str) -> Any:
        body = {"decision": decision, "reasons": list(reasons)}
        return who.post(f"/badge-claims/{claim_id}/decision", body, **headers)

    def state(self, claim_id: str) -> str:
        return str(self.operator.get(f"/badge-claims/{claim_id}").json()["state"])


@pytest.fixture
def desk(house: House, api: Api) -> Desk:
    return Desk(house, api)


def test_evidence_comes_in_is_checked_and_accepted_and_the_badge_says_what_it_rests_on(desk: Desk) -> None:
    claim = desk.claim()

    sent = send_file(desk.edda, claim, note="The certificate, both pages")
    added = desk.edda.made(
        f"/badge-claims/{claim}/evidence", {"kind": "url", "url": "https://register.example/CE-0042"}
    )
    assert (sent.status_code, sent.json()["media_type"], sent.json()["file_bytes"]) == (
        201,
        "application/pdf",
        len(PDF),
    )
    assert desk.vera.post(f"/badge-claims/{claim}/take").json()["state"] == "checking"
    listed = desk.vera.get(f"/badge-claims/{claim}/evidence").json()["items"]
    assert [piece["id"] for piece in listed] == [sent.json()["id"], added["id"]]
    file = desk.vera.get(f"/evidence/{sent.json()['id']}/file")
    assert (file.content, file.headers["content-disposition"]) == (PDF, 'attachment; filename="certificate.pdf"')
    assert (file.headers["x-content-type-options"], file.headers["cache-control"]) == ("nosniff", "no-store")

    assert desk.decide(desk.vera, claim, "accepted").json()["state"] == "accepted"

    badge = desk.operator.client.get(f"/api/v1/badges/{claim}").json()
    assert (badge["standing"], badge["holder_name"], badge["name"]) == ("valid", "Larch Technology", "Cyber Essentials")
    assert [(piece["kind"], piece["file_sha256"]) for piece in badge["evidence"]] == [
        ("file", sent.json()["file_sha256"]),
        ("url", None),
    ]
    assert [turn["state"] for turn in badge["history"]] == ["accepted"]


def test_nobody_but_its_supplier_and_verifiers_sees_a_claim_its_evidence_or_a_file(
    desk: Desk, house: House, api: Api, supplier_api: Callable[[UUID], Api]
) -> None:
    claim = desk.claim()
    evidence = send_file(desk.edda, claim).json()["id"]
    stranger, nobody = supplier_api(api.supplier("rowan")), Api(api.client, None)

    for path in (f"/badge-claims/{claim}", f"/badge-claims/{claim}/evidence", f"/evidence/{evidence}/file"):
        assert (stranger.get(path).status_code, nobody.get(path).status_code) == (404, 401), path
    stored = everything(house.db)
    assert send_file(stranger, claim).status_code == 404
    assert stranger.post(f"/badge-claims/{claim}/evidence", {"kind": "statement", "note": "x"}).status_code == 403
    assert stranger.put(f"/badge-claims/{claim}", CYBER).status_code == 403
    assert nobody.get(f"/badges/{claim}").status_code == 404  # it is no badge yet
    assert everything(house.db) == stored


def test_a_claim_is_returned_with_reasons_mended_and_sent_again(desk: Desk) -> None:
    claim = desk.claim(certificate_reference="CE-0024")

    returned = desk.decide(desk.vera, claim, "returned", "The certificate says CE-0042").json()
    assert (returned["state"], returned["reasons"]) == ("returned", ["The certificate says CE-0042"])
    assert send_file(desk.edda, claim).status_code == 201
    mended = desk.edda.put(f"/badge-claims/{claim}", CYBER)
    assert (mended.status_code, mended.json()["state"], mended.json()["reasons"]) == (200, "claimed", [])
    assert mended.json()["badge"]["certificate_reference"] == "CE-0042"

    assert desk.edda.put(f"/badge-claims/{claim}", CYBER).status_code == 409
    assert desk.decide(desk.vera, claim, "accepted").json()["state"] == "accepted"


@pytest.mark.parametrize("change", [{"standard": "cyber-essentials-plus"}, {"level": "self_declared"}])
def test_mending_does_not_turn_a_claim_into_another(desk: Desk, change: dict[str, str]) -> None:
    claim = desk.claim()
    desk.decide(desk.vera, claim, "returned", "The date is wrong")

    answer = desk.edda.put(f"/badge-claims/{claim}", {**CYBER, **change})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/standard")
    assert desk.state(claim) == "returned"


def test_what_one_verifier_has_taken_another_does_not_decide_until_it_is_let_go(desk: Desk) -> None:
    claim = desk.claim()
    desk.vera.post(f"/badge-claims/{claim}/take")

    assert desk.vito.post(f"/badge-claims/{claim}/take").status_code == 409
    assert desk.decide(desk.vito, claim, "accepted").status_code == 409
    assert send_file(desk.edda, claim).status_code == 409  # nothing changes under a verifier's eyes
    assert desk.state(claim) == "checking"

    assert desk.vito.post(f"/badge-claims/{claim}/release").json()["state"] == "claimed"
    assert desk.decide(desk.vito, claim, "accepted").json()["state"] == "accepted"
    assert desk.vito.post(f"/badge-claims/{claim}/release").status_code == 409


def test_where_the_standard_wants_four_eyes_one_person_alone_gives_no_badge(desk: Desk) -> None:
    claim = desk.claim(**WCAG)

    first = desk.decide(desk.vera, claim, "accepted").json()
    assert (first["state"], first["badge"]["standing"]) == ("checked", "unverified")
    again = desk.decide(desk.vera, claim, "accepted")
    assert (again.status_code, again.json()["detail"]) == (403, "you accepted this claim; a second person must too")
    assert desk.operator.get(f"/products/{desk.product}").json()["badges"] == []
    assert desk.operator.client.get(f"/api/v1/badges/{claim}").status_code == 404

    assert desk.decide(desk.vito, claim, "accepted").json()["state"] == "accepted"
    [badge] = desk.operator.get(f"/products/{desk.product}").json()["badges"]
    assert (badge["standard"], badge["id"]) == ("wcag", claim)


def test_the_second_person_may_return_it_and_then_both_look_again(desk: Desk) -> None:
    claim = desk.claim(**WCAG)
    desk.decide(desk.vera, claim, "accepted")

    assert desk.decide(desk.vito, claim, "returned", "Page three was not tested").json()["state"] == "returned"
    desk.edda.put(f"/badge-claims/{claim}", WCAG)
    assert desk.decide(desk.vito, claim, "accepted").json()["state"] == "checked"
    assert desk.decide(desk.vera, claim, "accepted").json()["state"] == "accepted"


def test_a_check_that_fails_suspends_the_badge_and_one_that_passes_lets_it_hold_again(desk: Desk) -> None:
    claim = desk.claim()
    desk.decide(desk.vera, claim, "accepted")
    path, shown = f"/badge-claims/{claim}/recheck", f"/suppliers/{desk.supplier}"

    assert desk.vera.post(path, {"holds": False}).status_code == 400
    failed = desk.vera.post(path, {"holds": False, "reasons": ["The register does not list it"]}).json()
    assert (failed["state"], failed["badge"]["standing"]) == ("suspended", "suspended")
    page = desk.operator.get(shown).json()
    assert (page["badges"], [badge["standing"] for badge in page["past_badges"]]) == ([], ["suspended"])

    assert desk.vito.post(path, {"holds": True}).json()["state"] == "accepted"
    assert [badge["id"] for badge in desk.operator.get(shown).json()["badges"]] == [claim]
    assert desk.vito.post(path, {"holds": True}).json()["state"] == "accepted"
    history = desk.operator.client.get(f"/api/v1/badges/{claim}").json()["history"]
    assert [turn["state"] for turn in history] == ["accepted", "suspended", "accepted"]
    assert desk.decide(desk.vera, claim, "revoked", "Withdrawn by IASME").json()["state"] == "revoked"
    assert desk.vera.post(path, {"holds": True}).status_code == 409


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("certificate.png", PDF, "is of no type we take, or its content is not what its name says"),
        ("certificate.pdf", b"<html><script>alert(1)</script>", "is of no type"),
        ("certificate.pdf", b"", "is empty"),
        ("setup.exe", b"MZ\x90", "is of no type"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_and_nothing_is_kept(
    desk: Desk, house: House, name: str, content: bytes, problem: str
) -> None:
    claim = desk.claim()
    stored = everything(house.db)

    answer = send_file(desk.edda, claim, name, content)

    assert answer.status_code == 400
    assert problem in answer.json()["errors"][0]["detail"]
    assert everything(house.db) == stored


def test_a_file_that_is_too_large_is_refused(desk: Desk, house: House) -> None:
    answer = send_file(desk.edda, desk.claim(), content=PDF + b"x" * (10 * 1024 * 1024 + 200_000))

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


def test_a_form_without_a_file_is_told_so(desk: Desk) -> None:
    claim = desk.claim()
    address = f"/api/v1/badge-claims/{claim}/evidence/files"

    for sent in ({"data": {"note": "x"}}, {"files": {"other": ("a.pdf", PDF)}}, {"files": {"file": (None, "text")}}):
        answer = desk.edda.client.post(address, headers=desk.edda.headers, **sent)  # type: ignore[arg-type]
        assert answer.status_code == 400, answer.text


def test_no_more_than_twenty_pieces_of_evidence(desk: Desk) -> None:
    claim = desk.claim()
    for number in range(20):
        desk.edda.made(f"/badge-claims/{claim}/evidence", {"kind": "statement", "note": f"Point {number}"})

    assert desk.edda.post(f"/badge-claims/{claim}/evidence", {"kind": "statement", "note": "x"}).status_code == 409


def test_two_verifiers_at_the_same_moment_take_a_claim_once_and_accept_it_once(desk: Desk, house: House) -> None:
    claim = desk.claim()

    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(lambda who: who.post(f"/badge-claims/{claim}/take").status_code, [desk.vera, desk.vito] * 4)
        )
    assert sorted(taken) == [200, *[409] * 7]
    who = next(one for one in (desk.vera, desk.vito) if one.post(f"/badge-claims/{claim}/release").status_code == 200)
    with ThreadPoolExecutor(8) as pool:
        decided = list(pool.map(lambda _: desk.decide(who, claim, "accepted").status_code, range(8)))
    assert sorted(decided) == [200, *[409] * 7]
    house.relay.drain()
    assert len(desk.operator.client.get(f"/api/v1/badges/{claim}").json()["history"]) == 1


def test_ten_claims_accepted_at_once_get_ten_places_in_the_status_list(desk: Desk) -> None:
    claims = [desk.claim(**{**LTI, "certificate_reference": f"IMS{number}"}) for number in range(10)]

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda claim: desk.decide(desk.vera, claim, "accepted").status_code, claims))

    assert codes == [200] * 10
    badges = [desk.operator.client.get(f"/api/v1/badges/{claim}").json() for claim in claims]
    assert len({(badge["status_list"], badge["status_index"]) for badge in badges}) == 10


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for method, path in (
        ("GET", f"/badges/{uuid4()}"),
        ("GET", f"/badges/{uuid4()}/credential"),
        ("GET", f"/badges/{uuid4()}/image.svg"),
        ("GET", f"/badge-claims/{uuid4()}"),
        ("GET", "/badge-status/revocation/1"),
        ("GET", f"/products/{uuid4()}/badges"),
        ("GET", f"/suppliers/{uuid4()}/badges"),
        ("GET", f"/conformance-runs/{uuid4()}"),
        ("POST", f"/badge-claims/{uuid4()}/take"),
    ):
        answer = desk.vera.client.request(method, f"/api/v1{path}", headers=desk.vera.headers)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), path


def test_accepted_claims_of_before_have_a_badge_on_demand(desk: Desk, house: House) -> None:
    claim = accepted(desk.operator, f"/suppliers/{desk.supplier}")
    assert desk.operator.client.get(f"/api/v1/badges/{claim}/credential").status_code == 200


def test_mending_a_claim_that_we_tested_does_not_change_what_was_tested(desk: Desk) -> None:
    tested = {**LTI, "level": "tested_by_us", "certificate_reference": ""}
    claim = str(desk.operator.made(f"/products/{desk.product}/badge-claims", tested)["id"])
    desk.decide(desk.vera, claim, "returned", "Say which edition")

    for change, field in (({"role": "Platform"}, "/role"), ({"issued_on": "2026-01-01"}, "/issued_on")):
        answer = desk.edda.put(f"/badge-claims/{claim}", {**tested, **change})
        assert (answer.status_code, field in [error["pointer"] for error in answer.json()["errors"]]) == (400, True)
    assert desk.edda.put(f"/badge-claims/{claim}", {**tested, "scope": "The web edition"}).status_code == 200


def test_tokens_without_a_person_do_not_count_as_two_people(desk: Desk, house: House) -> None:
    claim = desk.claim(**WCAG)

    answer = desk.decide(desk.operator, claim, "accepted")

    assert (answer.status_code, "a person's own token" in answer.json()["detail"]) == (403, True)
    assert desk.state(claim) == "claimed"


def test_a_day_beyond_the_calendar_is_told_and_no_error_of_ours(desk: Desk) -> None:
    body = {**CYBER, "issued_on": "9999-12-31", "expires_on": None}

    answer = desk.edda.post(f"/suppliers/{desk.supplier}/badge-claims", body)

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (400, ["/issued_on"])
