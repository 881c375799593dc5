"""What a row of the permission table is, and the sets of callers that many rows share."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from tests.market.permissions.scene import CALLERS, NOBODY, OPERATORS_TOKEN, SUPPLIERS_TOKEN
from tests.market.permissions.scene_together import SceneTogether

from becta.kernel.actor import Role

R = Role
EVERYBODY = frozenset(CALLERS)
KNOWN = EVERYBODY - {NOBODY}
"""Everybody with a token."""
PEOPLE = KNOWN - {SUPPLIERS_TOKEN, OPERATORS_TOKEN}
"""Everybody with a personal token."""
OPERATOR = frozenset({R.OPERATOR, OPERATORS_TOKEN})
SCHOOL = "urn:100001"

Ask = Callable[[SceneTogether], str | tuple[str, Any]]


class Route(Struct, frozen=True, kw_only=True):
    """A route with a request that somebody named may make. `elsewhere` is what those of another organisation get."""

    method: str
    path: str
    ask: Ask
    may: frozenset[str]
    elsewhere: int | None = None


def route(method: str, path: str, may: frozenset[str], ask: Ask, *, elsewhere: int | None = None) -> Route:
    """A row of the table."""
    return Route(method=method, path=path, ask=ask, may=may, elsewhere=elsewhere)


def public(path: str, ask: Ask) -> Route:
    """A row of something that everybody may read."""
    return route("GET", path, EVERYBODY, ask)
