"""Who asks: the bearer token of a request, looked up before a handler opens its transaction."""

import re
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.exceptions import NotAuthorizedException
from msgspec import Struct

from becta.kernel.actor import Actor
from becta.kernel.errors import Fault, Invalid
from becta.market.accounts.service import actor_of
from becta.market.db import Database

BEARER: list[dict[str, list[str]]] = [{"BearerToken": []}]
"""The `security` of every route that needs a token."""


class Credentials(Struct, frozen=True):
    """What a request brought to say who asks, and which revision it means to change."""

    secret: str | None
    if_match: str | None

    def actor(self, db: Database, *, now: datetime) -> Actor:
        """Who asks, looked up before any lock is taken; raises NotAuthorizedException without a live token."""
        if self.secret is None:
            raise NotAuthorizedException("send the header Authorization: Bearer <token>")
        with db.read() as session:
            actor = actor_of(session, self.secret, now=now)
        if actor is None:
            raise NotAuthorizedException("this token is unknown, has expired or was revoked")
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
        secret=secret.strip() or None if scheme.lower() == "bearer" else None, if_match=request.headers.get("if-match")
    )


def is_known(request: Request[Any, Any, Any], tag: str) -> bool:
    """Whether the client holds this answer already: If-None-Match names its ETag (weak comparison, RFC 9110)."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or tag.removeprefix("W/") in re.findall(r'"[^"]*"', given)


def etag(revision: int) -> dict[str, str]:
    """The ETag header of a revision."""
    return {"ETag": f'"{revision}"'}
