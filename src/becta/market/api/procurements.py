"""Procurements: a need that schools share, from the draft to the tender deadline."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, Credentials, etag, needs
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.products import ETAG, Reason
from becta.market.awards.calling_off import called_off_so_far
from becta.market.bids.queries import officers_ready
from becta.market.db import Database
from becta.market.pledges.asking_in import ask_members_in
from becta.market.pledges.lapsing import with_room
from becta.market.pledges.queries import demand_of
from becta.market.problems import documented
from becta.market.procurements.clarifying import amend_tender, answer, ask
from becta.market.procurements.engaging import note_engagement
from becta.market.procurements.inviting import invite_suppliers
from becta.market.procurements.queries import lots_of, members, one_procurement, procurements
from becta.market.procurements.schemas import (
    Answered,
    ConflictsAssessment,
    MarketEngagement,
    MemberOut,
    NewInvitations,
    NewMembers,
    NewProcurement,
    NewQuestion,
    ProcurementOut,
    ProcurementShort,
    ProcurementTerms,
    TenderAmendment,
)
from becta.market.procurements.service import (
    advertise,
    assess_conflicts,
    open_gathering,
    rewrite_procurement,
    start_procurement,
    terminate,
)
from becta.market.procurements.states import ProcurementState
from becta.market.settings import Settings

ONE = "/procurements/{procurement_id:uuid}"
STEP_PROBLEMS = documented(400, 401, 403, 404, 409, 412, 413)


def step(path: str, operation_id: str, scope: Scope = Scope.PROCUREMENTS_RUN) -> Callable[..., HTTPRouteHandler]:
    """A route that takes a procurement one step on and answers with it."""
    return post(
        f"{ONE}/{path}",
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        operation_id=operation_id,
        opt={"access": needs(scope)},
        tags=["procurements"],
        security=BEARER,
        responses=STEP_PROBLEMS,
        response_headers=ETAG,
    )


@post(
    "/procurements",
    sync_to_thread=True,
    operation_id="start_procurement",
    opt={"access": needs(Scope.PROCUREMENTS_RUN)},
    tags=["procurements"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413, 422),
    response_headers=ETAG,
)
def start(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    settings: NamedDependency[Settings],
    data: JSONBody[NewProcurement],
    idempotency_key: IdempotencyKey = None,
) -> Response[ProcurementOut]:
    """Start a need as a draft: its lots, how bids will be judged, how savings are shared, and the timetable."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = start_procurement(session, actor, data, ocid_prefix=settings.ocid_prefix, now=now)
            told = one_procurement(session, actor, made.id, now=now)
            return Answer(told, {**etag(told.revision), "Location": f"/api/v1/procurements/{told.id}"})

        return once(session, actor, idempotency_key, ("POST /procurements", data), do, now=now)


@get(
    "/procurements",
    sync_to_thread=True,
    operation_id="list_procurements",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["procurements"],
    security=BEARER,
    responses=documented(400, 401, 403),
)
def list_procurements(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    wanted: Annotated[ProcurementState | None, QueryParameter(name="state", description="Only this state")] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[ProcurementShort]]:
    """The procurements you run, take part in or may bid for, newest first."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    bound_to = fingerprint("procurements", actor.bound_to, wanted)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = procurements(session, actor, state=wanted, before=before, limit=limit + 1, now=now)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    ONE,
    sync_to_thread=True,
    operation_id="get_procurement",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["procurements"],
    security=BEARER,
    responses=documented(401, 403, 404),
    response_headers=ETAG,
)
def get_procurement(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> Response[ProcurementOut]:
    """A procurement as you may see it: a supplier sees neither caps nor who takes part."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        found = one_procurement(session, actor, procurement_id, now=now)
    return Response(found, headers=etag(found.revision))


@put(
    ONE,
    sync_to_thread=True,
    operation_id="rewrite_procurement",
    opt={"access": needs(Scope.PROCUREMENTS_RUN)},
    tags=["procurements"],
    security=BEARER,
    responses=STEP_PROBLEMS,
    response_headers=ETAG,
)
def rewrite(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[ProcurementTerms],
) -> Response[ProcurementOut]:
    """Write a draft anew as a whole."""
    return take_step(db, credentials, procurement_id, rewrite_procurement, data)


@get(
    f"{ONE}/members",
    sync_to_thread=True,
    operation_id="list_procurement_members",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["procurements"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def list_members(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[MemberOut]]:
    """The schools that take part, with their caps: all of them for whoever runs it, else those within your reach."""
    actor = credentials.actor(db, now=clock.now())
    bound_to = fingerprint("procurement members", procurement_id, actor.bound_to)
    after = start_after(cursor, bound_to)
    with db.read() as session:
        found = members(session, actor, procurement_id, after=after, limit=limit + 1)
    following = next_cursor([one.organisation.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@step("members", "ask_schools_in")
def ask_in(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewMembers],
) -> Response[ProcurementOut]:
    """Ask schools, and trusts with all their schools, to take part, each with its cap; again to change caps."""
    return with_room(
        db,
        procurement_id,
        lambda: take_step(db, credentials, procurement_id, ask_members_in, data),
        now=clock.now(),
    )


@step("invitations", "ask_suppliers_to_bid")
def ask_to_bid(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewInvitations],
) -> Response[ProcurementOut]:
    """Ask suppliers to bid; of a framework's lot only those that hold it."""
    return take_step(db, credentials, procurement_id, invite_suppliers, data)


@step("conflicts-assessment", "assess_conflicts")
def assess(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[ConflictsAssessment],
) -> Response[ProcurementOut]:
    """Note that conflicts of interest were assessed; nothing is advertised before (Procurement Act 2023 s.83)."""
    return take_step(db, credentials, procurement_id, assess_conflicts, data)


@step("engagement", "note_market_engagement")
def engage(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[MarketEngagement],
) -> Response[ProcurementOut]:
    """Note, before the tender, how the market is or was engaged, or why no notice says so (s.17); it is published."""
    return take_step(db, credentials, procurement_id, note_engagement, data)


@step("gathering", "open_gathering")
def gather(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> Response[ProcurementOut]:
    """Let the schools that take part pledge, until the pledge deadline."""
    return take_step(db, credentials, procurement_id, open_gathering)


@step("tender", "advertise_tender")
def ask_for_bids(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> Response[ProcurementOut]:
    """Ask for sealed bids, until the tender deadline; the lots are frozen from here on."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        is_ready = officers_ready(session, procurement_id)
        revision = credentials.revision
        pledged = _pledged_pence(session, procurement_id)
        advertise(
            session,
            actor,
            procurement_id,
            officers_ready=is_ready,
            pledged_pence=pledged,
            called_off_pence=called_off_so_far(session, procurement_id),
            revision=revision,
            now=now,
        )
        told = one_procurement(session, actor, procurement_id, now=now)
    return Response(told, headers=etag(told.revision))


@step("questions", "ask_question", Scope.BIDS_MAKE)
def ask_question(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewQuestion],
) -> Response[ProcurementOut]:
    """Ask about a tender; question and answer go to everybody, and nobody learns who asked."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        ask(session, actor, procurement_id, data, now=now)
        told = one_procurement(session, actor, procurement_id, now=now)
    return Response(told, headers=etag(told.revision))


@step("questions/{number:int}/answer", "answer_question")
def answer_question(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    number: FromPath[int],
    data: JSONBody[Answered],
) -> Response[ProcurementOut]:
    """Answer a question, to everybody at once."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        answer(session, actor, procurement_id, number, data, now=now)
        told = one_procurement(session, actor, procurement_id, now=now)
    return Response(told, headers=etag(told.revision))


@step("amendments", "amend_tender")
def amend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[TenderAmendment],
) -> Response[ProcurementOut]:
    """Change a tender while bids are being made, saying why, with more time where the change needs it (s.31)."""
    return take_step(db, credentials, procurement_id, amend_tender, data)


@step("terminate", "terminate_procurement")
def end(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ProcurementOut]:
    """End a procurement without an award, saying why."""
    return take_step(db, credentials, procurement_id, terminate, data.reason)


def _pledged_pence(session: Session, procurement_id: UUID) -> int:
    """What schools pledged at their ceilings, ex VAT."""
    wanted = (one for lot in lots_of(session, procurement_id) for one in demand_of(session, lot.id))
    return sum(one.quantity * one.ceiling_price_pence for one in wanted)


def take_step(
    db: Database, credentials: Credentials, procurement_id: UUID, use_case: Callable[..., object], *given: object
) -> Response[ProcurementOut]:
    """One step in a procurement's life, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, procurement_id, *given, revision=credentials.revision, now=now)
        session.flush()
        told = one_procurement(session, actor, procurement_id, now=now)
    return Response(told, headers=etag(told.revision))
