"""Who may see and send what: every page and form, tried by everybody."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.market.permissions.pages import PAGES, VISITORS, PageRoute
from tests.market.permissions.scene import NOBODY, Scene
from tests.support.api import Api
from tests.support.browser import FORM
from tests.support.watching import everything

from becta.kernel import clock
from becta.market.signin.sessions import start_session
from becta.market.web.visitor import csrf_token
from becta.market.wiring import House

NOT_PAGES = ("/api/", "/schema", "/static", "/health", "/.well-known/", "/lti/")


class Visits:
    """A browser for everybody, signed in at their own organisation."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.secrets: dict[str, str] = {}
        with scene.house.db.write() as session:
            for who in VISITORS:
                if who != NOBODY:
                    _, self.secrets[who] = start_session(
                        session,
                        scene.people[who],
                        via="link",
                        organisation_id=scene.home(who),
                        lasts=timedelta(hours=1),
                        now=clock.now(),
                    )

    def send(self, who: str, route: PageRoute) -> Any:
        """Look at a page, or send a form with the token of one's own session."""
        path, fields = route.ask(self.scene)
        headers, secret = {"accept": "text/html"}, self.secrets.get(who)
        client = self.scene.api.client
        client.cookies.clear()
        if secret is not None:
            headers["cookie"] = f"session={secret}"
            fields = {**fields, "csrf_token": csrf_token(secret)}
        if route.method == "GET":
            return client.get(path, headers=headers, follow_redirects=False)
        headers["content-type"] = FORM
        return client.post(path, headers=headers, content=urlencode(fields), follow_redirects=False)


def turned_away(answer: Any) -> bool:
    """Whether somebody was sent to sign in, or told that it is not for them or not there."""
    return answer.status_code in {401, 403, 404} or answer.headers.get("location", "").startswith("/sign-in?")


def test_every_page_is_in_the_table(client: TestClient[Litestar]) -> None:
    served = {
        (method, route.path_format)
        for route in client.app.routes
        if not route.path.startswith(NOT_PAGES)
        for method in getattr(route, "methods", set()) - {"HEAD", "OPTIONS"}
    }

    assert served == {(route.method, route.path) for route in PAGES}
    assert len(PAGES) == len(served)


@pytest.mark.parametrize("is_asked_by", ["those who may not", "those who may"])
def test_a_page_is_open_to_those_who_may_and_to_nobody_else(house: House, api: Api, is_asked_by: str) -> None:
    scene = Scene(house, api)
    visits = Visits(scene)
    stored = everything(house.db)
    wrong = []

    for route in PAGES:
        if is_asked_by == "those who may" and route.path == "/sign-out/everywhere":
            visits = Visits(scene)  # everybody has signed out by now
        for who in VISITORS:
            if (who in route.may) == (is_asked_by == "those who may"):
                answer = visits.send(who, route)
                assert answer.status_code < 500, (route.path, who)
                if turned_away(answer) == (who in route.may):
                    wrong.append((route.method, route.path, str(who), answer.status_code))

    assert not wrong, "\n".join(map(str, wrong))
    if is_asked_by == "those who may not":
        assert everything(house.db) == stored
