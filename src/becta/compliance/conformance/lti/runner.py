"""The runner `lti-1.3-tool`: a platform that launches a tool, and tells clause by clause what the tool did.

The browser is our own client. The tool's redirect to the authorisation endpoint is read and answered here, so nothing
is asked of that endpoint; only the key set at `Platform.jwks_url` must be served, for the tool to fetch. Services (AGS,
NRPS) are offered in the launches and not answered: whether a tool uses them well is not tested, and no finding says so.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from becta.compliance.conformance.fetching import Web
from becta.compliance.conformance.lti.browser import Browser, LoginFailed
from becta.compliance.conformance.lti.checks import CHECKS
from becta.compliance.conformance.lti.configuration import look_at_configuration
from becta.compliance.conformance.lti.deep_linking import look_at_deep_linking
from becta.compliance.conformance.lti.keys import look_at_keys
from becta.compliance.conformance.lti.launches import Launcher
from becta.compliance.conformance.lti.logins import look_at_logins
from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.settings import OPTIONAL, SETTINGS, tool_from
from becta.compliance.conformance.reports import Recorder
from becta.compliance.conformance.runner import EndpointRunner
from becta.kernel.clock import now


def lti_runner(platform: Platform, *, clock: Callable[[], datetime] = now) -> EndpointRunner:
    """The runner for LTI 1.3 tools, playing this platform. `clock` gives the instant that launches are dated by."""
    return EndpointRunner(
        code="lti-1.3-tool",
        version="1",
        title="LTI 1.3 tool, launched by a platform simulator",
        standard="lti",
        standard_version="1.3",
        role="Tool",
        settings=SETTINGS,
        optional=OPTIONAL,
        checks=CHECKS,
        look=partial(_look, platform, clock),
    )


def _look(
    platform: Platform, clock: Callable[[], datetime], given: Mapping[str, str], web: Web, recorder: Recorder
) -> None:
    tool = look_at_configuration(tool_from(given), web, recorder)
    keys = look_at_keys(tool, web, recorder)
    recorder.facts["keys"] = len(keys)
    recorder.facts["services"] = "AGS 2.0 and NRPS 2.0 were offered in the launches; their calls are not tested"
    browser = Browser(platform, tool, web)
    method = look_at_logins(tool, browser, recorder)
    if method is None:
        return
    try:
        Launcher(platform, tool, browser, recorder, method=method, clock=clock).run()
        if tool.deep_linking_url:
            look_at_deep_linking(platform, tool, browser, keys, recorder, method=method, clock=clock)
    except LoginFailed as problem:
        told = f"a login that worked before does not any more: {problem}"
        mend = "let logins work as often as they are begun"
        recorder.find(f"login-{method.lower()}", told, mend=mend, value=problem.where or None)
