"""UK notices as drafts ready to send to the central digital platform: of each release that calls for one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.publishing import notice_of
from becta.market.procurements.access import View, seen
from becta.market.procurements.telling import KIND, Step

_ACT = "Procurement Act 2023"


class NoticeDraft(Struct, frozen=True, kw_only=True):
    """A notice to send: `is_due` False if it may be sent but need not be; `due_by` null is at once.

    `still_needed` is what the platform asks for and we do not know; `release` holds what the notice says, in OCDS.
    """

    number: str
    name: str
    section: str
    is_due: bool
    due_by: datetime | None
    because: str
    step: Step
    release_id: str
    date: datetime
    still_needed: tuple[str, ...]
    release: msgspec.Raw


def notice_drafts(session: Session, actor: Actor, procurement_id: UUID) -> list[NoticeDraft]:
    """The drafts of a procurement's notices, oldest first, for whoever runs it; raises NotFound or Forbidden."""
    procurement, view = seen(session, actor, procurement_id)
    if view is not View.LEAD:
        raise NotFound(KIND, procurement_id)
    actor.require(Scope.PROCUREMENTS_READ)
    rows = session.exec(
        select(OcdsRelease)
        .where(OcdsRelease.procurement_id == procurement_id, col(OcdsRelease.notice).is_not(None))
        .order_by(col(OcdsRelease.number))
    )
    drafts = []
    for row in rows:
        due = notice_of(procurement, Step(row.step), at=row.date)
        if due is None:
            continue
        drafts.append(
            NoticeDraft(
                number=due.kind.number,
                name=due.kind.name,
                section=f"{_ACT} {due.kind.section}",
                is_due=due.is_due,
                due_by=due.by,
                because=due.because,
                step=Step(row.step),
                release_id=row.release_id,
                date=row.date,
                still_needed=_still_needed(msgspec.json.decode(row.body)),
                release=msgspec.Raw(row.body.encode()),
            )
        )
    return drafts


def _still_needed(release: dict[str, Any]) -> tuple[str, ...]:
    """What the central digital platform asks for in every notice that no release of ours may tell."""
    suppliers = [party for party in release["parties"] if "supplier" in party["roles"] and not _is_known(party)]
    return (
        "the contact point of the contracting authority",
        "the authority's identifier on the platform (PPON)",
        *(f"the platform's identifier (PPON) or company number of {party['name']}" for party in suppliers),
    )


def _is_known(party: dict[str, Any]) -> bool:
    schemes = {one.get("scheme") for one in (party.get("identifier", {}), *party.get("additionalIdentifiers", []))}
    return bool(schemes & {"GB-COH", "GB-PPON"})
