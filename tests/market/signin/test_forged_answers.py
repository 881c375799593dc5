"""What an issuer, or somebody who poses as one, may not get away with: each forged answer signs in nobody."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlmodel import select
from structlog.testing import capture_logs
from tests.market.signin.conftest import ORIGIN, Build, Town, issuer_of
from tests.support.apps import client_over
from tests.support.browser import Browser
from tests.support.issuers import CLIENT, LoopbackIssuer, query_of, serving, unsigned
from tests.support.people import person
from tests.support.watching import everything

from becta.kernel import clock
from becta.market.accounts.models import Identity, Person
from becta.market.settings import Settings
from becta.market.signin.fetching import LARGEST_ANSWER
from becta.market.signin.id_tokens import keys_of, pick_key
from becta.market.signin.models import BrowserSession
from becta.market.wiring import build

CALLBACK = "/sign-in/with/loopback/callback"
Bend = Callable[[LoopbackIssuer], None]


@pytest.fixture
def town(opened: Build, issuer: LoopbackIssuer) -> Town:
    return opened(issuers=(issuer_of(issuer),))


def away(browser: Browser, next_path: str = "/account") -> str:
    """Go to the issuer; returns the address there."""
    answer = browser.get(f"/sign-in/with/loopback?next={next_path}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(browser: Browser, answer: dict[str, str], slug: str = "loopback") -> Any:
    """Come back from the issuer with an answer."""
    query = "&".join(f"{name}={value}" for name, value in answer.items())
    return browser.get(f"/sign-in/with/{slug}/callback?{query}")


def counted(town: Town) -> tuple[int, int, int]:
    """People, identities and sessions."""
    with town.db.read() as session:
        return tuple(len(session.exec(select(kind)).all()) for kind in (Person, Identity, BrowserSession))  # type: ignore[return-value]


def refused(town: Town, browser: Browser, answer: dict[str, str], reason: str, **where: str) -> None:
    """An answer signs in nobody; the page does not say why, the log does."""
    before = counted(town)
    with capture_logs() as logs:
        page = back(browser, answer, **where)

    assert page.status_code in {400, 503}
    assert "Sign-in did not work" in page.text
    assert "session" not in browser.cookies
    assert counted(town) == before
    assert [entry["reason"] for entry in logs if "reason" in entry] == [reason]
    assert reason not in page.text


def claimed(**changes: Any) -> Bend:
    def bend(issuer: LoopbackIssuer) -> None:
        issuer.change = lambda claims: {
            name: value for name, value in {**claims, **changes}.items() if value is not ...
        }

    return bend


def minted(mint: Callable[[LoopbackIssuer, dict[str, Any]], str]) -> Bend:
    def bend(issuer: LoopbackIssuer) -> None:
        issuer.mint = lambda claims: mint(issuer, claims)

    return bend


def by_another_key(kid: str) -> Bend:
    key = RSAKey.generate_key(2048, private=True)
    return minted(lambda _, claims: jwt.encode({"alg": "RS256", "kid": kid}, claims, key, algorithms=["RS256"]))


def with_the_public_key_as_secret(issuer: LoopbackIssuer, claims: dict[str, Any]) -> str:
    """The classic confusion: the public key, which everybody has, as the secret of HS256."""
    public = issuer.key.public_key.public_bytes(  # type: ignore[union-attr]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = OctKey.import_key(base64.urlsafe_b64encode(public))
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key, algorithms=["HS256"])


def tampered(issuer: LoopbackIssuer, claims: dict[str, Any]) -> str:
    header, _, signature = issuer.signed(claims).split(".")
    payload = json.dumps({**claims, "sub": "somebody else"}).encode()
    return f"{header}.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.{signature}"


def its_own_key_inside(_issuer: LoopbackIssuer, claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    header = {"alg": "RS256", "kid": "one", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key, algorithms=["RS256"])


NOW = 1_795_424_400
FORGERIES: dict[str, tuple[Bend, str]] = {
    "wrong issuer": (claimed(iss="https://evil.example"), "the identity token is of another issuer"),
    "issuer with a slash more": (
        lambda issuer: claimed(iss=f"{issuer.address}/")(issuer),
        "the identity token is of another issuer",
    ),
    "no issuer": (claimed(iss=...), "the identity token is of another issuer"),
    "wrong audience": (claimed(aud="another client"), "the identity token is for somebody else"),
    "no audience": (claimed(aud=...), "the identity token is for somebody else"),
    "two audiences, no party": (claimed(aud=[CLIENT, "other"]), "the identity token was given to somebody else"),
    "another party": (claimed(azp="other"), "the identity token was given to somebody else"),
    "wrong nonce": (claimed(nonce="x" * 43), "the identity token's nonce is not ours"),
    "no nonce": (claimed(nonce=...), "the identity token's nonce is not ours"),
    "a nonce that is no text": (claimed(nonce=["x"]), "the identity token's nonce is not ours"),
    "expired": (claimed(exp=NOW - 61), "the identity token has expired"),
    "no expiry": (claimed(exp=...), "the identity token's times are missing"),
    "an expiry that is no number": (claimed(exp="2099"), "the identity token's times are missing"),
    "issued in the future": (claimed(iat=NOW + 62), "the identity token is from the future"),
    "not yet valid": (claimed(nbf=NOW + 62), "the identity token is from the future"),
    "no time of issue": (claimed(iat=...), "the identity token's times are missing"),
    "nobody": (claimed(sub=...), "the identity token names nobody"),
    "an empty subject": (claimed(sub=""), "the identity token names nobody"),
    "a subject without end": (claimed(sub="x" * 251), "the identity token names nobody"),
    "algorithm none": (
        minted(lambda _, claims: unsigned(claims)),
        "the identity token's algorithm is not allowed",
    ),
    "algorithm none with a kid": (
        minted(
            lambda _, claims: (
                base64.urlsafe_b64encode(b'{"alg":"none","kid":"one"}').decode().rstrip("=")
                + "."
                + unsigned(claims).split(".")[1]
                + "."
            )
        ),
        "the identity token's algorithm is not allowed",
    ),
    "HS256 with the public key": (
        minted(with_the_public_key_as_secret),
        "the identity token's algorithm is not allowed",
    ),
    "another algorithm of the key": (
        minted(
            lambda issuer, claims: jwt.encode({"alg": "RS512", "kid": "one"}, claims, issuer.key, algorithms=["RS512"])
        ),
        "the identity token's algorithm is not allowed",
    ),
    "a key nobody knows": (by_another_key("two"), "the identity token's key is unknown"),
    "another key under a known name": (by_another_key("one"), "the identity token's signature is wrong"),
    "its own key inside": (minted(its_own_key_inside), "the identity token's signature is wrong"),
    "claims changed after signing": (minted(tampered), "the identity token's signature is wrong"),
    "no token": (minted(lambda _, claims: ""), "the identity token cannot be read"),
    "no JSON": (minted(lambda _, claims: "a.b.c"), "the identity token cannot be read"),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hostile(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Town, LoopbackIssuer]]:
    """One marketplace and one issuer for all forgeries: none of them leaves anything behind."""
    lent = nullcontext() if request.param == "sqlite" else request.getfixturevalue("postgresql")()
    with lent as url, serving(LoopbackIssuer()) as issuer:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("hostile"),
            database_url=url,
            public_url=ORIGIN,
            issuers=(issuer_of(issuer),),
        )
        house = build(settings)
        if url is None:
            house.db.migrate()
        with client_over(house) as client:
            yield Town(house, client), issuer
        house.close()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_identity_token_signs_in_nobody(
    hostile: tuple[Town, LoopbackIssuer], forgery: str, traveller: time_machine.Traveller
) -> None:
    town, issuer = hostile
    bend, reason = FORGERIES[forgery]
    assert int(clock.now().timestamp()) == NOW
    issuer.change, issuer.mint = (lambda claims: claims), issuer.signed
    bend(issuer)
    browser = town.browser()

    refused(town, browser, issuer.authorize(away(browser)), reason)


def test_a_token_that_names_no_key_is_believed_only_where_there_is_no_choice(
    town: Town, issuer: LoopbackIssuer
) -> None:
    issuer.mint = lambda claims: jwt.encode({"alg": "RS256"}, claims, issuer.key, algorithms=["RS256"])
    browser = town.browser()
    assert back(browser, issuer.authorize(away(browser))).status_code == 303

    with serving(LoopbackIssuer()) as other:
        assert pick_key(issuer.mint({}), keys_of({"keys": issuer.published + other.published})) is None


@pytest.mark.parametrize(
    "claims",
    [{"exp": NOW - 59}, {"iat": NOW + 60, "nbf": NOW + 60}, {"aud": [CLIENT]}, {"aud": [CLIENT, "x"], "azp": CLIENT}],
)
def test_clocks_may_differ_by_a_minute_and_others_may_be_meant_too(
    town: Town, issuer: LoopbackIssuer, claims: dict[str, Any], traveller: time_machine.Traveller
) -> None:
    claimed(**claims)(issuer)
    browser = town.browser()

    assert back(browser, issuer.authorize(away(browser))).status_code == 303


def test_the_same_answer_unforged_signs_in(town: Town, issuer: LoopbackIssuer) -> None:
    browser = town.browser()

    answer = back(browser, issuer.authorize(away(browser, "/search")))

    assert (answer.status_code, answer.headers["location"]) == (303, "/search")
    assert counted(town) == (1, 1, 1)
    assert "Ada Byron" in browser.get("/account").text


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048, {"kid": "two"}, private=True), "PS256"),
        (ECKey.generate_key("P-256", {"kid": "two"}, private=True), "ES256"),
        (OKPKey.generate_key("Ed25519", {"kid": "two"}, private=True), "Ed25519"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_that_came_later_is_fetched_and_believed(
    town: Town, issuer: LoopbackIssuer, key: Any, algorithm: str, traveller: time_machine.Traveller
) -> None:
    first, second = town.browser(), town.browser()
    assert back(first, issuer.authorize(away(first))).status_code == 303
    issuer.published.append(key.as_dict(private=False))
    issuer.mint = lambda claims: jwt.encode({"alg": algorithm, "kid": "two"}, claims, key, algorithms=[algorithm])

    refused(town, second, issuer.authorize(away(second)), "the identity token's key is unknown")  # asked just now
    traveller.shift(timedelta(minutes=1))
    assert back(second, issuer.authorize(away(second))).status_code == 303
    assert issuer.asked.count("/jwks") == 2


def test_tokens_with_unknown_keys_do_not_make_us_ask_for_keys_again_and_again(
    town: Town, issuer: LoopbackIssuer, traveller: time_machine.Traveller
) -> None:
    by_another_key("unknown")(issuer)
    for _ in range(3):
        browser = town.browser()
        refused(town, browser, issuer.authorize(away(browser)), "the identity token's key is unknown")

    assert issuer.asked.count("/jwks") == 1
    assert issuer.asked.count("/.well-known/openid-configuration") == 1
    traveller.shift(timedelta(hours=1))  # but what an issuer says of itself is not believed for ever
    away(town.browser())
    assert issuer.asked.count("/.well-known/openid-configuration") == 2


def test_a_replayed_answer_signs_in_nobody(town: Town, issuer: LoopbackIssuer) -> None:
    browser, thief = town.browser(), town.browser()
    answer = issuer.authorize(away(browser))
    kept = dict(browser.cookies)
    assert back(browser, answer).status_code == 303

    thief.cookies = kept
    refused(town, thief, answer, "the state was used before")
    assert len(issuer.exchanged) == 1  # the code went to the issuer once


def test_an_answer_in_another_browser_signs_in_nobody(town: Town, issuer: LoopbackIssuer) -> None:
    mine, theirs, bare = town.browser(), town.browser(), town.browser()
    answer = issuer.authorize(away(mine))
    away(theirs)

    refused(town, theirs, answer, "the state belongs to another browser")
    refused(town, bare, answer, "the state belongs to another browser")
    assert back(mine, answer).status_code == 303


@pytest.mark.parametrize("state", ["", "x" * 43, "%00", "é"])
def test_a_made_up_state_signs_in_nobody(town: Town, issuer: LoopbackIssuer, state: str) -> None:
    browser = town.browser()
    answer = issuer.authorize(away(browser))

    refused(town, browser, {**answer, "state": state}, "the state is unknown")


def test_an_answer_that_comes_too_late_signs_in_nobody(
    town: Town, issuer: LoopbackIssuer, traveller: time_machine.Traveller
) -> None:
    browser = town.browser()
    answer = issuer.authorize(away(browser))

    traveller.shift(timedelta(minutes=10))
    refused(town, browser, answer, "the state has expired")


def test_the_code_of_another_sign_in_is_worth_nothing(town: Town, issuer: LoopbackIssuer) -> None:
    mine, thiefs = town.browser(), town.browser()
    stolen = issuer.authorize(away(mine))["code"]
    own = issuer.authorize(away(thiefs))

    refused(town, thiefs, {**own, "code": stolen}, "the answer has status 400")  # PKCE: the verifier is not theirs
    refused(town, mine, {"state": query_of(away(mine))["state"]}, "there is no code")


def test_an_issuer_that_says_no_signs_in_nobody(town: Town, issuer: LoopbackIssuer) -> None:
    browser = town.browser()
    state = issuer.authorize(away(browser))["state"]

    refused(town, browser, {"error": "access_denied", "state": state}, "the issuer says no")
    assert issuer.exchanged == []


def test_answers_of_two_issuers_are_not_mixed_up(opened: Build, issuer: LoopbackIssuer) -> None:
    with serving(LoopbackIssuer()) as honest:
        town = opened(issuers=(issuer_of(issuer, slug="loopback"), issuer_of(honest, slug="honest", name="Honest")))
        browser = town.browser()
        answer = honest.authorize(browser.get("/sign-in/with/honest").headers["location"])
        refused(town, browser, answer, "the state belongs to another issuer", slug="loopback")

        honest.extra = {"iss": issuer.address}
        answer = honest.authorize(browser.get("/sign-in/with/honest").headers["location"])
        refused(town, browser, answer, "the answer names another issuer", slug="honest")

        honest.extra = {"iss": honest.address}
        answer = honest.authorize(browser.get("/sign-in/with/honest").headers["location"])
        assert back(browser, answer, slug="honest").status_code == 303
    assert issuer.exchanged == []


def test_an_issuer_that_promises_to_name_itself_must(town: Town, issuer: LoopbackIssuer) -> None:
    issuer.discovery = {"authorization_response_iss_parameter_supported": True}
    browser = town.browser()

    refused(town, browser, issuer.authorize(away(browser)), "the answer does not name its issuer")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"issuer": "https://evil.example"}, "the discovery document is of another issuer"),
        ({"authorization_endpoint": "http://evil.example/a"}, "the discovery document names an unsafe address"),
        ({"token_endpoint": "http://evil.example/t"}, "the discovery document names an unsafe address"),
        ({"jwks_uri": "file:///etc/passwd"}, "the discovery document names an unsafe address"),
        ({"jwks_uri": None}, "the discovery document names an unsafe address"),
    ],
)
def test_a_discovery_document_of_somebody_else_leads_nowhere(
    town: Town, issuer: LoopbackIssuer, document: dict[str, Any], reason: str
) -> None:
    issuer.discovery = document
    browser = town.browser()

    with capture_logs() as logs:
        answer = browser.get("/sign-in/with/loopback")

    assert answer.status_code == 503
    assert "Sign-in did not work" in answer.text
    assert [entry["reason"] for entry in logs if "reason" in entry] == [reason]


def test_neither_redirects_nor_endless_answers_of_an_issuer_are_followed(town: Town, issuer: LoopbackIssuer) -> None:
    usual = issuer.answer
    for bent, reason in (
        ((302, {}), "the answer has status 302"),
        ((200, b"[" * (LARGEST_ANSWER + 1)), "the answer is too long"),
        ((200, b"[]"), "the answer is not a JSON object"),
        ((200, b"\xff"), "the answer is not a JSON object"),
        ((500, {}), "the answer has status 500"),
    ):
        issuer.answer = usual  # type: ignore[method-assign]
        browser = town.browser()
        answer = issuer.authorize(away(browser))
        issuer.answer = lambda *_, bent=bent: bent  # type: ignore[method-assign,assignment]
        refused(town, browser, answer, reason)
    assert "/elsewhere" not in issuer.asked


def test_an_issuer_that_is_away_leaves_other_ways_to_sign_in(opened: Build) -> None:
    with serving(LoopbackIssuer()) as gone:
        configured = issuer_of(gone)
    town = opened(issuers=(configured,))
    browser = town.browser()

    assert browser.get("/sign-in/with/loopback").status_code == 503
    assert town.sign_in(browser, "ada@larch.sch.uk") == "/account"
    assert browser.get("/sign-in/with/nobody").status_code == 404


def test_an_unverified_address_takes_over_nobodys_account(opened: Build, issuer: LoopbackIssuer) -> None:
    """The nOAuth attack: in a tenant of their own, anybody can claim any e-mail address."""
    tries: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"trust_email": False}, {"email": "head@larch.sch.uk", "email_verified": True}),
        ({"trust_email": True}, {"email": "head@larch.sch.uk"}),
        ({"trust_email": True}, {"email": "head@larch.sch.uk", "email_verified": False}),
        ({"trust_email": True}, {"email": "head@larch.sch.uk", "email_verified": "true"}),
        ({"trust_email": True}, {"email": ["head@larch.sch.uk"], "email_verified": True}),
        ({"trust_email": True}, {"preferred_username": "head@larch.sch.uk", "email_verified": True}),
    ]
    configured = [issuer_of(issuer, slug=f"way-{n}", **given) for n, (given, _) in enumerate(tries)]
    town = opened(issuers=tuple(configured))
    with town.db.write() as session:
        head = person(session, "The Head", "head@larch.sch.uk")
    for number, (_, claims) in enumerate(tries):
        issuer.person = {"sub": f"attacker-{number}", **claims}
        browser = town.browser()
        answer = issuer.authorize(browser.get(f"/sign-in/with/way-{number}").headers["location"])

        assert back(browser, answer, slug=f"way-{number}").status_code == 303
        page = browser.get("/account").text
        assert "head@larch.sch.uk" not in page
        assert "The Head" not in page
    with town.db.read() as session:
        assert head.id not in {identity.person_id for identity in session.exec(select(Identity)).all()}
    assert counted(town) == (1 + len(tries), len(tries), len(tries))


def test_a_verified_address_of_a_trusted_issuer_links_to_the_person_and_the_trail_says_so(
    opened: Build, issuer: LoopbackIssuer
) -> None:
    town = opened(issuers=(issuer_of(issuer, trust_email=True),))
    with town.db.write() as session:
        head = person(session, "The Head", "head@larch.sch.uk")
    issuer.person = {"sub": "head-1", "email": "Head@Larch.sch.uk", "email_verified": True}
    browser = town.browser()

    assert back(browser, issuer.authorize(away(browser))).status_code == 303

    [(_, linked, after)] = town.actions("person.linked")
    assert linked == head.id
    assert (after["issuer"], after["by_email"]) == (issuer.address, True)
    assert "head@larch.sch.uk" not in repr(town.actions()).lower()
    assert counted(town) == (1, 1, 1)

    issuer.person = {"sub": "head-1", "email": "other@larch.sch.uk", "email_verified": True}  # the subject counts
    again = town.browser()
    assert back(again, issuer.authorize(away(again))).status_code == 303
    assert counted(town) == (1, 1, 2)


def test_people_of_any_tenant_sign_in_each_under_the_issuer_of_their_own(opened: Build, issuer: LoopbackIssuer) -> None:
    tenant, other = "72f988bf-86f1-41af-91ab-2d7cd011db47", "9188040d-6c67-4c5b-b112-36a304b66dad"
    usual = issuer.answer
    template = f"{issuer.address}/{{tenantid}}/v2.0"
    configured = issuer_of(issuer, issuer=template, profile="entra")
    issuer.discovery = {"issuer": template}
    issuer.answer = lambda method, path, *rest: usual(method, path.removeprefix("/organizations/v2.0"), *rest)  # type: ignore[method-assign]
    town = opened(issuers=(configured,))

    for tid, iss, reason in (
        (tenant, f"{issuer.address}/{tenant}/v2.0", None),
        (tenant, f"{issuer.address}/{other}/v2.0", "the identity token is of another issuer"),
        (None, f"{issuer.address}/{tenant}/v2.0", "the identity token is of another issuer"),
        ("{tenantid}", template, "the identity token is of another issuer"),
        ("../evil", f"{issuer.address}/../evil/v2.0", "the identity token is of another issuer"),
    ):
        issuer.change = lambda claims, tid=tid, iss=iss: {**claims, "iss": iss, "tid": tid}  # type: ignore[misc]
        browser = town.browser()
        answer = issuer.authorize(away(browser))
        if reason is None:
            assert back(browser, answer).status_code == 303
        else:
            refused(town, browser, answer, reason)
    with town.db.read() as session:
        assert [one.issuer for one in session.exec(select(Identity)).all()] == [f"{issuer.address}/{tenant}/v2.0"]


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
def test_our_secret_goes_to_the_issuer_as_it_wants_it_and_nowhere_else(
    town: Town, issuer: LoopbackIssuer, way: str
) -> None:
    issuer.discovery = {"token_endpoint_auth_methods_supported": [way]}
    browser = town.browser()
    address = away(browser)

    assert back(browser, issuer.authorize(address)).status_code == 303

    [(form, authorization)] = issuer.exchanged
    assert (authorization is not None) is (way == "client_secret_basic")
    assert ("client_secret" in form) is (way == "client_secret_post")
    assert "secret" not in address
    asked = query_of(address)
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"http://testserver{CALLBACK}"
    assert form["redirect_uri"] == asked["redirect_uri"]


def test_the_host_of_a_request_does_not_change_where_issuers_send_people(town: Town, issuer: LoopbackIssuer) -> None:
    browser = town.browser()

    answer = browser.get("/sign-in/with/loopback", host="evil.example", x_forwarded_host="evil.example")

    assert query_of(answer.headers["location"])["redirect_uri"] == f"http://testserver{CALLBACK}"


def test_what_an_issuer_tells_of_a_person_is_kept_out_of_the_log(town: Town, issuer: LoopbackIssuer) -> None:
    issuer.person = {"sub": "subject-7", "name": "Ada Byron", "email": "ada@larch.sch.uk"}
    claimed(aud="other")(issuer)
    browser = town.browser()

    with capture_logs() as logs:
        back(browser, issuer.authorize(away(browser)))

    for secret in ("Ada", "ada@", "subject-7"):
        assert secret not in repr(logs)
    assert everything(town.db)["person"] == []
