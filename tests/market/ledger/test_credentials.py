"""Every badge is a signed Open Badges 3.0 credential that others can check without asking us."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest
import time_machine
from click.testing import CliRunner
from tests.support.api import Api, token_for
from tests.support.badges import CYBER, LTI, accepted, send_file
from tests.support.node import ask_node

from becta.compliance.badges.credentials import CONTEXTS
from becta.compliance.openbadges.contexts import bundled_contexts
from becta.compliance.openbadges.data_integrity import sign_credential
from becta.compliance.openbadges.did import did_key, method_id
from becta.compliance.openbadges.keys import SigningKey
from becta.compliance.openbadges.vc_jwt import sign_jwt
from becta.kernel import clock
from becta.kernel.actor import system
from becta.market.api.ledger import judge
from becta.market.bench.serving import serving
from becta.market.ledger.keys import give_up_key, rotate_key
from becta.market.settings import Settings, settings
from becta.market.wiring import House, build

ROOT = "/api/v1"
EARLIER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@contextmanager
def served_house(folder: Path) -> Iterator[tuple[str, Api]]:
    """A real server of a house of its own on loopback: its address, and its API as the operator."""
    house = build(Settings(data_dir=folder / "served"))
    house.db.migrate()
    token = token_for(house.db, None)
    house.close()
    with serving(folder / "served") as port:
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=address, timeout=30) as client:
            yield address, Api(client, token)  # type: ignore[arg-type]


def signed_by_itself() -> Any:
    """A badge of an issuer that is its own key, so that nobody need be asked."""
    key = SigningKey.generate()
    issuer = did_key(key.public)
    unsigned = {
        "@context": list(CONTEXTS),
        "id": "urn:uuid:0192f0c4-0000-7000-8000-000000000001",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Tidy desk",
        "issuer": {"id": issuer, "type": ["Profile"], "name": "Somebody"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2098-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "https://desk.example/1",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://desk.example/tidy",
                "type": ["Achievement"],
                "name": "Tidy desk",
                "description": "A desk that is tidy.",
                "criteria": {"narrative": "Nothing lies about."},
            },
        },
    }
    return sign_credential(unsigned, key, method=f"{issuer}#{key.public.multibase}", created=clock.now())


class Issuer:
    """A marketplace with badges, seen from outside."""

    def __init__(self, house: House, api: Api) -> None:
        self.house, self.api = house, api
        self.supplier = api.supplier()
        self.product = api.published(self.supplier)

    def badge(self, **claim: Any) -> str:
        holder = f"/products/{self.product}" if claim.get("standard") == "lti" else f"/suppliers/{self.supplier}"
        made = accepted(self.api, holder, **claim)
        self.house.relay.drain()
        return made

    def get(self, path: str) -> Any:
        return self.api.client.get(f"{ROOT}{path}")

    def verdict(self, document: bytes | str, **params: str) -> Any:
        answer = self.api.client.post(f"{ROOT}/badges/verify", content=document, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def problems(self, document: bytes | str, **params: str) -> list[str]:
        return [problem["check"] for problem in self.verdict(document, **params)["problems"]]


@pytest.fixture
def issuer(house: House, api: Api) -> Issuer:
    return Issuer(house, api)


def test_digital_bazaars_libraries_hold_the_credential_to_be_ours_and_a_changed_one_not(issuer: Issuer) -> None:
    credential = issuer.get(f"/badges/{issuer.badge()}/credential").json()
    did = issuer.api.client.get("/.well-known/did.json").json()
    method = next(
        entry for entry in did["verificationMethod"] if entry["id"] == credential["proof"]["verificationMethod"]
    )
    documents = {**bundled_contexts(), did["id"]: did, method["id"]: {"@context": did["@context"][1], **method}}
    asked = {"do": "verify", "documents": documents, "now": clock.now().isoformat()}

    assert ask_node({**asked, "credential": credential}) == {"verified": True, "error": None}
    forged = {**credential, "validUntil": "2099-01-01T00:00:00Z"}
    assert ask_node({**asked, "credential": forged})["verified"] is False


def test_pyjwt_holds_the_jwt_to_be_ours_by_our_key_set_and_a_changed_one_not(issuer: Issuer) -> None:
    token = issuer.get(f"/badges/{issuer.badge()}/credential.jwt").text
    keys = jwt.PyJWKSet.from_dict(issuer.api.client.get("/.well-known/jwks.json").json())
    kid = jwt.get_unverified_header(token)["kid"]

    claims = jwt.decode(token, keys[kid].key, algorithms=["EdDSA"])
    assert (claims["iss"], claims["sub"]) == (
        issuer.house.ledger.did,
        f"{issuer.house.ledger.origin}/suppliers/{issuer.supplier}",
    )
    assert claims["nbf"] == int(
        clock.start_of_day(clock.london_date(datetime.fromisoformat(claims["validFrom"]))).timestamp()
    )
    head, body, signature = token.split(".")
    forged = json.loads(base64.urlsafe_b64decode(body + "==")) | {"validUntil": "2099-01-01T00:00:00Z"}
    changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{head}.{changed}.{signature}", keys[kid].key, algorithms=["EdDSA"])


def test_the_credential_says_whose_it_is_its_scope_and_proves_its_evidence_by_hash(issuer: Issuer) -> None:
    made = issuer.api.made(f"/products/{issuer.product}/badge-claims", {**LTI, "scope": "The web edition"})
    file = send_file(issuer.api, made["id"]).json()
    issuer.api.post(f"/badge-claims/{made['id']}/decision", {"decision": "accepted"})

    credential = issuer.get(f"/badges/{made['id']}/credential").json()

    assert credential["credentialSubject"]["id"].endswith(f"/products/{issuer.product}")
    assert credential["credentialSubject"]["role"] == "Tool"
    assert credential["credentialSubject"]["achievement"]["name"] == "LTI 1.3, role Tool"
    assert "Larch Chromebook 11 of Larch Technology" in credential["description"]
    assert credential["description"].endswith("Scope: The web edition")
    record = issuer.get(f"/badges/{made['id']}/evidence-record").content
    [related] = credential["relatedResource"]
    assert related["digestSRI"] == f"sha256-{base64.b64encode(sha256(record).digest()).decode()}"
    assert json.loads(record)["evidence"][0]["file_sha256"] == file["file_sha256"]
    assert issuer.get(f"/badges/{made['id']}").json()["evidence_sha256"] == sha256(record).hexdigest()


def test_all_four_forms_verify_and_none_does_once_the_badge_is_suspended_or_withdrawn(issuer: Issuer) -> None:
    badge = issuer.badge()
    forms = {
        form: issuer.get(f"/badges/{badge}/{form}").content
        for form in ("credential", "credential.jwt", "image.svg", "image.png")
    }
    assert {form: issuer.verdict(held)["form"] for form, held in forms.items()} == {
        "credential": "json",
        "credential.jwt": "jwt",
        "image.svg": "svg",
        "image.png": "png",
    }
    assert {form: issuer.problems(held) for form, held in forms.items()} == {form: [] for form in forms}

    issuer.api.post(f"/badge-claims/{badge}/recheck", {"holds": False, "reasons": ["Not in the register"]})
    assert {form: issuer.problems(held) for form, held in forms.items()} == {form: ["status"] for form in forms}
    issuer.api.post(f"/badge-claims/{badge}/recheck", {"holds": True})
    assert issuer.problems(forms["credential"]) == []
    issuer.api.post(f"/badge-claims/{badge}/decision", {"decision": "revoked", "reasons": ["Withdrawn by IASME"]})
    told = issuer.verdict(forms["credential.jwt"])["problems"]
    assert [problem["check"] for problem in told] == ["status"]
    assert "revoked" in told[0]["message"]
    assert "NO LONGER VALID: withdrawn" in issuer.get(f"/badges/{badge}/image.svg").text


def test_a_credential_is_judged_as_of_the_day_asked_for_by_the_status_of_that_day(issuer: Issuer) -> None:
    with time_machine.travel(EARLIER, tick=False) as traveller:
        badge = issuer.badge(issued_on="2026-03-01", expires_on="2027-03-01")
        credential = issuer.get(f"/badges/{badge}/credential").content
        traveller.move_to(EARLIER + timedelta(days=100))
        issuer.api.post(f"/badge-claims/{badge}/decision", {"decision": "revoked", "reasons": ["Withdrawn"]})
        traveller.move_to(EARLIER + timedelta(days=200))

        assert issuer.problems(credential, at="2026-05-01") == []
        assert issuer.problems(credential, at="2026-02-01T00:00:00Z") == ["not_yet_valid"]
        assert issuer.problems(credential) == ["status"]
        assert issuer.problems(credential, at="2027-03-01") == ["status", "expired"]


@pytest.mark.parametrize("given", ["yesterday", "2026-13-01", "2026-05-01T09:30:00", ""])
def test_an_instant_that_is_none_is_named_with_its_mend(issuer: Issuer, given: str) -> None:
    for path, field in (
        (f"/products/{issuer.product}/badges", "as_of"),
        (f"/suppliers/{issuer.supplier}/badges", "as_of"),
    ):
        answer = issuer.api.client.get(ROOT + path, params={field: given})
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, field)
    answer = issuer.api.client.post(f"{ROOT}/badges/verify", content=b"{}", params={"at": given})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "document",
    [b"{", b"[]", b"null", b"\xff\xfe", b"a.b.c", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"{}" * 100, b"9" * 10_000],
)
def test_whatever_is_no_credential_is_told_so(issuer: Issuer, document: bytes) -> None:
    verdict = issuer.verdict(document)

    assert verdict["valid"] is False
    assert verdict["problems"]


def test_nothing_and_too_much_are_refused(issuer: Issuer) -> None:
    client = issuer.api.client

    assert client.post(f"{ROOT}/badges/verify", content=b" ").status_code == 400
    assert client.post(f"{ROOT}/badges/verify", content=b"x" * 4_000_001).status_code == 413


def test_which_badges_a_product_held_on_the_day_of_an_order_with_the_hash_of_the_evidence(issuer: Issuer) -> None:
    with time_machine.travel(EARLIER, tick=False) as traveller:
        cyber = issuer.badge(issued_on="2026-03-01", expires_on="2027-03-01")
        traveller.shift(timedelta(days=30))
        lti = issuer.badge(**{**LTI, "issued_on": "2026-04-01", "expires_on": "2027-04-01"})
        traveller.shift(timedelta(days=30))
        reasons = ["The tool no longer launches"]
        issuer.api.post(f"/badge-claims/{lti}/recheck", {"holds": False, "reasons": reasons})
        traveller.shift(timedelta(days=10))
        issuer.api.post(f"/badge-claims/{lti}/recheck", {"holds": True})
        traveller.shift(timedelta(days=700))

        def held(as_of: str, holder: str = f"products/{issuer.product}") -> set[str]:
            return {item["id"] for item in issuer.get(f"/{holder}/badges?as_of={as_of}").json()["items"]}

        assert held("2026-03-01") == set()  # accepted on the day after
        assert held("2026-03-02") == {cyber}
        assert held("2026-03-02T11:59:59Z") == set()
        assert held("2026-03-02T12:00:00Z") == {cyber}
        assert held("2026-04-15") == {cyber, lti}
        assert held("2026-05-01T12:00:00Z") == {cyber}  # suspended at that second
        assert held("2026-05-01") == {cyber, lti}  # held in the morning
        assert held("2026-05-05") == {cyber}
        assert held("2026-05-12") == {cyber, lti}
        assert held("2027-02-28T23:59:59Z") == {cyber, lti}
        assert held("2027-03-01T00:00:00Z") == {lti}
        assert held("2027-04-01") == set()
        assert held("2026-04-15", f"suppliers/{issuer.supplier}") == {cyber}
        [item] = issuer.get(f"/products/{issuer.product}/badges?as_of=2026-03-02").json()["items"]
        assert item["evidence_sha256"] == issuer.get(f"/badges/{cyber}").json()["evidence_sha256"]


def test_a_new_key_signs_from_now_on_and_what_the_old_one_signed_goes_on_holding(issuer: Issuer) -> None:
    before = issuer.get(f"/badges/{issuer.badge()}/credential").content
    with issuer.house.db.write() as session:
        made = rotate_key(session, system("test"), issuer.house.ledger.ring, now=clock.now())

    after = issuer.get(f"/badges/{issuer.badge(**LTI)}/credential").content
    assert json.loads(after)["proof"]["verificationMethod"].endswith(made.id)
    assert (issuer.problems(before), issuer.problems(after)) == ([], [])
    methods = issuer.api.client.get("/.well-known/did.json").json()["assertionMethod"]
    assert json.loads(before)["proof"]["verificationMethod"] in methods
    assert len(methods) == 2


def test_what_a_compromised_key_signed_proves_nothing_and_is_signed_again(issuer: Issuer) -> None:
    badge = issuer.badge()
    stolen = issuer.get(f"/badges/{badge}/credential").content
    token = issuer.get(f"/badges/{badge}/credential.jwt").content
    key = json.loads(stolen)["proof"]["verificationMethod"].partition("#")[2]
    ring = issuer.house.ledger.ring
    with issuer.house.db.write() as session:
        assert give_up_key(session, system("test"), ring, key, "A backup was stolen", now=clock.now()) == 1

    assert (issuer.problems(stolen), issuer.problems(token)) == (["proof"], ["proof"])
    assert issuer.house.ledger.catch_up() == 1
    assert issuer.problems(issuer.get(f"/badges/{badge}/credential").content) == []
    assert key not in issuer.api.client.get("/.well-known/did.json").text


def test_a_credential_in_our_name_signed_by_a_strangers_key_is_refused(issuer: Issuer) -> None:

    genuine = issuer.get(f"/badges/{issuer.badge()}/credential").json()
    genuine.pop("proof")
    key, did = SigningKey.generate(), issuer.house.ledger.did
    method = method_id(did, key.public)
    forged = sign_credential(genuine, key, method=method, created=clock.now())

    assert issuer.problems(json.dumps(forged)) == ["proof"]
    assert issuer.problems(sign_jwt(genuine, key, kid=method)) == ["proof"]
    own = sign_credential(
        genuine, key, method=f"did:key:{key.public.multibase}#{key.public.multibase}", created=clock.now()
    )
    assert issuer.problems(json.dumps(own)) == ["proof"]


def test_a_killed_or_late_relay_signs_each_badge_once_whoever_asks_first(issuer: Issuer) -> None:
    made = issuer.api.made(f"/suppliers/{issuer.supplier}/badge-claims", CYBER)
    issuer.api.post(f"/badge-claims/{made['id']}/decision", {"decision": "accepted"})

    first = issuer.get(f"/badges/{made['id']}/credential").content  # before the relay came to it
    issuer.house.relay.drain()
    issuer.house.ledger.signed(UUID(made["id"]))
    assert issuer.get(f"/badges/{made['id']}/credential").content == first
    assert issuer.house.ledger.catch_up() == 0


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Runs `market badge verify` at a house of one's own that is not there, unless another one is named."""
    from becta.market.cli.badge import badge as command  # noqa: PLC0415

    monkeypatch.setenv("DATA_DIR", str(tmp_path / "nowhere"))
    settings.cache_clear()

    def verified(*words: object) -> Any:
        settings.cache_clear()
        answer = CliRunner().invoke(command, ["verify", *map(str, words), "--json"])
        return answer.exit_code, json.loads(answer.stdout) if answer.stdout.startswith("{") else answer.output

    yield verified
    settings.cache_clear()
    assert not (tmp_path / "nowhere").exists()


def checks(told: Any, name: str = "problems") -> list[str]:
    return [found["check"] for found in told[name]]


def test_the_command_line_verifies_files_and_tells_json_and_exit_codes(run: Callable[..., Any], tmp_path: Path) -> None:
    credential = signed_by_itself()
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(credential))
    bad.write_text(json.dumps({**credential, "name": "Something else"}))

    code, told = run(good)
    assert (code, told["valid"], told["problems"], told["warnings"]) == (0, True, [], [])
    code, told = run(bad)
    assert (code, told["valid"], checks(told)) == (1, False, ["proof"])
    code, told = run(good, "--at", "2099-01-01")
    assert (code, checks(told), "expired" in told["problems"][0]["message"]) == (1, ["expired"], True)
    for missing in (tmp_path / "none.json", tmp_path, "http://127.0.0.1:9/badge", "HTTPS://[", "http://x:99999/"):
        code, told = run(missing)
        assert (code, told["valid"], checks(told)) == (1, False, ["source"]), missing
    assert run(good, "--at", "soon")[0] == 2


def test_the_command_line_has_the_keys_and_lists_of_its_own_house_at_hand(
    issuer: Issuer, run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    badge, file = issuer.badge(), tmp_path / "badge.json"
    file.write_bytes(issuer.get(f"/badges/{badge}/credential").content)

    code, told = run(file)
    assert (code, checks(told)) == (1, ["proof"])  # a stranger cannot tell whose key it is
    monkeypatch.setenv("DATABASE_URL", issuer.house.db.url)
    assert run(file)[0] == 0
    issuer.api.post(f"/badge-claims/{badge}/decision", {"decision": "revoked", "reasons": ["Withdrawn"]})
    code, told = run(file)
    assert (code, checks(told)) == (1, ["status"])


def test_the_command_line_asks_an_issuer_on_this_machine_for_its_keys_and_lists(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    with served_house(tmp_path) as (address, supplier_api):
        supplier = supplier_api.supplier()
        badge = accepted(supplier_api, f"/suppliers/{supplier}")
        url = f"{address}/api/v1/badges/{badge}/credential"
        file = tmp_path / "badge.json"
        file.write_bytes(httpx.get(url).content)

        assert [
            run(source)[0] for source in (url, f"{url}.jwt", f"{address}/api/v1/badges/{badge}/image.svg", file)
        ] == [
            0,
            0,
            0,
            0,
        ]
        revoked = {"decision": "revoked", "reasons": ["Withdrawn"]}
        assert supplier_api.post(f"/badge-claims/{badge}/decision", revoked).status_code == 200
        assert [checks(run(source)[1]) for source in (url, file)] == [["status"], ["status"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_house_at_another_address_does_not_take_our_badge_for_its_own(
    issuer: Issuer, tmp_path: Any, sqlite_template: Any
) -> None:
    credential = issuer.get(f"/badges/{issuer.badge()}/credential").content
    other = build(Settings(data_dir=tmp_path / "other", public_url="https://other.example"))
    other.db.migrate()
    verdict = judge(other.ledger, credential, clock.now())

    assert other.ledger.did == "did:web:other.example"
    assert [problem.check for problem in verdict.problems] == ["proof"]
    assert "DID document" in verdict.problems[0].message
    other.close()
