"""The audit trail: hashes and checkpoints for anybody, events and their proofs for those they concern."""

import re
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import NotFound
from becta.kernel.paging import decode_cursor, encode_cursor, fingerprint
from becta.kernel.trail import MAX_INTEGER
from becta.market.api.access import BEARER, PUBLIC, Credentials, needs
from becta.market.api.paging import CursorParameter, Limit, Page, link_header
from becta.market.audit.queries import consistency, history, inclusion, one_event, proof_of
from becta.market.audit.schemas import ConsistencyOut, EventOut, InclusionOut, KeyOut, Proof
from becta.market.audit.sealing import Checkpoint, Sealer, checkpoints
from becta.market.db import Database
from becta.market.problems import documented

Before = Annotated[int, Meta(ge=0, le=MAX_INTEGER - 1)]
CHECKPOINTS = fingerprint("audit-checkpoints")
Size = Annotated[int, QueryParameter(ge=1, le=MAX_INTEGER - 1, description="Number of events of a tree")]


@get(
    "/audit/checkpoint",
    sync_to_thread=True,
    operation_id="get_checkpoint",
    opt={"access": PUBLIC},
    tags=["audit"],
    responses=documented(404, 409),
)
def get_checkpoint(sealer: NamedDependency[Sealer]) -> Checkpoint:
    """The signed state of the whole trail: keep it, and nobody can change what came before without your noticing."""
    made = sealer.seal()
    if made is None:
        raise NotFound("checkpoint", "of an empty trail")
    return made


@get(
    "/audit/checkpoints",
    sync_to_thread=True,
    operation_id="list_checkpoints",
    opt={"access": PUBLIC},
    tags=["audit"],
    responses=documented(400),
)
def list_checkpoints(
    request: Request[Any, Any, Any], db: NamedDependency[Database], limit: Limit = 50, cursor: CursorParameter = None
) -> Response[Page[Checkpoint]]:
    """Every checkpoint that was signed, newest first."""
    before = _before(cursor, CHECKPOINTS)
    with db.read() as session:
        found = checkpoints(session.connection(), before=before, limit=limit + 1)
    following = encode_cursor(CHECKPOINTS, found[limit - 1].size) if len(found) > limit else None
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get("/audit/key", sync_to_thread=True, operation_id="get_audit_key", opt={"access": PUBLIC}, tags=["audit"])
def get_key(sealer: NamedDependency[Sealer]) -> KeyOut:
    """The key that signs checkpoints, as a verifier key of signed notes and as a JSON Web Key."""
    return KeyOut(verifier=sealer.key.text, jwk=sealer.key.jwk)


@get(
    "/audit/consistency",
    sync_to_thread=True,
    operation_id="get_consistency_proof",
    opt={"access": PUBLIC},
    tags=["audit"],
    responses=documented(400),
)
def get_consistency(db: NamedDependency[Database], first: Size, second: Size) -> ConsistencyOut:
    """What proves that the trail only grew between two sizes."""
    with db.read() as session:
        return consistency(session.connection(), first, second)


@get(
    "/audit/events/{position:int}/inclusion",
    sync_to_thread=True,
    operation_id="get_inclusion_proof",
    opt={"access": PUBLIC},
    tags=["audit"],
    responses=documented(400, 404, 409),
)
def get_inclusion(
    db: NamedDependency[Database],
    sealer: NamedDependency[Sealer],
    position: FromPath[int],
    size: Annotated[int | None, QueryParameter(description="Number of events of the tree")] = None,
) -> InclusionOut:
    """What proves that an event is in the trail, by hashes alone; without a size, in that of a checkpoint."""
    wanted = sealer.covering(position).size if size is None else size
    with db.read() as session:
        return inclusion(session.connection(), position, wanted)


@get(
    "/audit/events/{position:int}",
    sync_to_thread=True,
    operation_id="get_audit_event",
    opt={"access": needs(Scope.AUDIT_READ)},
    tags=["audit"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def get_event(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], position: FromPath[int]
) -> EventOut:
    """An event, with the text that is hashed."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return one_event(session.connection(), actor, position)


@get(
    "/audit/events/{position:int}/proof",
    sync_to_thread=True,
    operation_id="get_audit_proof",
    opt={"access": needs(Scope.AUDIT_READ)},
    tags=["audit"],
    security=BEARER,
    responses=documented(401, 403, 404, 409),
)
def get_proof(
    db: NamedDependency[Database],
    sealer: NamedDependency[Sealer],
    credentials: NamedDependency[Credentials],
    position: FromPath[int],
) -> Proof:
    """An event with all that is needed to check it elsewhere, with check_audit.py."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        one_event(session.connection(), actor, position)  # nobody else's question seals anything
    checkpoint = sealer.covering(position)
    with db.read() as session:
        return proof_of(session.connection(), actor, position, checkpoint)


@get(
    "/audit/objects/{object_type:str}/{object_id:uuid}",
    sync_to_thread=True,
    operation_id="get_history",
    opt={"access": needs(Scope.AUDIT_READ)},
    tags=["audit"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def get_history(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    object_type: FromPath[str],
    object_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[EventOut]]:
    """What was done to a thing, newest first, as far as it concerns who asks."""
    actor = credentials.actor(db, now=clock.now())
    if re.fullmatch(r"[a-z_]{1,32}", object_type) is None:
        raise NotFound("kind of thing", object_type)
    bound_to = fingerprint("audit-history", object_type, object_id, actor.bound_to)
    before = _before(cursor, bound_to)
    with db.read() as session:
        found = history(session.connection(), actor, object_type, object_id, before=before, limit=limit + 1)
    following = encode_cursor(bound_to, found[limit - 1].position) if len(found) > limit else None
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


def _before(cursor: str | None, bound_to: str) -> int | None:
    """The number a page starts before; raises Invalid for a cursor of another list."""
    if cursor is None:
        return None
    before: int = decode_cursor(cursor, bound_to, Before)
    return before
