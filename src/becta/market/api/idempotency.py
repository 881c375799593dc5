"""Writes that must not happen twice: the answer to a request with an Idempotency-Key is kept with the change itself.

Whoever sends the same request with the same key again is given that answer. Only what succeeded is kept: a request
that was refused changed nothing and may be tried again.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.exceptions import ClientException
from litestar.params import HeaderParameter
from msgspec import Struct
from sqlalchemy import delete, text
from sqlmodel import Session, col

from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict, Fault, Invalid
from becta.market.idempotency.models import IdempotencyKeyRow

KEPT = timedelta(hours=24)
"""How long an answer, which may name people, is kept; after that a key counts as new."""
NAME = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name=NAME,
        description="A fresh name for this request, such as a UUID. Sent again with it, the request is answered as "
        "before and done only once; for 24 hours.",
    ),
]


class Answer(Struct, frozen=True):
    """What a request is answered with; `body` is encoded as JSON."""

    body: Any
    headers: dict[str, str] = {}
    status: int = 201


def once(
    session: Session,
    actor: Actor,
    key: str | None,
    request: object,
    do: Callable[[], Answer],
    *,
    now: datetime,
) -> Response[Any]:
    """Do what a request asks and keep the answer in the same transaction, or give the answer kept under its key.

    `request` is all that it asks for, its kind first. Raises Invalid for a bad key, Conflict while the first of the
    same requests is being answered, and a 422 if the key was used to ask for something else.
    """
    if key is None:
        return _response(_kept(do()))
    owner, key = f"{actor.person_id or actor.id}:{actor.organisation_id}", _parsed(key)
    asked = sha256(msgspec.json.encode(request, order="sorted")).hexdigest()
    _take_turn(session, f"{owner}/{key}")
    session.execute(delete(IdempotencyKeyRow).where(col(IdempotencyKeyRow.created_at) <= now - KEPT))
    found = session.get(IdempotencyKeyRow, (owner, key))
    if found is None:
        kept = _kept(do())
        row = IdempotencyKeyRow(
            actor=owner,
            key=key,
            person_id=actor.person_id,
            request_hash=asked,
            status=kept.status,
            headers=kept.headers,
            body=kept.body,
            created_at=now,
        )
        session.add(row)
        session.flush()
        return _response(kept)
    if found.request_hash != asked:
        raise ClientException(status_code=422, detail=f"the {NAME} {key} was used for another request; take a new one")
    return _response(Answer(found.body, found.headers, found.status))


def _parsed(given: str) -> str:
    """The key without the quotation marks that the draft standard wants and few send."""
    key = given.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        mend = "send 1 to 200 visible ASCII characters, best a fresh UUID"
        raise Invalid([Fault(field=NAME, problem="is not a key", mend=mend, value=given[:40])])
    return key


def _take_turn(session: Session, name: str) -> None:
    """Refuse while another transaction works under the same name. SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "sqlite":
        return
    asked = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    if not session.execute(asked, {"name": name}).scalar():
        raise Conflict("the same request is being answered at this moment; send it again shortly")


def _kept(answer: Answer) -> Answer:
    return Answer(msgspec.json.encode(answer.body).decode(), answer.headers, answer.status)


def _response(kept: Answer) -> Response[Any]:
    return Response(
        kept.body.encode(), media_type="application/json", headers=dict(kept.headers), status_code=kept.status
    )
