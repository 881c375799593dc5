"""UK notices as drafts ready to send to the central digital platform: of each release that calls for one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound
from becta.market.frameworks.locks import is_public, require_running
from becta.market.frameworks.models import Framework
from becta.market.frameworks.steps import Step as FrameworkStep
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.notices import NoticeDue
from becta.market.ocds.publishing import notice_of
from becta.market.ocds.publishing_frameworks import framework_notice_of
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
    step: str
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
    rows = _calling_for_notices(session, OcdsRelease.procurement_id == procurement_id)
    found = [(row, notice_of(session, procurement, Step(row.step), at=row.date)) for row in rows]
    return [_draft(row, due) for row, due in found if due is not None]


def framework_notice_drafts(session: Session, actor: Actor, framework_id: UUID) -> list[NoticeDraft]:
    """The drafts of a framework's notices, oldest first, for whoever runs it; raises NotFound or Forbidden."""
    framework = session.get(Framework, framework_id)
    if framework is None or (not is_public(framework) and actor.organisation_id != framework.authority_id):
        raise NotFound("framework", framework_id)
    require_running(actor, framework.authority_id)
    rows = _calling_for_notices(session, OcdsRelease.framework_id == framework_id)
    found = [(row, framework_notice_of(framework, FrameworkStep(row.step), row.tags, at=row.date)) for row in rows]
    return [_draft(row, due) for row, due in found if due is not None]


def _calling_for_notices(session: Session, of: ColumnElement[bool] | bool) -> Sequence[OcdsRelease]:
    wanted = select(OcdsRelease).where(of, col(OcdsRelease.notice).is_not(None))
    return session.exec(wanted.order_by(col(OcdsRelease.number))).all()


def _draft(row: OcdsRelease, due: NoticeDue) -> NoticeDraft:
    return NoticeDraft(
        number=due.kind.number,
        name=due.kind.name,
        section=f"{_ACT} {due.kind.section}",
        is_due=due.is_due,
        due_by=due.by,
        because=due.because,
        step=row.step,
        release_id=row.release_id,
        date=row.date,
        still_needed=_still_needed(msgspec.json.decode(row.body)),
        release=msgspec.Raw(row.body.encode()),
    )


def _still_needed(release: dict[str, Any]) -> tuple[str, ...]:
    """What the central digital platform asks for in every notice that no release of ours may tell."""
    suppliers = [party for party in release["parties"] if "supplier" in party["roles"] and not _is_known(party)]
    return (
        "the contact point of the contracting authority",
        "the authority's identifier on the platform (PPON)",
        *(["the estimated value without VAT"] if _is_without_net(release) else []),
        *(f"the platform's identifier (PPON) or company number of {party['name']}" for party in suppliers),
    )


def _is_without_net(release: dict[str, Any]) -> bool:
    value = release["tender"].get("value")
    return value is not None and "amount" not in value


def _is_known(party: dict[str, Any]) -> bool:
    schemes = {one.get("scheme") for one in (party.get("identifier", {}), *party.get("additionalIdentifiers", []))}
    return bool(schemes & {"GB-COH", "GB-PPON"})
