"""Commitments: amounts that people commit for schools and trusts, under their schemes of delegation."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.accounts.organisations import parse_reference
from becta.market.api.access import BEARER, Credentials, etag, needs
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.products import ETAG, Reason
from becta.market.db import Database
from becta.market.delegation.queries import commitments, one_commitment
from becta.market.delegation.rules import CommitmentState
from becta.market.delegation.schemas import CommitmentOut, NewCommitment
from becta.market.delegation.service import decline_commitment, make_commitment, release_commitment
from becta.market.pledges.backing import withdraw_unless_pledged
from becta.market.problems import documented


@post(
    "/commitments",
    sync_to_thread=True,
    operation_id="make_commitment",
    opt={"access": needs(Scope.COMMITMENTS_MAKE)},
    tags=["commitments"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413, 422),
    response_headers=ETAG,
)
def make(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    data: JSONBody[NewCommitment],
    idempotency_key: IdempotencyKey = None,
) -> Response[CommitmentOut]:
    """Commit an amount: approved, held for a named role, or refused; `decisions` holds the rules that say so."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = make_commitment(session, actor, data, now=now)
            told = one_commitment(session, actor, made.id)
            return Answer(told, {**etag(told.revision), "Location": f"/api/v1/commitments/{told.id}"})

        return once(session, actor, idempotency_key, ("POST /commitments", data), do, now=now)


@get(
    "/commitments",
    sync_to_thread=True,
    operation_id="list_commitments",
    opt={"access": needs(Scope.COMMITMENTS_READ)},
    tags=["commitments"],
    security=BEARER,
    responses=documented(400, 401, 403),
)
def list_commitments(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    wanted: Annotated[CommitmentState | None, QueryParameter(name="state", description="Only this state")] = None,
    organisation: Annotated[
        str | None, QueryParameter(max_length=80, description='Only this school or trust, such as "urn:100000"')
    ] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[CommitmentOut]]:
    """The commitments of your organisation and those it owns, newest first."""
    actor = credentials.actor(db, now=clock.now())
    organisation_id = None if organisation is None else parse_reference(organisation, "organisation").id
    bound_to = fingerprint("commitments", actor.bound_to, wanted, organisation_id)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = commitments(
            session, actor, state=wanted, organisation_id=organisation_id, before=before, limit=limit + 1
        )
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/commitments/{commitment_id:uuid}",
    sync_to_thread=True,
    operation_id="get_commitment",
    opt={"access": needs(Scope.COMMITMENTS_READ)},
    tags=["commitments"],
    security=BEARER,
    responses=documented(401, 403, 404),
    response_headers=ETAG,
)
def get_commitment(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], commitment_id: FromPath[UUID]
) -> Response[CommitmentOut]:
    """One commitment."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        found = one_commitment(session, actor, commitment_id)
    return Response(found, headers=etag(found.revision))


@post(
    "/commitments/{commitment_id:uuid}/approve",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="approve_commitment",
    opt={"access": needs(Scope.COMMITMENTS_DECIDE)},
    tags=["commitments"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412),
    response_headers=ETAG,
)
def approve(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], commitment_id: FromPath[UUID]
) -> Response[CommitmentOut]:
    """Let a held commitment through where you may; `holds` shows what still holds it, if another scheme does too."""
    return _step(db, credentials, commitment_id, release_commitment)


@post(
    "/commitments/{commitment_id:uuid}/decline",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="decline_commitment",
    opt={"access": needs(Scope.COMMITMENTS_DECIDE)},
    tags=["commitments"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def decline(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    commitment_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[CommitmentOut]:
    """Turn a held commitment down, saying why."""
    return _step(db, credentials, commitment_id, decline_commitment, data.reason)


@post(
    "/commitments/{commitment_id:uuid}/withdraw",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="withdraw_commitment",
    opt={"access": needs(Scope.COMMITMENTS_MAKE)},
    tags=["commitments"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def withdraw(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    commitment_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[CommitmentOut]:
    """Take back a held or approved commitment, saying why: your own, or any if you decide on them.

    One that a pledge rests on goes with that pledge only.
    """
    return _step(db, credentials, commitment_id, withdraw_unless_pledged, data.reason)


def _step(
    db: Database, credentials: Credentials, commitment_id: UUID, use_case: Callable[..., object], *given: object
) -> Response[CommitmentOut]:
    """One step in a commitment's life, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, commitment_id, *given, revision=credentials.revision, now=now)
        session.flush()
        told = one_commitment(session, actor, commitment_id)
    return Response(told, headers=etag(told.revision))
