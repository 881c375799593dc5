"""Declaring routes of a procurement in a line or two: what they have in common is said once."""

from collections.abc import Callable
from typing import Any

from litestar.handlers import HTTPRouteHandler

from becta.kernel.actor import Scope
from becta.market.api.access import BEARER, needs
from becta.market.problems import documented

SEEN = (401, 403, 404)
"""How reading one thing can be refused."""
ASKED = (400, *SEEN)
"""And a list, or what takes parameters."""
NOT_YET = (*ASKED, 409)
"""And what is not in a state for it; a step without a body."""
TAKEN = (*NOT_YET, 413)
"""And a body that is too large: a step."""
TAKEN_UNCHANGED = (*NOT_YET, 412, 413)
"""A step with If-Match."""
TAKEN_ONCE = (*TAKEN, 422)
"""A step with an Idempotency-Key."""


def of_procurement(
    tag: str,
    method: type[HTTPRouteHandler],
    path: str,
    operation_id: str,
    scope: Scope,
    refusals: tuple[int, ...],
    **more: Any,
) -> Callable[..., HTTPRouteHandler]:
    """A route below a procurement that takes a token with a scope, and can be refused with these statuses."""
    return method(
        f"/procurements/{{procurement_id:uuid}}/{path}",
        sync_to_thread=True,
        operation_id=operation_id,
        opt={"access": needs(scope)},
        tags=[tag],
        security=BEARER,
        responses=documented(*refusals),
        **more,
    )
