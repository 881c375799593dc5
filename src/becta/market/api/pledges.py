"""Pledges to procurements: what schools take together, the live tier curve, and how savings are shared."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, Credentials, etag, needs
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.products import ETAG, Reason
from becta.market.awards.queries import is_called_off
from becta.market.db import Database
from becta.market.pledges.caps import caps_last
from becta.market.pledges.lapsing import with_room
from becta.market.pledges.queries import curve, one_pledge, pledges, savings
from becta.market.pledges.rules import PledgeState
from becta.market.pledges.schemas import AnswerGiven, NewPledge, PledgeOut, PledgeTerms, SavingsOut
from becta.market.pledges.service import amend_pledge, answer_question, make_pledge, withdraw_pledge
from becta.market.pledges.tiers import TierCurve
from becta.market.problems import documented

LotNumber = Annotated[int, QueryParameter(ge=1, le=1_000, description="The lot, by its number")]


@post(
    "/procurements/{procurement_id:uuid}/pledges",
    sync_to_thread=True,
    operation_id="make_pledge",
    opt={"access": needs(Scope.PLEDGES_MAKE)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413, 422),
    response_headers=ETAG,
)
def make(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewPledge],
    idempotency_key: IdempotencyKey = None,
) -> Response[PledgeOut]:
    """Pledge for a school that takes part; it commits the most that it can cost under the school's scheme."""
    now = clock.now()
    actor = credentials.actor(db, now=now)

    def attempt() -> Response[PledgeOut]:
        with db.write() as session, caps_last(session):

            def do() -> Answer:
                made = make_pledge(session, actor, procurement_id, data, now=now)
                told = one_pledge(session, actor, procurement_id, made.id, now=now)
                place = f"/api/v1/procurements/{procurement_id}/pledges/{told.id}"
                return Answer(told, {**etag(told.revision), "Location": place})

            asked = ("POST /pledges", procurement_id, data)
            return once(session, actor, idempotency_key, asked, do, now=now)

    return with_room(db, procurement_id, attempt, now=now)


@get(
    "/procurements/{procurement_id:uuid}/pledges",
    sync_to_thread=True,
    operation_id="list_pledges",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def list_pledges(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    lot: Annotated[int | None, QueryParameter(ge=1, le=1_000, description="Only this lot, by its number")] = None,
    wanted: Annotated[PledgeState | None, QueryParameter(name="state", description="Only this state")] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[PledgeOut]]:
    """The pledges, newest first: a school sees its own, a trust its schools', whoever runs the procurement all."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    bound_to = fingerprint("pledges", actor.bound_to, procurement_id, lot, wanted)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = pledges(session, actor, procurement_id, lot=lot, state=wanted, before=before, limit=limit + 1, now=now)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/procurements/{procurement_id:uuid}/pledges/{pledge_id:uuid}",
    sync_to_thread=True,
    operation_id="get_pledge",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(401, 403, 404),
    response_headers=ETAG,
)
def get_pledge(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    pledge_id: FromPath[UUID],
) -> Response[PledgeOut]:
    """One pledge, with the question its school must answer if others left."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        found = one_pledge(session, actor, procurement_id, pledge_id, now=now)
    return Response(found, headers=etag(found.revision))


@put(
    "/procurements/{procurement_id:uuid}/pledges/{pledge_id:uuid}",
    sync_to_thread=True,
    operation_id="amend_pledge",
    opt={"access": needs(Scope.PLEDGES_MAKE)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def amend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    pledge_id: FromPath[UUID],
    data: JSONBody[PledgeTerms],
) -> Response[PledgeOut]:
    """Change a pledge until the pledge deadline; beyond what was committed it commits anew."""
    return _step(db, credentials, procurement_id, pledge_id, amend_pledge, data)


@post(
    "/procurements/{procurement_id:uuid}/pledges/{pledge_id:uuid}/withdraw",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="withdraw_pledge",
    opt={"access": needs(Scope.PLEDGES_MAKE)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def withdraw(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    pledge_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[PledgeOut]:
    """Take a pledge back, saying why, and its commitment with it; once locked, until the withdrawal deadline.

    Those who would then pay more than their ceiling are asked first.
    """
    take_back = partial(withdraw_pledge, is_called_off=is_called_off)
    return _step(db, credentials, procurement_id, pledge_id, take_back, data.reason)


@post(
    "/procurements/{procurement_id:uuid}/pledges/{pledge_id:uuid}/answer",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="answer_pledge_question",
    opt={"access": needs(Scope.PLEDGES_MAKE)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def answer(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    pledge_id: FromPath[UUID],
    data: JSONBody[AnswerGiven],
) -> Response[PledgeOut]:
    """Say whether the school stays at the price in its pledge's `question`, or leaves."""
    return _step(db, credentials, procurement_id, pledge_id, answer_question, data)


@get(
    "/procurements/{procurement_id:uuid}/tier-curve",
    sync_to_thread=True,
    operation_id="get_tier_curve",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def get_tier_curve(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    lot: LotNumber = 1,
    organisation: Annotated[
        str | None, QueryParameter(max_length=80, description='The school whose saving to show, such as "urn:100001"')
    ] = None,
) -> TierCurve:
    """Price against quantity, where what is pledged stands on it this second, and what the next tier would save."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return curve(session, actor, procurement_id, lot, organisation=organisation)


@get(
    "/procurements/{procurement_id:uuid}/savings",
    sync_to_thread=True,
    operation_id="get_savings",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["pledges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409),
)
def get_savings(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    lot: LotNumber = 1,
) -> SavingsOut:
    """What each school would pay at the quantity pledged now, by the policy published for sharing savings."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        return savings(session, actor, procurement_id, lot, now=now)


def _step(
    db: Database,
    credentials: Credentials,
    procurement_id: UUID,
    pledge_id: UUID,
    use_case: Callable[..., object],
    given: object,
) -> Response[PledgeOut]:
    """One step in a pledge's life, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)

    def attempt() -> PledgeOut:
        with db.write() as session, caps_last(session):
            use_case(session, actor, procurement_id, pledge_id, given, revision=credentials.revision, now=now)
            session.flush()
            return one_pledge(session, actor, procurement_id, pledge_id, now=now)

    told = with_room(db, procurement_id, attempt, now=now)
    return Response(told, headers=etag(told.revision))
