"""Evaluation under a procurement: the panel, scores, moderation and consensus, exclusions, and the ranking."""

from functools import cache, partial
from importlib.resources import files
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.market.api.access import PUBLIC, Credentials, etag
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.products import ETAG, Reason
from becta.market.api.routes import ASKED, NOT_YET, SEEN, TAKEN, TAKEN_ONCE, TAKEN_UNCHANGED, of_procurement
from becta.market.db import Database
from becta.market.evaluation.excluding import ask_to_explain, decide_exclusion, exclude_bid, explain
from becta.market.evaluation.panel import appoint_evaluator, declare_interests, stand_down
from becta.market.evaluation.pricing import SHEETS, FormulaSheet
from becta.market.evaluation.ranking import Ranking, rank
from becta.market.evaluation.record import EvaluationRecord
from becta.market.evaluation.rules import ExclusionState
from becta.market.evaluation.schemas import (
    ConsensusesOut,
    ConsensusOut,
    EvaluatorOut,
    EvaluatorsOut,
    ExclusionOut,
    ExclusionsOut,
    Explanation,
    ModerationOut,
    NewDeclaration,
    NewEvaluator,
    NewExclusion,
    NewModeration,
    NewQuestion,
    NewScore,
    ScoreOut,
    ScoresOut,
)
from becta.market.evaluation.scoring import agree_consensus, begin_moderation, score_bid
from becta.market.evaluation.sensitivity import WeightSensitivity, sensitivity
from becta.market.evaluation.viewing import (
    consensus_out,
    consensuses,
    evaluators,
    exclusions,
    one_evaluator,
    one_exclusion,
    own_score,
    scores,
    seen_record,
)

_at = partial(of_procurement, "evaluation")
Lot = Annotated[int, QueryParameter(name="lot", ge=1, le=10_000, description="The number of the lot")]


@_at(post, "evaluators", "appoint_evaluator", Scope.PROCUREMENTS_RUN, TAKEN_ONCE, response_headers=ETAG)
def appoint(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewEvaluator],
    idempotency_key: IdempotencyKey = None,
) -> Response[EvaluatorOut]:
    """Appoint somebody of those who take part to score bids; they declare their interests before they do."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            appoint_evaluator(session, actor, procurement_id, data.person_id, now=now)
            told = one_evaluator(session, actor, procurement_id, data.person_id)
            return Answer(told, etag(told.revision))

        asked = ("POST evaluators", procurement_id, data)
        return once(session, actor, idempotency_key, asked, do, now=now)


@_at(get, "evaluators", "list_evaluators", Scope.PROCUREMENTS_READ, SEEN)
def list_evaluators(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> EvaluatorsOut:
    """The panel, who of it has declared, and who is recused."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return evaluators(session, actor, procurement_id)


@_at(
    post,
    "evaluators/{person_id:uuid}/stand-down",
    "stand_evaluator_down",
    Scope.PROCUREMENTS_RUN,
    TAKEN_UNCHANGED,
    status_code=HTTP_200_OK,
    response_headers=ETAG,
)
def take_off(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    person_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[EvaluatorOut]:
    """Take somebody off the panel for good, saying why; what they scored is kept, and owed no more."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        given = credentials.revision
        stand_down(session, actor, procurement_id, person_id, data.reason, revision=given, now=now)
        told = one_evaluator(session, actor, procurement_id, person_id)
    return Response(told, headers=etag(told.revision))


@_at(put, "conflict-declaration", "declare_interests", Scope.BIDS_SCORE, TAKEN_UNCHANGED, response_headers=ETAG)
def declare(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewDeclaration],
) -> Response[EvaluatorOut]:
    """Declare your interests as an evaluator: none, or a conflict that recuses you from some bids or from all."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        made = declare_interests(session, actor, procurement_id, data, revision=credentials.revision, now=now)
        told = one_evaluator(session, actor, procurement_id, made.person_id)
    return Response(told, headers=etag(told.revision))


@_at(put, "scores", "score_bid", Scope.BIDS_SCORE, TAKEN_UNCHANGED, response_headers=ETAG)
def score(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewScore],
) -> Response[ScoreOut]:
    """Give a bid your mark by a criterion, with your reason; nobody else sees it until moderation begins."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        made = score_bid(session, actor, procurement_id, data, revision=credentials.revision, now=now)
        told = own_score(session, data.lot, made)
    return Response(told, headers=etag(told.revision))


@_at(get, "scores", "list_scores", Scope.PROCUREMENTS_READ, ASKED)
def list_scores(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID], lot: Lot
) -> ScoresOut:
    """The scores of a lot: your own alone until moderation begins, then those of the whole panel."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return scores(session, actor, procurement_id, lot)


@_at(post, "moderation", "begin_moderation", Scope.PROCUREMENTS_RUN, TAKEN)
def moderate(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewModeration],
) -> ModerationOut:
    """Begin moderation of a lot: scores end and the panel sees all of them. Missing ones need a reason."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        made = begin_moderation(session, actor, procurement_id, data, now=now)
        return ModerationOut(
            lot=data.lot, began_by=made.began_by, began_at=made.began_at, missing=made.missing, reason=made.reason
        )


@_at(put, "consensus", "agree_consensus", Scope.BIDS_SCORE, TAKEN_UNCHANGED, response_headers=ETAG)
def agree(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewScore],
) -> Response[ConsensusOut]:
    """Note the mark that the panel agreed for a bid by a criterion, and why; `If-Match: "0"` if none was before."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        made = agree_consensus(session, actor, procurement_id, data, revision=credentials.revision, now=now)
        told = consensus_out(data.lot, made)
    return Response(told, headers=etag(told.revision))


@_at(get, "consensus", "list_consensus", Scope.PROCUREMENTS_READ, ASKED)
def list_consensus(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID], lot: Lot
) -> ConsensusesOut:
    """The marks agreed for a lot, and how many are still to be."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return consensuses(session, actor, procurement_id, lot)


@_at(post, "exclusions", "exclude_bid", Scope.PROCUREMENTS_RUN, TAKEN_ONCE, response_headers=ETAG)
def exclude(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewExclusion],
    idempotency_key: IdempotencyKey = None,
) -> Response[ExclusionOut]:
    """Leave a bid out, saying why; the rest is ranked anew. A price that looks abnormally low is asked about first."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = exclude_bid(session, actor, procurement_id, data, now=now)
            return Answer(one_exclusion(session, made), etag(made.revision))

        return once(session, actor, idempotency_key, ("POST exclusions", procurement_id, data), do, now=now)


@_at(get, "exclusions", "list_exclusions", Scope.PROCUREMENTS_READ, SEEN)
def list_exclusions(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> ExclusionsOut:
    """The bids that are or may be left out; a supplier sees what is about its own bid."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return exclusions(session, actor, procurement_id)


@_at(post, "exclusions/questions", "ask_to_explain_bid", Scope.PROCUREMENTS_RUN, TAKEN_ONCE, response_headers=ETAG)
def ask(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewQuestion],
    idempotency_key: IdempotencyKey = None,
) -> Response[ExclusionOut]:
    """Ask a supplier to explain its bid before it may be left out, such as a price that looks abnormally low."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = ask_to_explain(session, actor, procurement_id, data, now=now)
            return Answer(one_exclusion(session, made), etag(made.revision))

        return once(session, actor, idempotency_key, ("POST questions", procurement_id, data), do, now=now)


@_at(
    post,
    "exclusions/{exclusion_id:uuid}/explanation",
    "explain_bid",
    Scope.BIDS_MAKE,
    TAKEN,
    status_code=HTTP_200_OK,
    response_headers=ETAG,
)
def answer(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    exclusion_id: FromPath[UUID],
    data: JSONBody[Explanation],
) -> Response[ExclusionOut]:
    """Explain your own bid when you are asked to; once, and until it is decided."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        made = explain(session, actor, procurement_id, exclusion_id, data.explanation, now=now)
        told = one_exclusion(session, made)
    return Response(told, headers=etag(told.revision))


@_at(
    post,
    "exclusions/{exclusion_id:uuid}/exclude",
    "exclude_after_explanation",
    Scope.PROCUREMENTS_RUN,
    TAKEN_UNCHANGED,
    status_code=HTTP_200_OK,
    response_headers=ETAG,
)
def exclude_heard(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    exclusion_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ExclusionOut]:
    """Leave a bid out whose supplier explained it or had the time to, saying why."""
    return _decide(db, credentials, procurement_id, exclusion_id, ExclusionState.EXCLUDED, data.reason)


@_at(
    post,
    "exclusions/{exclusion_id:uuid}/drop",
    "drop_exclusion",
    Scope.PROCUREMENTS_RUN,
    TAKEN_UNCHANGED,
    status_code=HTTP_200_OK,
    response_headers=ETAG,
)
def drop(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    exclusion_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ExclusionOut]:
    """Do not leave a bid out after all, saying why; it is ranked with the others."""
    return _decide(db, credentials, procurement_id, exclusion_id, ExclusionState.DROPPED, data.reason)


@_at(get, "ranking", "get_ranking", Scope.PROCUREMENTS_READ, NOT_YET)
def get_ranking(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID], lot: Lot
) -> Ranking:
    """The ranking of a lot with every part of every score, and the bids left out."""
    return rank(_record(db, credentials, procurement_id, lot))


@_at(get, "evaluation-record", "get_evaluation_record", Scope.PROCUREMENTS_READ, NOT_YET)
def get_record(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID], lot: Lot
) -> Response[EvaluationRecord]:
    """All that decides a lot; `/reference/rescore.py` ranks it again without us."""
    name = f'attachment; filename="evaluation-{procurement_id}-{lot}.json"'
    return Response(_record(db, credentials, procurement_id, lot), headers={"Content-Disposition": name})


@_at(get, "sensitivity", "get_sensitivity", Scope.PROCUREMENTS_READ, NOT_YET)
def get_sensitivity(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID], lot: Lot
) -> tuple[WeightSensitivity, ...]:
    """For the price and each criterion of a lot: the nearest weights with which another bid would win."""
    return sensitivity(_record(db, credentials, procurement_id, lot))


@get(
    "/reference/price-formulas",
    sync_to_thread=False,
    operation_id="list_price_formulas",
    opt={"access": PUBLIC},
    tags=["reference"],
)
def list_formulas() -> tuple[FormulaSheet, ...]:
    """The price formulas there are, what each does in a sentence, and what is weak about it."""
    return tuple(SHEETS.values())


@get(
    "/reference/rescore.py",
    sync_to_thread=False,
    operation_id="get_rescore_script",
    opt={"access": PUBLIC},
    tags=["reference"],
    media_type="text/x-python",
)
def get_script() -> Response[bytes]:
    """A script of its own that ranks an evaluation record again: `python rescore.py record.json`."""
    headers = {"Content-Disposition": 'attachment; filename="rescore.py"'}
    return Response(_script(), media_type="text/x-python", headers=headers)


@cache
def _script() -> bytes:
    return files("becta.market.evaluation").joinpath("rescore.py").read_bytes()


def _record(db: Database, credentials: Credentials, procurement_id: UUID, lot: int) -> EvaluationRecord:
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return seen_record(session, actor, procurement_id, lot)


def _decide(
    db: Database,
    credentials: Credentials,
    procurement_id: UUID,
    exclusion_id: UUID,
    state: ExclusionState,
    reason: str,
) -> Response[ExclusionOut]:
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        given = credentials.revision
        made = decide_exclusion(session, actor, procurement_id, exclusion_id, state, reason, revision=given, now=now)
        told = one_exclusion(session, made)
    return Response(told, headers=etag(told.revision))


EVALUATIONS = (
    appoint,
    list_evaluators,
    take_off,
    declare,
    score,
    list_scores,
    moderate,
    agree,
    list_consensus,
    exclude,
    list_exclusions,
    ask,
    answer,
    exclude_heard,
    drop,
    get_ranking,
    get_record,
    get_sensitivity,
    list_formulas,
    get_script,
)
"""Every route of evaluation."""
