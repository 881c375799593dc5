"""Tools say the same in many ways: how they lead to the authentication request, and how they refuse."""

from collections.abc import Callable
from datetime import timedelta
from html import escape
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.compliance.conformance.lti.own_tool import OwnTool
from tests.compliance.conformance.lti.running import own_tool, report_on
from tests.compliance.conformance.lti.serving import Asked, Told, moved

from becta.compliance.conformance.lti.checks import REFUSAL_CHECKS
from becta.compliance.conformance.reports import Outcome, Severity
from becta.kernel.clock import now

After = Callable[[OwnTool, Asked, Told], Told]


def _refusing(refusal: Callable[[OwnTool, Asked], Told]) -> After:
    return lambda tool, asked, told: refusal(tool, asked) if told.status == 401 else told


def _kindly(_tool: OwnTool, _asked: Asked) -> Told:
    return Told(body="<title>Fractions</title><h1>Fractions</h1><p>We could not let you in. Ask your teacher.</p>")


def _to_its_own_error_page(tool: OwnTool, asked: Asked) -> Told:
    return moved(f"{tool.origin}/no-such-page")


def _back_to_the_platform(tool: OwnTool, asked: Asked) -> Told:
    return moved(f"{tool.platform.return_url}?lti_errormsg=no")


def _by_an_error_of_the_server(_tool: OwnTool, _asked: Asked) -> Told:
    return Told(status=500)


@pytest.mark.parametrize(
    "refusal", [_kindly, _to_its_own_error_page, _back_to_the_platform, _by_an_error_of_the_server]
)
def test_a_refusal_counts_however_it_is_said(refusal: Callable[[OwnTool, Asked], Told]) -> None:
    report = report_on(own_tool(after=_refusing(refusal)))

    assert report.findings == ()
    assert report.facts["bad_launches_refused"] == 24


NAVIGATION = "<nav>" + " ".join(f"topic{number}" for number in range(600)) + "</nav>"


def _amid_much_else(_tool: OwnTool, asked: Asked, told: Told) -> Told:
    """A page with a long menu round what it says, whose refusals have status 200 too."""
    return Told(body=NAVIGATION + told.body) if asked.path == "/launch" else told


def test_a_refusal_amid_much_else_counts() -> None:
    report = report_on(own_tool(after=_amid_much_else))

    assert report.findings == ()
    assert report.facts["bad_launches_refused"] == 24


@pytest.mark.parametrize("flaw", ["refuse-signature", "refuse-audience", "refuse-other-browser"])
def test_a_welcome_amid_much_else_is_found(flaw: str) -> None:
    report = report_on(own_tool(flaw, after=_amid_much_else))

    assert {finding.check for finding in report.findings} == {flaw}


def _welcome_by_redirect(tool: OwnTool, asked: Asked, told: Told) -> Told:
    """A tool that goes to a page of its own after the launch; each visit's path is a new one."""
    if asked.path.startswith("/visit/"):
        return Told(body="<h1>Fractions</h1><p>Ten questions wait for you.</p>")
    is_welcome = asked.path == "/launch" and told.status == 200
    return moved(f"{tool.origin}/visit/{id(told)}") if is_welcome else told


def test_a_launch_may_end_on_a_page_of_its_own_each_time() -> None:
    report = report_on(own_tool(after=_welcome_by_redirect))

    assert report.findings == ()
    assert str(report.facts["launch_place"]).rpartition("/")[0].endswith("/visit")


@pytest.mark.parametrize("flaw", ["refuse-signature", "refuse-state", "refuse-expired", "refuse-replay"])
def test_a_bad_launch_that_ends_on_such_a_page_is_found(flaw: str) -> None:
    report = report_on(own_tool(flaw, after=_welcome_by_redirect))

    assert {finding.check for finding in report.findings} == {flaw}


def test_a_tool_that_shows_everybody_the_same_page_refuses_nothing() -> None:
    def same_page(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        return Told(body="<div id=app></div><script src=app.js></script>") if asked.path == "/launch" else told

    report = report_on(own_tool(after=same_page))

    every = {check.id for check in REFUSAL_CHECKS if check.severity is not Severity.NOTE} - {"refuse-unsigned-target"}
    assert {finding.check for finding in report.findings} == every
    assert report.facts["bad_launches_refused"] == 0
    assert report.outcome is Outcome.FAILED


def test_a_launch_that_leads_out_of_the_tool_is_not_accepted() -> None:
    def away(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        return moved("https://elsewhere.example/x?token=1") if asked.path == "/launch" and told.status == 200 else told

    report = report_on(own_tool(after=away))

    assert [(finding.check, finding.value) for finding in report.findings] == [
        ("launch-accepted", "https://elsewhere.example/x")
    ]


def _as_form(url: str) -> str:
    parts = urlsplit(url)
    fields = "".join(
        f"<input type=hidden name='{escape(name)}' value='{escape(value)}'>" for name, value in parse_qsl(parts.query)
    )
    action = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return f"<body onload='document.forms[0].submit()'><form method=post action='{action}'>{fields}</form>"


@pytest.mark.parametrize(
    ("_case", "page"),
    [
        ("a form that submits itself", _as_form),
        ("a refresh", lambda url: f'<meta http-equiv="Refresh" content="0; URL={escape(url)}">'),
        ("a script", lambda url: f"<script>top.location.href = '{url}'</script>"),
        ("a script that replaces", lambda url: f'<script>window.location.replace("{url}")</script>'),
    ],
)
def test_the_authentication_request_is_read_from_a_page_too(_case: str, page: Callable[[str], str]) -> None:
    def by_page(_tool: OwnTool, asked: Asked, told: Told) -> Told:
        if asked.path != "/login" or told.status != 302:
            return told
        headers = dict(told.headers)
        return Told(body=page(headers.pop("Location")), headers=tuple(headers.items()))

    assert report_on(own_tool(after=by_page)).findings == ()


def test_a_login_may_go_on_within_the_tool_first() -> None:
    def in_two_steps(tool: OwnTool, asked: Asked, told: Told) -> Told:
        if asked.path == "/login" and asked.method == "GET" and "again" not in asked.query and told.status == 302:
            query = "&".join(f"{name}={value}" for name, value in asked.query.items() if name != "login_hint")
            hint = asked.query["login_hint"].replace("=", "%3D")
            return moved(f"/login?{query.replace('+', '%2B')}&login_hint={hint}&again=1")
        return told

    assert report_on(own_tool(after=in_two_steps)).findings == ()


def test_a_login_that_leads_to_another_platform_is_found_and_not_followed() -> None:
    def wrong_way(tool: OwnTool, asked: Asked, told: Told) -> Told:
        return moved("https://10.0.0.1/lti/authorize?scope=openid") if asked.path == "/login" else told

    report = report_on(own_tool(after=wrong_way))

    assert {finding.check for finding in report.findings} == {"login-get", "login-post"}
    assert report.findings[0].value == "https://10.0.0.1/lti/authorize"
    assert report.outcome is Outcome.FAILED


def test_no_launch_is_sent_where_the_tool_is_not_registered_not_even_later() -> None:
    def wandering(tool: OwnTool, asked: Asked, told: Told) -> Told:
        if asked.path != "/login" or len(tool.states) < 10 or told.status != 302:
            return told
        location = dict(told.headers)["Location"].replace("launch", "elsewhere")
        return moved(location, *told.headers[1:])

    report = report_on(own_tool(after=wandering))

    [finding] = report.findings
    assert finding.check == "login-get"
    assert "worked before" in finding.message
    assert str(finding.value).endswith("/elsewhere")


def test_launches_are_dated_by_the_clock_that_is_given() -> None:
    report = report_on(own_tool(), clock=lambda: now() - timedelta(days=1))

    assert [(finding.check, finding.message) for finding in report.findings[:1]] == [
        ("launch-accepted", "the tool answers 401")
    ]
