"""The deep linking response is judged by what it says, and only believed where the tool's own key has signed it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from tests.compliance.conformance.lti.own_tool import KEY, OTHER_KEY, OwnTool
from tests.compliance.conformance.lti.running import own_tool, report_on
from tests.compliance.conformance.lti.serving import Asked, Told

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
Said = dict[str, Any]


def _found(make: Callable[[Said], str]) -> set[str]:
    """What is found where the tool sends another token, made from the claims of the good one."""

    def after(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        if asked.path != "/deep":
            return told
        good = told.body.partition("value='")[2].partition("'")[0]
        said = jwt.decode(good, options={"verify_signature": False, "verify_aud": False})
        return Told(body=told.body.replace(good, make(said)))

    return {finding.check for finding in report_on(own_tool(after=after)).findings}


def _signed(said: Said, **header: Any) -> str:
    return jwt.encode(said, KEY, algorithm="RS256", headers={"kid": "tool-1"} | header)


def _packed(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("_case", "make", "found"),
    [
        ("good", _signed, set()),
        ("unsigned", lambda said: jwt.encode(said, None, "none", {"kid": "tool-1"}), {"deep-linking-signature"}),
        (
            "signed by another key",
            lambda said: jwt.encode(said, OTHER_KEY, "RS256", {"kid": "tool-1"}),
            {"deep-linking-signature"},
        ),
        (
            "signed by a secret",
            lambda said: jwt.encode(said, "x" * 40, "HS256", {"kid": "tool-1"}),
            {"deep-linking-signature"},
        ),
        ("another kid", lambda said: _signed(said, kid="tool-9"), {"deep-linking-kid"}),
        ("no token", lambda _: "token", {"deep-linking-signature"}),
        (
            "no claims",
            lambda _: f"{_packed({'alg': 'RS256', 'kid': 'tool-1'})}.{_packed([1])}.AA",
            {"deep-linking-signature"},
        ),
        (
            "a header of lists",
            lambda said: f"{_packed({'alg': 'RS256', 'kid': ['tool-1']})}.{_packed(said)}.AA",
            {"deep-linking-kid", "deep-linking-signature"},
        ),
        ("no algorithm", lambda said: f"{_packed({'kid': 'tool-1'})}.{_packed(said)}.AA", {"deep-linking-signature"}),
        ("critical header", lambda said: _signed(said, crit=["unheard-of"]), {"deep-linking-signature"}),
        ("audience as a list", lambda said: _signed(said | {"aud": [said["aud"]]}), set()),
        ("two audiences", lambda said: _signed(said | {"aud": [said["aud"], "x"]}), {"deep-linking-audience"}),
        ("audience of dicts", lambda said: _signed(said | {"aud": [{}]}), {"deep-linking-audience"}),
        ("from the future", lambda said: _signed(said | {"iat": said["iat"] + 900}), {"deep-linking-times"}),
        ("times as text", lambda said: _signed(said | {"exp": str(said["exp"])}), {"deep-linking-times"}),
        ("a clock two minutes ahead", lambda said: _signed(said | {"iat": said["iat"] + 120}), set()),
        ("nothing chosen", lambda said: _signed(said | {f"{DL}content_items": []}), set()),
        ("items in no list", lambda said: _signed(said | {f"{DL}content_items": {}}), {"deep-linking-items"}),
        ("an item that is none", lambda said: _signed(said | {f"{DL}content_items": [7]}), {"deep-linking-items"}),
        (
            "no data",
            lambda said: _signed({name: value for name, value in said.items() if name != f"{DL}data"}),
            {"deep-linking-data"},
        ),
    ],
)
def test_the_response_is_judged(_case: str, make: Callable[[Said], str], found: set[str]) -> None:
    assert _found(make) == found


def test_a_tool_without_deep_linking_is_not_asked_for_it() -> None:
    asked_for: list[str] = []

    def after(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        asked_for.append(asked.path)
        return told

    report = report_on(own_tool(after=after), change={"deep_linking_url": ""})

    assert report.findings == ()
    assert "/deep" not in asked_for


def test_further_redirect_uris_may_be_registered() -> None:
    change = {"redirect_uris": "https://one.example/x\n{origin}/unregistered", "deep_linking_url": ""}

    report = report_on(own_tool("request-redirect-uri"), change=change)

    assert [finding.check for finding in report.findings] == ["launch-accepted"]  # asked for rightly, and not there
