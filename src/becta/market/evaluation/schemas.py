"""Evaluation as it is sent and shown. Money is integer pence ex VAT, scores are exact decimals."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from becta.market.evaluation.record import Ground
from becta.market.evaluation.rules import ExclusionState


class NewEvaluator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to appoint: a member of the lead or of a school or trust that takes part."""

    person_id: UUID


class NewDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An evaluator's declaration of interests. A conflict recuses them from `bids`, or if none is named, wholly."""

    has_conflict: bool
    conflict: str = ""
    bids: tuple[UUID, ...] = ()


class NewScore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mark for a bid for a lot by a criterion, and why: 0 to 5, or 1 (met) and 0 (not) where it is pass or fail."""

    lot: int
    bid_id: UUID
    criterion: str
    mark: int
    reason: str


class NewModeration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lot whose scores are now to be seen and agreed on; a `reason` is needed where scores are missing."""

    lot: int
    reason: str = ""


class NewExclusion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bid to leave out of a lot (None: of all), on what ground and why."""

    bid_id: UUID
    lot: int | None = None
    ground: Ground
    reason: str


class NewQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a supplier must explain, and until when, before its bid may be left out of a lot (None: of all)."""

    bid_id: UUID
    lot: int | None = None
    ground: Ground
    question: str
    answer_by: datetime


class Explanation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a supplier says to that."""

    explanation: str


class EvaluatorOut(Struct, frozen=True, kw_only=True):
    """An evaluator. `has_declared` says whether they may score; `is_recused`: wholly, `recused_from`: from these bids.

    `name` is None once the person's data were erased.
    """

    person_id: UUID
    name: str | None
    appointed_at: datetime
    has_declared: bool
    declared_at: datetime | None
    conflict: str | None
    is_recused: bool
    recused_from: tuple[UUID, ...]
    stood_down_at: datetime | None
    stood_down_reason: str | None
    revision: int


class EvaluatorsOut(Struct, frozen=True, kw_only=True):
    """All evaluators of a procurement, by when they were appointed."""

    items: tuple[EvaluatorOut, ...]


class ScoreOut(Struct, frozen=True, kw_only=True):
    """What an evaluator gave a bid by a criterion, as it stands."""

    lot: int
    bid_id: UUID
    criterion: str
    evaluator: UUID
    evaluator_name: str | None
    mark: int
    reason: str
    scored_at: datetime
    revision: int


class ScoresOut(Struct, frozen=True, kw_only=True):
    """The scores of a lot that the reader may see: their own alone until moderation begins, then everybody's.

    `missing` counts those that evaluators still owe. `alternatives` is what schools wrote that would do instead: a note
    for those who judge, which changes no mark by itself.
    """

    lot: int
    is_moderated: bool
    missing: int
    alternatives: tuple[str, ...]
    items: tuple[ScoreOut, ...]


class ModerationOut(Struct, frozen=True, kw_only=True):
    """That moderation of a lot began, and how many scores were missing then, with the reason."""

    lot: int
    began_by: UUID
    began_at: datetime
    missing: int
    reason: str | None


class ConsensusOut(Struct, frozen=True, kw_only=True):
    """What was agreed for a bid by a criterion, why, and who moderated."""

    lot: int
    bid_id: UUID
    criterion: str
    mark: int
    reason: str
    agreed_by: UUID
    agreed_at: datetime
    revision: int


class ConsensusesOut(Struct, frozen=True, kw_only=True):
    """All that was agreed for a lot; `missing` counts what is not agreed yet."""

    lot: int
    missing: int
    items: tuple[ConsensusOut, ...]


class ExclusionOut(Struct, frozen=True, kw_only=True):
    """A bid that may be or is left out; `lot` None means every lot. Who asked and decided is not told."""

    id: UUID
    bid_id: UUID
    lot: int | None
    ground: Ground
    state: ExclusionState
    question: str | None
    asked_at: datetime | None
    answer_by: datetime | None
    explanation: str | None
    explained_at: datetime | None
    reason: str | None
    decided_at: datetime | None
    revision: int


class ExclusionsOut(Struct, frozen=True, kw_only=True):
    """All exclusions of a procurement that the reader may see, oldest first."""

    items: tuple[ExclusionOut, ...]
