"""A tool may do its worst: the run ends within its limits, refused, and reaches nothing that it must not."""

import time
from collections.abc import Callable

import pytest
from tests.compliance.conformance.lti.own_tool import OwnTool
from tests.compliance.conformance.lti.running import own_tool, report_on
from tests.compliance.conformance.lti.serving import App, Asked, Told, moved

from becta.compliance.conformance.fetching import WebLimits
from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.reports import Outcome

LIMITS = WebLimits(wait_seconds=0.4, whole_seconds=1, largest_bytes=200_000, hops=3, requests=200, run_seconds=20)
PLACES = ["/configuration", "/jwks", "/login", "/launch", "/deep"]


def _at(path: str, worst: Callable[[OwnTool], Told]) -> Callable[[str, Platform], App]:
    def after(tool: OwnTool, asked: Asked, told: Told) -> Told:
        return worst(tool) if asked.path == path else told

    return own_tool(after=after)


def _silence(_tool: OwnTool) -> Told:
    time.sleep(1)
    return Told(body="late")


@pytest.mark.parametrize("path", PLACES)
def test_a_tool_that_does_not_answer_in_time_is_refused(path: str) -> None:
    began = time.monotonic()
    report = report_on(_at(path, _silence), limits=LIMITS)

    assert report.outcome is Outcome.REFUSED
    assert "silent for 0.4 seconds" in (report.refusal or "")
    assert time.monotonic() - began < 6


@pytest.mark.parametrize("path", PLACES)
def test_a_page_without_end_is_refused(path: str) -> None:
    report = report_on(_at(path, lambda _: Told(body="<p>more" * 100_000)), limits=LIMITS)

    assert report.outcome is Outcome.REFUSED
    assert "larger than 200,000 bytes" in (report.refusal or "")


@pytest.mark.parametrize("path", ["/configuration", "/jwks"])
@pytest.mark.parametrize("where", ["https://10.0.0.1/keys", "https://169.254.169.254/latest", "https://[::1]/keys"])
def test_a_redirect_to_a_private_address_is_refused(path: str, where: str) -> None:
    report = report_on(_at(path, lambda _: moved(where)), limits=LIMITS)

    assert report.outcome is Outcome.REFUSED
    assert where.partition("//")[2].partition("/")[0].strip("[]") in (report.refusal or "")


@pytest.mark.parametrize("path", ["/login", "/launch", "/deep"])
def test_a_browser_sent_to_a_private_address_does_not_go_there(path: str) -> None:
    report = report_on(_at(path, lambda _: moved("https://10.0.0.1/")), limits=LIMITS)

    assert report.outcome is Outcome.FAILED
    assert report.refusal is None


@pytest.mark.parametrize("path", ["/login", "/launch", "/deep"])
def test_a_tool_that_redirects_for_ever_is_failed(path: str) -> None:
    report = report_on(_at(path, lambda tool: moved(f"{tool.origin}{path}?{time.monotonic()}")), limits=LIMITS)

    assert report.outcome is Outcome.FAILED


@pytest.mark.parametrize("name", ["login_url", "launch_url", "jwks_url", "deep_linking_url", "configuration_url"])
def test_an_address_that_must_not_be_asked_is_refused(name: str) -> None:
    given = {name: "https://192.168.0.1/x"}
    if name in {"launch_url", "deep_linking_url"}:

        def after(tool: OwnTool, asked: Asked, told: Told) -> Told:
            headers = dict(told.headers)
            if asked.path == "/login" and "Location" in headers and asked.parameters["target_link_uri"] == given[name]:
                there = "https%3A%2F%2F192.168.0.1%2Fx"
                start, _, end = headers["Location"].partition("redirect_uri=")
                headers["Location"] = f"{start}redirect_uri={there}&{end.partition('&')[2]}"
            return Told(status=told.status, headers=tuple(headers.items()), body=told.body, kind=told.kind)

        report = report_on(own_tool(after=after), limits=LIMITS, change=given)
    else:
        report = report_on(own_tool(), limits=LIMITS, change=given)

    assert report.outcome is Outcome.REFUSED
    assert "192.168.0.1" in (report.refusal or "")


def test_a_tool_that_takes_no_connection_fails() -> None:
    nobody = "http://127.0.0.1:1"
    given = dict.fromkeys(("login_url", "jwks_url", "configuration_url"), f"{nobody}/x")

    report = report_on(own_tool(), limits=LIMITS, change=given, allowed=frozenset({"127.0.0.1:1"}))

    assert report.outcome is Outcome.FAILED
    assert [finding.check for finding in report.findings] == [
        "configuration-readable",
        "keys-given",
        "login-get",
        "login-post",
    ]


def test_a_tool_that_stops_halfway_fails_at_login() -> None:
    def tired(tool: OwnTool, asked: Asked, told: Told) -> Told:
        return Told(status=429) if asked.path == "/login" and len(tool.states) > 10 else told

    report = report_on(own_tool(after=tired), limits=LIMITS)

    assert [finding.check for finding in report.findings] == ["login-get"]
    assert "worked before" in report.findings[0].message
    assert "bad_launches_tried" not in report.facts


def test_a_hundred_and_fifty_cookies_do_no_harm() -> None:
    def heavy(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        more = tuple(("Set-Cookie", f"c{number}=x") for number in range(150))
        return Told(status=told.status, body=told.body, kind=told.kind, headers=(*told.headers, *more))

    assert report_on(own_tool(after=heavy), limits=LIMITS).findings == ()
