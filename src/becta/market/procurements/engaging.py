"""The use case of noting preliminary market engagement, which the law wants to hear of before a tender (s.17)."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Fault, refuse_if_any
from becta.market.procurements.access import procurement_locked
from becta.market.procurements.models import Procurement
from becta.market.procurements.schemas import MarketEngagement
from becta.market.procurements.service import person_behind
from becta.market.procurements.states import Phase, check_phase
from becta.market.procurements.telling import Step, tell


def note_engagement(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: MarketEngagement,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Note, before the tender, how the market is or was engaged, or why no notice says so (Procurement Act 2023 s.17).

    What is noted is published: engagement at once, with notice UK2 as a draft; the reason for none with the tender.
    Raises Invalid, NotFound, Forbidden, Stale, or Conflict once the tender is advertised.
    """
    refuse_if_any(_faults(wanted))
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    before_the_tender = (Phase.DRAFT, Phase.GATHERING, Phase.LOCKED)
    check_phase(found, *before_the_tender, now=now, doing="noting market engagement")
    found.engagement = msgspec.to_builtins(wanted)
    found.revision += 1
    step = Step.MARKET_ENGAGED if wanted.no_notice_because is None else Step.ENGAGEMENT_WITHOUT_NOTICE
    tell(session, actor, found, step, now=now, after={"engagement": found.engagement})
    return found


def _faults(wanted: MarketEngagement) -> list[Fault]:
    if (wanted.description is None) == (wanted.no_notice_because is None):
        mend = "say how the market is engaged, or in no_notice_because why no notice says so; not both"
        return [Fault(field="description", problem="is needed, or no_notice_because", mend=mend)]
    if wanted.description is None:
        return text_faults("no_notice_because", wanted.no_notice_because or "", at_least=3, at_most=5_000)
    return text_faults("description", wanted.description, at_least=3, at_most=20_000)
