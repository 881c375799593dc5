"""Who may do what: every route of the API, tried by everybody, here and from another organisation."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.market.permissions.pages import PAGES, VISITORS, PageRoute
from tests.market.permissions.rows import Route
from tests.market.permissions.scene import CALLERS, HOME, NOBODY, SUPPLIERS_TOKEN
from tests.market.permissions.scene_together import Original, SceneTogether
from tests.market.permissions.table import ROUTES
from tests.support.api import Api
from tests.support.apps import client_over
from tests.support.watching import everything

from becta.kernel.actor import Role
from becta.market.accounts.roles import OrganisationKind
from becta.market.app import API
from becta.market.wiring import House

PRINTED = Path(__file__).resolve().parents[3] / "docs" / "permissions.md"
ROOT = "/api/v1"
CHANGING = [route for route in ROUTES if route.method != "GET" and route.may]
ELSEWHERE_TOO = {*(role for role in Role if HOME[role] is not OrganisationKind.OPERATOR), SUPPLIERS_TOKEN}
"""Those of whom there is one in another organisation too."""


@pytest.fixture(scope="module")
def original(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Original:
    """The scene made once, to be copied for every route that changes something."""
    return Original(sqlite_template, tmp_path_factory.mktemp("scene") / "original")


@pytest.fixture
def scene(original: Original, tmp_path: Path) -> Iterator[SceneTogether]:
    """A scene of one's own, as it was made."""
    house = original.copy_to(tmp_path / "scene")
    with client_over(house) as client:
        yield original.scene.again(house, Api(client, None))
    house.close()


def asked(route: Route, scene: SceneTogether) -> tuple[str, Any]:
    """The address and body of a request."""
    found = route.ask(scene)
    return (found, None) if isinstance(found, str) else found


def test_every_route_of_the_api_is_in_the_table() -> None:
    served = {
        (method, route.path_format.removeprefix(ROOT))
        for route in API.routes
        for method in getattr(route, "methods", set()) - {"HEAD", "OPTIONS"}
    }

    assert served == {(route.method, route.path) for route in ROUTES}
    assert len(ROUTES) == len(served)


def test_nobody_gets_through_where_the_table_says_no_and_nothing_changes(house: House, api: Api) -> None:
    scene = SceneTogether(house, api)
    stored = everything(house.db)

    for route in ROUTES:
        path, body = asked(route, scene)
        for who in CALLERS:
            if who not in route.may:
                answer = scene.send(who, route.method, path, body)
                wanted = {401} if who == NOBODY else {403, 404}
                assert answer.status_code in wanted, (route.method, route.path, who, answer.text)
            elif route.elsewhere is not None and who in ELSEWHERE_TOO:
                answer = scene.send(who, route.method, path, body, elsewhere=True)
                assert answer.status_code == route.elsewhere, (route.method, route.path, who, answer.text)

    assert everything(house.db) == stored


def test_whoever_may_reads(house: House, api: Api) -> None:
    scene = SceneTogether(house, api)

    for route in ROUTES:
        if route.method == "GET":
            for who in route.may:
                answer = scene.send(who, "GET", asked(route, scene)[0])
                assert answer.status_code == 200, (route.path, who, answer.text)


@pytest.mark.parametrize("route", CHANGING, ids=[f"{route.method} {route.path}" for route in CHANGING])
def test_whoever_may_changes(scene: SceneTogether, route: Route) -> None:
    path, body = asked(route, scene)

    first, *others = [who for who in CALLERS if who in route.may]
    answer = scene.send(first, route.method, path, body)
    assert answer.is_success, (first, answer.text)
    for who in others:  # what the first has done and ended, these may not find or not do again, but they may ask
        answer = scene.send(who, route.method, path, body)
        assert answer.status_code in {200, 201, 202, 204, 400, 404, 409}, (who, answer.text)


def test_the_table_is_printed_as_it_is() -> None:
    text = (
        "\n".join([INTRODUCTION, *printed(ROUTES, CALLERS), "", PAGES_INTRODUCTION, *printed(PAGES, VISITORS)]) + "\n"
    )
    if os.environ.get("UPDATE_SNAPSHOT") == "1":
        PRINTED.write_text(text, encoding="utf-8")

    assert PRINTED.read_text(encoding="utf-8") == text, "run with UPDATE_SNAPSHOT=1 to print it again"


def printed(routes: Sequence[Route | PageRoute], callers: Sequence[str]) -> Iterator[str]:
    """The table as Markdown."""
    yield "| | " + " | ".join(who.replace("_", " ") for who in callers) + " |"
    yield "|---" * (len(callers) + 1) + "|"
    for route in routes:
        cells = " | ".join("yes" if who in route.may else "" for who in callers)
        yield f"| `{route.method} {route.path}` | {cells} |"


INTRODUCTION = """# Who may do what

Every route of the API under `/api/v1` and every kind of caller: people by their role in their own organisation with a
personal token, and tokens of organisations. Blank is refused. Printed by and tried in `tests/market/permissions`, which
also tries the same roles from another organisation and fails when a route is missing here. What each role may do is
said once, in `src/becta/market/accounts/roles.py`.

Procurements and frameworks are tried with those of a trust in which its school takes part: the school's people do not
run them, whatever their role there, as they do what their own school buys. Whoever opens or scores bids was named for
that procurement.
"""
PAGES_INTRODUCTION = """## Pages

Everybody signed in at a browser. Rows without a yes are for those none of these are, such as whoever was invited.
"""
