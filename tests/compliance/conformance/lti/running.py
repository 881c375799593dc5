"""Running the runner against a tool on loopback."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import msgspec
from tests.compliance.conformance.lti.own_tool import OwnTool
from tests.compliance.conformance.lti.serving import App, Asked, Told, app_of, place, served

from becta.compliance.conformance.fetching import Web, WebLimits
from becta.compliance.conformance.lti.platform import Platform, key_set, new_key, platform_at
from becta.compliance.conformance.lti.runner import lti_runner
from becta.compliance.conformance.lti.settings import DEFAULT_CLIENT_ID, DEFAULT_DEPLOYMENT_ID
from becta.compliance.conformance.reports import Report
from becta.kernel.clock import now

KEY = new_key()


@contextmanager
def platform() -> Iterator[Platform]:
    """The simulator's platform, whose key set is served on loopback; nothing else of it is."""
    published = Told(body=json.dumps(key_set(KEY)), kind="application/json")
    with served(lambda _: app_of(lambda _: published)) as origin:
        at_home = platform_at("https://market.example", KEY)
        yield msgspec.structs.replace(at_home, jwks_url=f"{origin}/lti/jwks.json")


def settings_of(origin: str) -> dict[str, str]:
    """What a supplier would say of a tool that has the usual paths."""
    return {
        "login_url": f"{origin}/login",
        "launch_url": f"{origin}/launch",
        "jwks_url": f"{origin}/jwks",
        "deep_linking_url": f"{origin}/deep",
        "configuration_url": f"{origin}/configuration",
        "custom": "level=7\nmode = practice",
    }


def report_on(
    make: Callable[[str, Platform], App],
    *,
    limits: WebLimits = WebLimits(),  # noqa: B008 - a frozen value
    change: Mapping[str, str] = {},
    allowed: frozenset[str] = frozenset(),
    clock: Callable[[], datetime] = now,
) -> Report:
    """The report on a tool that is made for its origin and the platform."""
    with platform() as known, served(lambda origin: make(origin, known)) as origin:
        given = settings_of(origin) | {name: value.replace("{origin}", origin) for name, value in change.items()}
        with Web(allowed=allowed | {place(origin)}, limits=limits) as web:
            return lti_runner(known, clock=clock).run(given, web)


def own_tool(
    flaw: str = "", *, after: Callable[[OwnTool, Asked, Told], Told] | None = None
) -> Callable[[str, Platform], App]:
    """Our own tool with this flaw; `after` may change what it answers."""

    def make(origin: str, known: Platform) -> App:
        tool = OwnTool(origin, known, client_id=DEFAULT_CLIENT_ID, deployment_id=DEFAULT_DEPLOYMENT_ID, flaw=flaw)
        if after is None:
            return app_of(tool.answer)
        return app_of(lambda asked: after(tool, asked, tool.answer(asked)))

    return make
