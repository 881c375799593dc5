"""The parts: the platform's keys, content items, pages, and what is never told."""

import json

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm
from tests.compliance.conformance.lti.own_tool import KEY, OTHER_KEY, OwnTool
from tests.compliance.conformance.lti.running import KEY as PLATFORM_KEY
from tests.compliance.conformance.lti.running import own_tool, report_on
from tests.compliance.conformance.lti.serving import Asked, Told

from becta.compliance.conformance.fetching import Answer
from becta.compliance.conformance.lti.checks import CHECKS
from becta.compliance.conformance.lti.content_items import item_faults
from becta.compliance.conformance.lti.forgeries import FORGERIES
from becta.compliance.conformance.lti.pages import endpoint, steps, words
from becta.compliance.conformance.lti.platform import key_from_pem, key_set, key_to_pem, new_key, platform_at
from becta.compliance.conformance.lti.runner import lti_runner
from becta.compliance.conformance.lti.settings import tool_from
from becta.compliance.conformance.reports import Outcome

PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PRIVATE_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_the_key_set_has_the_public_members_alone_and_the_kid_stays() -> None:
    key = new_key()
    kept = key_from_pem(key_to_pem(key))

    [published] = key_set(kept)["keys"]

    assert set(published) == {"kty", "n", "e", "kid", "use", "alg"}
    assert published["kid"] == key.thumbprint() == platform_at("https://market.example", key).kid
    assert (published["kty"], published["use"], published["alg"]) == ("RSA", "sig", "RS256")


def test_the_platform_lies_at_its_origin() -> None:
    platform = platform_at("https://market.example", PLATFORM_KEY)

    assert platform.issuer == "https://market.example"
    assert platform.authorize_url == "https://market.example/lti/authorize"
    assert platform.jwks_url == "https://market.example/lti/jwks.json"


def test_every_check_is_declared_once_with_a_clause() -> None:
    ids = [check.id for check in CHECKS]

    assert len(ids) == len(set(ids)) == 71
    assert all(check.clause and check.title for check in CHECKS)
    assert set(FORGERIES) < set(ids)


def test_the_runner_says_what_it_is_for_and_what_it_takes() -> None:
    runner = lti_runner(platform_at("https://market.example", PLATFORM_KEY))

    assert (runner.code, runner.standard, runner.standard_version, runner.role) == (
        "lti-1.3-tool",
        "lti",
        "1.3",
        "Tool",
    )
    assert set(runner.settings) - runner.optional == {"login_url", "launch_url"}
    assert runner.secret == frozenset()


@pytest.mark.parametrize("flaw", ["keys-private", "refuse-signature", "deep-linking-signature", "request-nonce"])
def test_no_key_and_no_token_is_told(flaw: str) -> None:
    told = msgspec.json.encode(report_on(own_tool(flaw))).decode()

    secrets = [json.loads(RSAAlgorithm.to_jwk(key))["d"] for key in (KEY, OTHER_KEY)]
    assert not any(secret[:20] in told for secret in [*secrets, str(PLATFORM_KEY.as_dict(private=True)["d"])])
    assert "eyJ" not in told
    assert "PRIVATE" not in told


@pytest.mark.parametrize(
    ("_case", "public_key", "found"),
    [
        ("PEM", PUBLIC_PEM, set()),
        ("JSON Web Key", json.dumps(json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))), set()),
        (
            "another key",
            json.dumps(json.loads(RSAAlgorithm.to_jwk(OTHER_KEY.public_key()))),
            {"deep-linking-signature"},
        ),
        ("a private key", PRIVATE_PEM, {"keys-private"}),
        ("text", "ssh-rsa AAAA", {"keys-form"}),
        ("a JSON Web Key of another kind", '{"kty": "EC"}', {"keys-form"}),
        ("nothing", "", {"keys-given"}),
    ],
)
def test_the_key_may_be_given_instead_of_a_key_set(_case: str, public_key: str, found: set[str]) -> None:
    report = report_on(own_tool(), change={"jwks_url": "", "public_key": public_key})

    assert {finding.check for finding in report.findings} == found


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ('{"keys": []}', {"keys-form"}),
        ("[]", {"keys-form"}),
        ("<p>", {"keys-form"}),
        ('{"keys": [{"kty": "EC", "kid": "1"}]}', {"keys-form"}),
        ('{"keys": [7]}', {"keys-form", "keys-kid"}),
        ('{"keys": [{"kty": "RSA", "kid": ["x"], "alg": [], "use": {}, "n": 7, "e": null}]}', None),
        ('{"keys": [{"kty": "RSA", "kid": "1", "n": "' + "_" * 4000 + '", "e": "AQAB"}]}', {"keys-form"}),
    ],
)
def test_whatever_a_key_set_holds_is_judged(keys: str, found: set[str] | None) -> None:
    def after(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        return Told(body=keys, kind="application/json") if asked.path == "/jwks" else told

    report = report_on(own_tool(after=after))

    assert report.outcome is Outcome.FAILED
    assert {finding.check for finding in report.findings} == (found or {"keys-form", "keys-kid", "keys-use"})


CANVAS = {
    "title": "Fractions",
    "oidc_initiation_url": "{origin}/login",
    "target_link_uri": "{origin}/launch",
    "public_jwk_url": "{origin}/jwks",
    "redirect_uris": ["{origin}/launch", "{origin}/deep"],
}


@pytest.mark.parametrize(
    ("_case", "change", "found"),
    [
        ("complete", {}, set()),
        ("no title", {"title": ""}, {"configuration-complete"}),
        ("no keys", {"public_jwk_url": ""}, {"configuration-complete"}),
        (
            "keys over http",
            {"public_jwk_url": "http://tool.example/k"},
            {"configuration-https", "configuration-agrees"},
        ),
        ("another launch", {"redirect_uris": ["https://tool.example/l"]}, {"configuration-agrees"}),
    ],
)
def test_a_configuration_as_canvas_takes_it_is_judged(_case: str, change: dict[str, object], found: set[str]) -> None:
    def after(tool: OwnTool, asked: Asked, told: Told) -> Told:
        if asked.path != "/configuration":
            return told
        return Told(body=json.dumps(CANVAS | change).replace("{origin}", tool.origin), kind="application/json")

    assert {finding.check for finding in report_on(own_tool(after=after)).findings} == found


@pytest.mark.parametrize(
    ("item", "faults"),
    [
        ({"type": "ltiResourceLink"}, []),
        ({"type": "link", "url": "https://tool.example/"}, []),
        ({"type": "file", "url": "https://tool.example/f", "expiresAt": "2026-11-25T20:00:00Z"}, []),
        ({"type": "html", "html": "<b>x</b>"}, []),
        ({"type": "image", "url": "https://tool.example/i.png", "width": 10}, []),
        ({"type": "https://tool.example/own-type"}, []),
        ({"type": "ltiResourceLink", "title": None, "custom": {"a": "b"}, "lineItem": {"scoreMaximum": 10}}, []),
        ("text", [("", "is not a JSON object")]),
        ({}, [("type", "is missing")]),
        (
            {"type": "song"},
            [("type", "is none of Deep Linking's, and not the full URL that a type of one's own is named by")],
        ),
        ({"type": "link"}, [("url", "is missing")]),
        ({"type": "file"}, [("url", "is missing")]),
        ({"type": "image"}, [("url", "is missing")]),
        ({"type": "html"}, [("html", "is missing")]),
        ({"type": "link", "url": "/here"}, [("url", "is not a full URL")]),
        ({"type": "link", "url": {}}, [("url", "is not a full URL")]),
        ({"type": "link", "url": "https://a.example", "iframe": {}}, [("iframe", "has no src that is a full URL")]),
        ({"type": "ltiResourceLink", "title": 7}, [("title", "is not text")]),
        (
            {"type": "ltiResourceLink", "icon": {}},
            [("icon", "has no full URL, or sizes that are not whole numbers")],
        ),
        ({"type": "ltiResourceLink", "width": True}, [("width", "is not a whole number")]),
        ({"type": "ltiResourceLink", "custom": {"a": 1}}, [("custom", "is not an object whose values are all text")]),
        (
            {"type": "ltiResourceLink", "lineItem": {"scoreMaximum": 0}},
            [("lineItem", "has no scoreMaximum above zero")],
        ),
        (
            {"type": "ltiResourceLink", "available": {"startDateTime": "soon"}},
            [("available", "is not an object of ISO 8601 instants")],
        ),
    ],
)
def test_content_items_are_judged_by_their_type(item: object, faults: list[tuple[str, str]]) -> None:
    assert list(item_faults(item)) == faults


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
_PROPERTIES = st.sampled_from(["type", "url", "html", "icon", "iframe", "custom", "lineItem", "available", "width"])


@settings(deadline=None)  # the first example reads the list of public suffixes, or warms the parser
@given(st.dictionaries(_PROPERTIES, _JSON | st.sampled_from(["link", "html", "image"])))
def test_no_content_item_breaks_the_judge(item: dict[str, object]) -> None:
    assert all(problem for _, problem in item_faults(item))


@settings(deadline=None)  # the first example reads the list of public suffixes, or warms the parser
@given(
    st.binary(max_size=300)
    | st.text(alphabet="<>/=\"' forminputactionscriptlocationmetarefresh.;", max_size=300).map(str.encode),
    st.sampled_from([200, 302, 400]),
    st.text(max_size=30),
)
def test_no_page_breaks_the_reader(body: bytes, status: int, location: str) -> None:
    headers = {"content-type": "text/html", "location": location}
    answer = Answer(status=status, headers=headers, body=body, url="https://tool.example/launch")

    found = steps(answer)

    assert len(found) <= {200: len(body), 302: 1, 400: 0}[status]
    assert all(endpoint(step.full_url) == step.url for step in found)
    assert words(answer).total() <= max(len(body), 1)


@settings(deadline=None)  # the first example reads the list of public suffixes, or warms the parser
@given(st.text(max_size=60))
def test_an_address_of_which_nothing_is_known_is_not_the_tools(host: str) -> None:
    tool = tool_from({"login_url": "https://lti.tool.co.uk/login", "launch_url": "https://lti.tool.co.uk/launch"})

    assert not tool.holds(f"https://{host}.example/") or "tool.co.uk" in host


@pytest.mark.parametrize(
    ("url", "is_its_own"),
    [
        ("https://lti.tool.co.uk/x", True),
        ("https://app.tool.co.uk/x", True),
        ("https://tool.co.uk", True),
        ("https://other.co.uk", False),
        ("https://lti.tool.co.uk.evil.example", False),
        ("https://127.0.0.1/", False),
        ("javascript:alert(1)", False),
    ],
)
def test_a_tool_holds_the_hosts_of_its_registrable_domain(url: str, is_its_own: bool) -> None:
    tool = tool_from({"login_url": "https://lti.tool.co.uk/login", "launch_url": "https://lti.tool.co.uk/launch"})

    assert tool.holds(url) is is_its_own


def test_custom_parameters_and_services_reach_the_tool() -> None:
    seen: list[str] = []

    def after(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        if asked.path == "/launch":
            seen.append(asked.form["id_token"])
        return told

    report_on(own_tool(after=after))
    said = jwt.decode(seen[0], options={"verify_signature": False})

    assert said["https://purl.imsglobal.org/spec/lti/claim/custom"] == {"level": "7", "mode": "practice"}
    assert said["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitem"].startswith("https://market")
    assert said["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"]["service_versions"] == ["2.0"]
