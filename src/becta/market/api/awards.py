"""Awards: deciding, summaries, the standstill, contracts and their changes, and what each school calls off."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, Credentials, etag, needs
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.procurements import ONE, step, take_step
from becta.market.api.products import Reason
from becta.market.awards.changing import change_contract, end_contract
from becta.market.awards.contracting import conclude
from becta.market.awards.deciding import decide_award, reconsider, to_decide, work_out
from becta.market.awards.queries import call_offs, contracts, decisions, savings_report, summaries_sent
from becta.market.awards.schemas import (
    CallOffOut,
    ContractOut,
    DecisionOut,
    NewChallenge,
    NewChange,
    NewContracts,
    NewDecision,
    NewStandstill,
    SavingsReport,
    SummaryOut,
)
from becta.market.awards.standing import begin_standstill, challenge, publish_award, resume, send_summaries
from becta.market.db import Database
from becta.market.problems import documented
from becta.market.procurements.queries import one_procurement
from becta.market.procurements.schemas import ProcurementOut

AWARD = Scope.PROCUREMENTS_AWARD


@step("award", "decide_award", AWARD)
def decide(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewDecision],
) -> Response[ProcurementOut]:
    """Decide who wins by the record: the best of each lot, of all lots, or the cheapest split, with its proof."""
    now, revision = clock.now(), credentials.revision
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        method, lots = to_decide(session, actor, procurement_id, data, revision=revision)
    plan = work_out(method, lots, seconds=data.seconds)
    with db.write() as session:
        decide_award(session, actor, procurement_id, data, plan, revision=revision, now=clock.now())
        told = one_procurement(session, actor, procurement_id, now=now)
    return Response(told, headers=etag(told.revision))


@step("reconsider", "reconsider_award", AWARD)
def reconsider_award(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ProcurementOut]:
    """Take a decision back before it became contracts, saying why; the bids are judged again."""
    return take_step(db, credentials, procurement_id, reconsider, data.reason)


@step("summaries", "send_assessment_summaries", AWARD)
def summarise(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> Response[ProcurementOut]:
    """Give every assessed bidder its assessment summary, before the award notice (Procurement Act 2023 s.50)."""
    return take_step(db, credentials, procurement_id, send_summaries)


@step("award-notice", "publish_award", AWARD)
def publish(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> Response[ProcurementOut]:
    """Publish the award notice (UK6) without a standstill, where none is mandatory: call-offs, below the threshold."""
    return take_step(db, credentials, procurement_id, publish_award)


@step("standstill", "begin_standstill", AWARD)
def stand_still(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewStandstill],
) -> Response[ProcurementOut]:
    """Publish the award notice and begin the standstill, in UK-wide working days (s.51)."""
    return take_step(db, credentials, procurement_id, begin_standstill, data)


@step("challenge", "suspend_by_challenge", AWARD)
def suspend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewChallenge],
) -> Response[ProcurementOut]:
    """Note that a claim was notified within the standstill: nothing is contracted until it is settled (s.101)."""
    return take_step(db, credentials, procurement_id, challenge, data)


@step("resume", "resume_after_challenge", AWARD)
def go_on(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ProcurementOut]:
    """Go on after a claim was settled, saying how; what is left of the standstill runs."""
    return take_step(db, credentials, procurement_id, resume, data.reason)


@step("contracts", "enter_into_contracts", AWARD)
def contract(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewContracts],
) -> Response[ProcurementOut]:
    """Enter into a contract with each winner, and freeze what each school gets and owes."""
    return take_step(db, credentials, procurement_id, conclude, data)


@step("contracts/{contract_id:uuid}/changes", "change_contract", AWARD)
def change(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    contract_id: FromPath[UUID],
    data: JSONBody[NewChange],
) -> Response[list[ContractOut]]:
    """Modify a contract as far as s.74 lets it be, and whether a notice comes first. If-Match: its revision."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        change_contract(session, actor, procurement_id, contract_id, data, revision=credentials.revision, now=now)
        session.flush()
        return Response(contracts(session, actor, procurement_id), status_code=200)


@step("contracts/{contract_id:uuid}/end", "end_contract", AWARD)
def end_one(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    contract_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[list[ContractOut]]:
    """Note that a contract ended, saying why. If-Match: the contract's revision."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        end_contract(session, actor, procurement_id, contract_id, data.reason, revision=credentials.revision, now=now)
        session.flush()
        return Response(contracts(session, actor, procurement_id), status_code=200)


def _reading(path: str, operation_id: str) -> Callable[..., HTTPRouteHandler]:
    return get(
        f"{ONE}/{path}",
        sync_to_thread=True,
        operation_id=operation_id,
        opt={"access": needs(Scope.PROCUREMENTS_READ)},
        tags=["procurements"],
        security=BEARER,
        responses=documented(400, 401, 403, 404, 409),
    )


@_reading("awards", "list_awards")
def list_awards(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> list[DecisionOut]:
    """The award decisions, newest first, with how good a split is proved to be."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return decisions(session, actor, procurement_id)


@_reading("summaries", "list_assessment_summaries")
def list_summaries(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> list[SummaryOut]:
    """The assessment summaries: your own as a bidder, all of them as the buyer."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return summaries_sent(session, actor, procurement_id)


@_reading("contracts", "list_contracts")
def list_contracts(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> list[ContractOut]:
    """The contracts with their changes; a supplier sees its own."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return contracts(session, actor, procurement_id)


@_reading("call-offs", "list_call_offs")
def list_call_offs(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[CallOffOut]]:
    """What each school gets and owes, frozen and ready to be ordered: yours, or all of them as the buyer."""
    actor = credentials.actor(db, now=clock.now())
    bound_to = fingerprint("call-offs", procurement_id, actor.bound_to)
    after = start_after(cursor, bound_to)
    with db.read() as session:
        found = call_offs(session, actor, procurement_id, after=after, limit=limit + 1)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@_reading("savings-report", "get_savings_report")
def get_savings(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> SavingsReport:
    """What buying together saved, school by school, against each one's price alone."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return savings_report(session, actor, procurement_id)
