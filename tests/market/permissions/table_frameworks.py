"""Rows of frameworks: all those named are tried with frameworks of the trust, and applications of the supplier."""

from datetime import timedelta
from typing import Any

from tests.market.frameworks.conftest import terms
from tests.market.permissions.rows import R, Route, public, route
from tests.market.permissions.scene import SUPPLIERS_TOKEN
from tests.market.permissions.scene_frameworks import SHA256
from tests.market.permissions.scene_together import SceneTogether

from becta.kernel import clock

RUNS_FRAMEWORKS = frozenset({R.TRUST_LEAD})
"""Who runs the trust's; the operator runs its own alone, and its token none: a framework has a person behind it."""
HAS_FRAMEWORKS = RUNS_FRAMEWORKS | {R.OPERATOR}
APPLIES = frozenset({R.SUPPLIER_BIDDER, SUPPLIERS_TOKEN})
WHY = {"reason": "As the record shows"}
SAID = {"share_code": "ABCD-1234"}


def _opening(_: SceneTogether) -> dict[str, Any]:
    return {"closes_at": (clock.now() + timedelta(days=60)).isoformat()}


def _of(one: str, method: str, step: str, body: Any = None, *, elsewhere: int = 403) -> Route:
    """A row of a step with the scene's framework `one`."""

    def ask(scene: SceneTogether) -> tuple[str, Any]:
        address = f"/frameworks/{getattr(scene.frameworks, one).id}{step}"
        return address, body(scene) if callable(body) else body

    return route(method, f"/frameworks/{{framework_id}}{step}", RUNS_FRAMEWORKS, ask, elsewhere=elsewhere)


def _sent(one: str, application: str, method: str, step: str, body: Any = None) -> Route:
    """A row of an application that was sent for the scene's framework `one`."""

    def ask(scene: SceneTogether) -> tuple[str, Any]:
        found = scene.frameworks
        return f"/frameworks/{getattr(found, one).id}/applications/{getattr(found, application)}{step}", body

    path = f"/frameworks/{{framework_id}}/applications/{{application_id}}{step}"
    return route(method, path, RUNS_FRAMEWORKS, ask, elsewhere=403)


def _own(method: str, step: str, body: Any = None) -> Route:
    """A row of the supplier's application that was begun."""
    path = f"/framework-applications/{{application_id}}{step}"
    return route(
        method,
        path,
        APPLIES,
        lambda s: (f"/framework-applications/{s.frameworks.begun}{step}", body),
        elsewhere=404,
    )


def _published(step: str, query: str = "") -> Route:
    """A row of what everybody may read of a framework."""
    path = f"/frameworks/{{framework_id}}{step}"
    return public(path, lambda s: f"/frameworks/{s.frameworks.open.id}{step.format(sha256=SHA256)}{query}")


FRAMEWORKS: tuple[Route, ...] = (
    public("/frameworks", lambda _: "/frameworks"),
    public("/frameworks/exclusion-grounds", lambda _: "/frameworks/exclusion-grounds"),
    _published(""),
    _published("/terms/{sha256}"),
    _published("/entitlement", "?buyer=urn:100001"),
    route(
        "POST",
        "/frameworks",
        RUNS_FRAMEWORKS,
        lambda _: ("/frameworks", {"authority": "trust:2044", "terms": terms()}),
        elsewhere=403,
    ),
    route("GET", "/frameworks/own", HAS_FRAMEWORKS, lambda _: "/frameworks/own"),
    _of("draft", "GET", "/own", elsewhere=404),
    _of("draft", "PUT", "", lambda _: terms(), elsewhere=404),
    _of("draft", "POST", "/publish", _opening, elsewhere=404),
    _of("open", "POST", "/extend", lambda s: {**_opening(s), **WHY}),
    _of("open", "POST", "/terminate", WHY),
    _of("decided", "POST", "/summaries"),
    _of("told", "POST", "/award"),
    _of("awarded", "POST", "/reopen", _opening),
    # applications for a lot
    route(
        "POST",
        "/frameworks/{framework_id}/lots/{lot}/applications",
        APPLIES,
        lambda s: (
            f"/frameworks/{s.frameworks.open.id}/lots/2/applications",
            {"supplier": f"supplier:{s.supplier}", "terms": SAID},
        ),
        elsewhere=403,
    ),
    route("GET", "/framework-applications", APPLIES, lambda _: "/framework-applications"),
    _own("GET", ""),
    _own("PUT", "", SAID),
    _own("POST", "/submit", {"terms_sha256": SHA256}),
    _own("POST", "/withdraw"),
    _of("closed", "GET", "/applications"),
    _sent("closed", "waiting", "GET", ""),
    _sent("closed", "waiting", "POST", "/take"),
    _sent("closed", "taken", "POST", "/release"),
    _sent("closed", "taken", "POST", "/decide", {}),
    _sent("awarded", "holding", "POST", "/suspend", WHY),
    _sent("awarded", "suspended", "POST", "/reinstate", WHY),
    _sent("awarded", "holding", "POST", "/remove", WHY),
)
