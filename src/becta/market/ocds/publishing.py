"""Publishing: each step of a procurement adds a release in its own transaction, from the rows as they are then."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import update
from sqlmodel import Session, col, select

from becta.kernel.ids import new_id
from becta.market.awards.models import Contract, ContractChange
from becta.market.ocds.composing import compose
from becta.market.ocds.facts import DocumentFacts, ProcurementFacts
from becta.market.ocds.models import OcdsHead, OcdsRelease
from becta.market.ocds.notices import NoticeDue, notice_due
from becta.market.ocds.reading import encoded, parsed
from becta.market.ocds.releases import release
from becta.market.ocds.words import OCCASIONS, PUBLIC, tags
from becta.market.procurements.access import OPEN_TO_ALL
from becta.market.procurements.models import Procurement
from becta.market.procurements.telling import Step, on_step

_OF_ONE = frozenset({"id", "date", "releaseID"})
"""What tells two releases apart that say the same."""


@on_step
def publish_release(session: Session, procurement: Procurement, step: Step, *, now: datetime) -> None:
    """Add the release that a step makes; a step that is not public, or that was published already, adds none."""
    if step not in PUBLIC:
        return
    earlier = session.exec(
        select(OcdsRelease).where(OcdsRelease.procurement_id == procurement.id).order_by(col(OcdsRelease.number))
    ).all()
    last: dict[str, Any] = parsed(earlier[-1].body) if earlier else {}
    told = frozenset(award["id"] for award in last.get("awards", ()))
    facts = compose(session, procurement, told=told, now=now)
    named = tags(step, is_published=bool(earlier), told=told, awards={award.id for award in facts.awards})
    if not named:
        return
    due = None if _changed_a_little(session, procurement, step) else notice_of(procurement, step, at=now)
    facts = _labelled(facts, f"{procurement.ocid}-{len(earlier) + 1}", named, due)
    body = release(facts)
    if earlier and earlier[-1].step == step and _same(body, last):
        return
    session.add(
        OcdsRelease(
            id=new_id(),
            number=_next_number(session),
            ocid=procurement.ocid,
            release_id=facts.id,
            procurement_id=procurement.id,
            step=step.value,
            tags=list(named),
            date=now,
            notice=None if due is None else due.kind.number,
            body=encoded(body),
        )
    )
    session.flush()


def _changed_a_little(session: Session, procurement: Procurement, step: Step) -> bool:
    """Whether a step changed a contract so little that no notice comes first (s.75), as was judged when it did."""
    if step is not Step.CONTRACT_MODIFIED:
        return False
    newest = session.exec(
        select(ContractChange.needs_notice)
        .join(Contract, col(Contract.id) == col(ContractChange.contract_id))
        .where(Contract.procurement_id == procurement.id)
        .order_by(col(ContractChange.made_at).desc(), col(ContractChange.id).desc())
        .limit(1)
    )
    return not newest.one()


def notice_of(procurement: Procurement, step: Step, *, at: datetime) -> NoticeDue | None:
    """The UK notice that a step calls for, None if none."""
    if step not in OCCASIONS:
        return None
    return notice_due(
        OCCASIONS[step],
        is_advertised_to_all=procurement.route in OPEN_TO_ALL,
        is_above_threshold=procurement.is_above_threshold,
        at=at,
    )


def _labelled(
    facts: ProcurementFacts, release_id: str, named: tuple[str, ...], due: NoticeDue | None
) -> ProcurementFacts:
    documents = facts.documents
    if due is not None:
        document = DocumentFacts(
            id=f"notice-{release_id}",
            kind=due.kind.document_type,
            title=f"{due.kind.number}: {due.kind.name}",
            description=f"Procurement Act 2023 {due.kind.section}",
            published_at=facts.at,
            notice=due.kind.number,
        )
        documents = (*documents, document)
    return msgspec.structs.replace(facts, id=release_id, tags=named, documents=documents)


def _same(body: dict[str, Any], last: dict[str, Any]) -> bool:
    """Whether two releases say the same but for what they are called and when they were made."""
    return bool(_stripped(parsed(encoded(body))) == _stripped(last))


def _stripped(value: Any) -> Any:
    if isinstance(value, list):
        return [_stripped(one) for one in value if not (isinstance(one, dict) and "noticeType" in one)]
    if isinstance(value, dict):
        return {name: _stripped(one) for name, one in value.items() if name not in _OF_ONE}
    return value


def _next_number(session: Session) -> int:
    """The next number of all; others who publish wait for this transaction, so that none is passed over."""
    head = col(OcdsHead.size)
    number: int = session.execute(update(OcdsHead).values(size=head + 1).returning(head)).scalar_one()
    return number
