"""The security document: each test that it names exists, and each route states who may take it."""

import re
from pathlib import Path

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.testing import TestClient

from becta.market.api.access import Access
from becta.market.web.assets import manifest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(test_[a-z0-9_]+)`")
DEFINED = re.compile(r"def (test_[a-z0-9_]+)\(")
OWN = ("/schema", "/static")
"""Served by the framework: the description of the API, and files that anybody may have."""


def test_every_test_the_document_names_exists() -> None:
    named = set(NAMED.findall((ROOT / "docs" / "security.md").read_text(encoding="utf-8")))
    defined = {name for path in (ROOT / "tests").rglob("*.py") for name in DEFINED.findall(path.read_text("utf-8"))}

    assert len(named) > 60
    assert named - defined == set()


def test_every_route_states_its_access(client: TestClient[Litestar]) -> None:
    unsaid = [
        route.path
        for route in client.app.routes
        for handler in getattr(route, "route_handlers", [])
        if isinstance(handler, HTTPRouteHandler)
        and not isinstance(handler.opt.get("access"), Access)
        and not route.path.startswith(OWN)
        and handler.http_methods != {"OPTIONS"}
    ]

    assert unsaid == []


def test_static_files_are_those_that_were_built_and_no_others(client: TestClient[Litestar]) -> None:
    [(_, style)] = [item for item in manifest().items() if item[0] == "app.css"]
    folder = style.rpartition("/")[0]

    assert client.get(style).status_code == 200
    for elsewhere in ("", "/", "/..%2f..%2f..%2fsettings.py", "/%2e%2e/%2e%2e/settings.py", "//etc/passwd", "/.hidden"):
        assert client.get(f"{folder}{elsewhere}").status_code == 404, elsewhere
