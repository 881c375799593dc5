"""Who asks, and what a route asks of them: each route states its `access`, and actors are looked up against it."""

import asyncio
import re
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Fault, Forbidden, Invalid
from becta.market.accounts.last_used import LastUsed
from becta.market.accounts.tokens import actor_of
from becta.market.db import Database

BEARER: list[dict[str, list[str]]] = [{"BearerToken": []}]
"""The `security` of every route that needs a token."""


class Access(Struct, frozen=True):
    """Who may take a route: anybody, or somebody known, who may need a scope. What they reach, the use case asks."""

    signed_in: bool
    scope: Scope | None = None


PUBLIC = Access(signed_in=False)
SIGNED_IN = Access(signed_in=True)


def needs(scope: Scope) -> Access:
    """The access of a route that needs a scope."""
    return Access(signed_in=True, scope=scope)


class Credentials(Struct, frozen=True):
    """What a request brought to say who asks, and which revision it means to change."""

    secret: str | None
    if_match: str | None
    access: Access
    tokens_used: LastUsed | None = None

    def actor(self, db: Database, *, now: datetime) -> Actor:
        """Who asks, looked up before any lock is taken.

        Raises NotAuthorizedException without a live token, and Forbidden without the scope that the route needs.
        """
        if self.secret is None:
            raise NotAuthorizedException("send the header Authorization: Bearer <token>")
        with db.read() as session:
            actor = actor_of(session, self.secret, now=now)
        if actor is None:
            raise NotAuthorizedException("this token is unknown, has expired or was revoked")
        if self.tokens_used is not None:
            self.tokens_used.note(UUID(actor.id), now=now)
        if self.access.scope is not None and self.access.scope not in actor.scopes:
            raise Forbidden(need=self.access.scope)
        return actor

    @property
    def revision(self) -> int | None:
        """The revision named in If-Match, None if there is none; raises Invalid if it is not one of ours."""
        if self.if_match is None or self.if_match.strip() == "*":
            return None
        found = re.fullmatch(r'"(\d{1,9})"', self.if_match.strip(), re.ASCII)
        if found is None:
            mend = 'send the ETag you were given, such as "3"'
            raise Invalid([Fault(field="If-Match", problem="is not a revision", mend=mend, value=self.if_match[:40])])
        return int(found[1])


def credentials(request: Request[Any, Any, Any]) -> Credentials:
    """What the request's headers say; nothing is checked yet."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return Credentials(
        secret=secret.strip() or None if scheme.lower() == "bearer" else None,
        if_match=request.headers.get("if-match"),
        access=request.route_handler.opt["access"],
        tokens_used=request.app.state.get("tokens_used"),
    )


async def known_first(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """A guard for routes that take files: whoever brings no live token is told so before a body is taken.

    The form is read here, by the request itself, which answers for one in an encoding that nobody knows.
    """
    request = cast("Request[Any, Any, Any]", connection)
    await asyncio.to_thread(credentials(request).actor, connection.app.state["db"], now=clock.now())
    await request.form()


def is_known(request: Request[Any, Any, Any], tag: str) -> bool:
    """Whether the client holds this answer already: If-None-Match names its ETag (weak comparison, RFC 9110)."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or tag.removeprefix("W/") in re.findall(r'"[^"]*"', given)


def etag(revision: int) -> dict[str, str]:
    """The ETag header of a revision."""
    return {"ETag": f'"{revision}"'}
