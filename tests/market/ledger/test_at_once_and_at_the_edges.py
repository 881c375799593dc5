"""The ledger under several hands at once, and with the oddest of questions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlmodel import Session
from tests.support.api import ROOT, Api
from tests.support.badges import CYBER, LTI, PDF, accepted, editor, send_file

from becta.compliance.badges.bulk import DecidedClaim, store_claims
from becta.compliance.badges.models import Badge, BadgeKey
from becta.compliance.badges.rules import BadgeClaim, ClaimState
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.actor import system
from becta.kernel.errors import Conflict
from becta.market.ledger import notices
from becta.market.ledger.keys import give_up_key
from becta.market.ledger.notices import give_notices
from becta.market.wiring import House

TODAY = clock.london_date(clock.now())


def bulk(session: Session, supplier_id: UUID, **changes: Any) -> None:
    """An accepted claim that never came through the API, as a demonstration's."""
    claim = msgspec.convert({**CYBER, **changes}, BadgeClaim)
    decided = DecidedClaim(holder=Holder.SUPPLIER, holder_id=supplier_id, claim=claim, state=ClaimState.ACCEPTED)
    store_claims(session, [decided], system("test"), now=clock.now())


def test_many_first_readers_of_a_badge_loaded_in_bulk_all_get_the_same_credential(house: House, api: Api) -> None:
    supplier = api.supplier()
    with house.db.write() as session:
        bulk(session, supplier)
    [badge] = api.get(f"/suppliers/{supplier}").json()["badges"]
    address = f"{ROOT}/badges/{badge['id']}/credential"

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: api.client.get(address), range(24)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(api.client.get(f"{ROOT}/badges/{badge['id']}").json()["history"]) == 1


def test_a_key_given_up_while_it_signs_signs_nothing(house: House, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = UUID(accepted(api, f"/suppliers/{api.supplier()}"))
    house.ledger.jwks()
    sign = house.ledger._sign

    def given_up_meanwhile(unsigned: Any, key: Any, **given: Any) -> Any:
        made = sign(unsigned, key, **given)
        with house.db.write() as session:
            give_up_key(session, system("test"), house.ledger.ring, key.public.multibase, "Stolen", now=clock.now())
        return made

    monkeypatch.setattr(house.ledger, "_sign", given_up_meanwhile)
    with pytest.raises(Conflict, match="given up while it signed"):
        house.ledger.signed(claim)
    monkeypatch.undo()

    assert house.ledger.catch_up() == 1
    with house.db.read() as session:
        kept = session.get_one(Badge, claim)
        assert kept.key_id is not None
        assert session.get_one(BadgeKey, kept.key_id).compromised_at is None


def test_one_badge_that_cannot_be_signed_holds_up_no_other(
    house: House, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (UUID(accepted(api, f"/suppliers/{api.supplier(reference)}")) for reference in ("larch", "rowan"))
    unsigned = house.ledger._unsigned
    monkeypatch.setattr(
        house.ledger, "_unsigned", lambda session, claim: 1 / 0 if claim == first else unsigned(session, claim)
    )

    assert house.ledger.catch_up() == 2
    with house.db.read() as session:
        assert session.get_one(Badge, first).credential is None
        assert session.get_one(Badge, second).credential is not None


def test_more_notices_than_are_given_at_once_are_all_given_in_turn(
    house: House, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {"issued_on": str(TODAY - timedelta(days=340)), "expires_on": str(TODAY + timedelta(days=20))}
    for number in range(5):
        accepted(api, f"/suppliers/{api.supplier(f'supplier-{number}')}", **ends)
    monkeypatch.setattr(notices, "AT_ONCE", 2)

    assert [give_notices(house.db, now=clock.now()) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.parametrize(
    ("_case", "later", "told"),
    [
        ("renewed", {}, 0),
        ("a weaker proof", {"level": "self_declared", "certificate_reference": ""}, 1),
        ("another role", {"role": "Platform"}, 1),
        ("begins only after a gap", {"issued_on": str(TODAY + timedelta(days=40))}, 1),
        ("another version", {"standard": "oneroster", "standard_version": "1.2", "role": "Provider"}, 1),
    ],
)
def test_only_a_badge_that_proves_as_much_silences_the_end_of_another(
    house: House, api: Api, _case: str, later: dict[str, str], told: int
) -> None:
    product = api.published(api.supplier())
    kind = {**LTI, "standard": "oneroster", "standard_version": "1.1", "role": "Provider"}
    claim = kind if later.get("standard") == "oneroster" else LTI
    ends = {"issued_on": str(TODAY - timedelta(days=340)), "expires_on": str(TODAY + timedelta(days=20))}
    accepted(api, f"/products/{product}", **{**claim, **ends})
    renewed = {"issued_on": str(TODAY - timedelta(days=1)), **later}
    renewed["expires_on"] = str(clock.add_months(TODAY, 11))
    accepted(api, f"/products/{product}", **{**claim, **renewed})

    assert give_notices(house.db, now=clock.now()) == told


def test_a_cyber_essentials_renewed_under_the_next_question_set_is_renewed(house: House, api: Api) -> None:
    holder = f"/suppliers/{api.supplier()}"
    ends = {"issued_on": str(TODAY - timedelta(days=340)), "expires_on": str(TODAY + timedelta(days=20))}
    accepted(api, holder, **ends)
    accepted(
        api,
        holder,
        standard_version="Danzell",
        issued_on=str(TODAY - timedelta(days=1)),
        expires_on=str(clock.add_months(TODAY, 11)),
    )

    assert give_notices(house.db, now=clock.now()) == 0


@pytest.mark.parametrize(
    ("days", "answer", "words"),
    [(-10, 409, "ended on"), (100, 409, "before the badge"), (400, 200, "")],
)
def test_a_badge_does_not_outlast_a_certificate_it_rests_on(api: Api, days: int, answer: int, words: str) -> None:
    claim = api.made(f"/suppliers/{api.supplier()}/badge-claims", CYBER)
    certificate = {
        "kind": "certificate_number",
        "certificate_number": "CE-1",
        "expires_on": str(TODAY + timedelta(days=days)),
    }
    api.made(f"/badge-claims/{claim['id']}/evidence", certificate)

    told = api.post(f"/badge-claims/{claim['id']}/decision", {"decision": "accepted"})

    assert (told.status_code, words in told.text) == (answer, True)


@pytest.mark.parametrize("number", ["0", "1000001", "9223372036854775808", "99999999999999999999999"])
def test_a_status_list_of_any_number_there_is_not_is_not_found(api: Api, number: str) -> None:
    assert api.client.get(f"{ROOT}/badge-status/revocation/{number}").status_code == 404


@pytest.mark.parametrize(
    "given",
    ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "\x00", "٢٠٢٦-٠٥-٠١"],
)
def test_days_and_instants_beyond_the_calendar_are_told_so(api: Api, given: str) -> None:
    product = api.published(api.supplier())

    for method, path, field in (
        ("GET", f"/products/{product}/badges", "as_of"),
        ("POST", "/badges/verify", "at"),
    ):
        answer = api.client.request(method, ROOT + path, params={field: given}, content=b"{}")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid"), answer.text


def test_a_form_in_an_encoding_nobody_knows_is_told_so(house: House, api: Api) -> None:
    claim = api.made(f"/suppliers/{api.supplier()}/badge-claims", CYBER)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="note"\r\nContent-Type: text/plain; charset=utf-99\r\n\r\na\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="c.pdf"\r\n\r\n' + PDF + b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    address = f"{ROOT}/badge-claims/{claim['id']}/evidence/files"

    assert api.client.post(address, content=body, headers={**api.headers, **kind}).status_code == 400
    assert api.client.post("/verify", content=body, headers=kind).status_code == 403


@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1.pdf", "a/b.pdf", "..\\b.pdf", "a\x00.pdf", "\u202efdp.exe.pdf"])
def test_a_file_with_an_odd_name_is_refused(api: Api, name: str) -> None:
    claim = api.made(f"/suppliers/{api.supplier()}/badge-claims", CYBER)

    answer = send_file(api, claim["id"], name)

    assert answer.status_code in {400, 201}
    if answer.status_code == 201:  # the client or the framework has made it plain
        assert answer.json()["file_name"].isprintable()
        assert "/" not in answer.json()["file_name"]


@pytest.mark.parametrize(
    "url",
    ["https://x y<script>", "http://[", "https://", "https://x.example/a\nb", "ftp://x.example", "https://x.example/é"],
)
def test_an_address_that_is_none_is_signed_into_no_credential(api: Api, url: str) -> None:
    supplier = api.supplier()

    answer = api.post(f"/suppliers/{supplier}/badge-claims", {**CYBER, "evidence_url": url})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/evidence_url")


def test_whoever_brings_no_token_is_told_so_before_a_body_is_taken(api: Api) -> None:
    product, claim = api.published(api.supplier()), accepted(api, f"/suppliers/{api.supplier('rowan')}")
    too_large = {"file": ("p.zip", b"x" * 70_000_000)}

    for path in (f"/products/{product}/conformance-runs", f"/badge-claims/{claim}/evidence/files"):
        assert api.client.post(ROOT + path, files=too_large).status_code == 401


def test_a_run_of_a_draft_tells_nobody_what_it_will_be_called(
    house: House, api: Api, supplier_api: Callable[[UUID], Api]
) -> None:
    supplier = api.supplier()
    draft = api.draft(supplier, "secret", "software", title="Unannounced Product X")
    edda = editor(house, api, supplier)

    asked = api.client.post(
        f"{ROOT}/products/{draft}/conformance-runs",
        files={"file": ("p.zip", b"PK")},
        data={"runner": "scorm-1.2", "product_version": "1", "synthetic": "true"},
        headers=edda.headers,
    )

    page = api.client.get(f"/conformance/{asked.json()['id']}")
    assert (page.status_code, "Unannounced" in page.text) == (200, False)
    assert "Unannounced" not in api.client.get(asked.headers["location"]).text
