"""Publishing: each step of a procurement adds a release in its own transaction, from the rows as they are then.

How a release is added is the same for frameworks, whose steps are in `publishing_frameworks`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from becta.kernel.ids import new_id
from becta.market.advice.entries import ContractKind
from becta.market.awards.models import Contract, ContractChange
from becta.market.ocds.composing import compose
from becta.market.ocds.facts import DocumentFacts, ProcurementFacts
from becta.market.ocds.models import OcdsHead, OcdsRelease
from becta.market.ocds.notices import NoticeDue, notice_due
from becta.market.ocds.reading import encoded, parsed
from becta.market.ocds.releases import release
from becta.market.ocds.words import OCCASIONS, PUBLIC, tags
from becta.market.procurements.access import OPEN_TO_ALL
from becta.market.procurements.lawful import kind_of
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.telling import Step, on_step

_OF_ONE = frozenset({"id", "date", "releaseID"})
"""What tells two releases apart that say the same."""


@on_step
def publish_release(session: Session, procurement: Procurement, step: Step, *, now: datetime) -> None:
    """Add the release that a step makes; a step that is not public, or that was published already, adds none."""
    if step not in PUBLIC:
        return
    earlier = published(session, procurement.ocid)
    told = earlier.named("awards")
    facts = compose(session, procurement, told=told, now=now)
    named = tags(step, is_published=earlier.count > 0, told=told, awards={award.id for award in facts.awards})
    due = None if _changed_a_little(session, procurement, step) else notice_of(session, procurement, step, at=now)
    add_release(session, facts, step, named, due, earlier, procurement_id=procurement.id)


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


def notice_of(session: Session, procurement: Procurement, step: Step, *, at: datetime) -> NoticeDue | None:
    """The UK notice that a step calls for, None if none."""
    if step not in OCCASIONS:
        return None
    kind = kind_of([lot.terms for lot in lots_of(session, procurement.id)])
    return notice_due(
        OCCASIONS[step],
        is_advertised_to_all=procurement.route in OPEN_TO_ALL,
        is_above_threshold=procurement.is_above_threshold,
        is_light_touch=kind is ContractKind.LIGHT_TOUCH,
        at=at,
    )


class Published(Struct, frozen=True, kw_only=True):
    """How many releases of a process there are, and the last of them: its step, and what it says."""

    count: int = 0
    step: str | None = None
    body: dict[str, Any] = {}

    def named(self, part: str) -> frozenset[str]:
        """The awards or contracts that were told of."""
        return frozenset(one["id"] for one in self.body.get(part, ()))


def published(session: Session, ocid: str) -> Published:
    """What was published of a process so far."""
    wanted = select(OcdsRelease).where(OcdsRelease.ocid == ocid).order_by(col(OcdsRelease.number).desc())
    last = session.exec(wanted.limit(1)).first()
    if last is None:
        return Published()
    count = session.exec(select(func.count()).where(col(OcdsRelease.ocid) == ocid)).one()
    return Published(count=count, step=last.step, body=parsed(last.body))


def add_release(
    session: Session,
    facts: ProcurementFacts,
    step: StrEnum,
    named: tuple[str, ...],
    due: NoticeDue | None,
    earlier: Published,
    *,
    procurement_id: UUID | None = None,
    framework_id: UUID | None = None,
) -> None:
    """Add the release of a step with these tags; none without a tag, or if the same step said the same before."""
    if not named:
        return
    facts = _labelled(facts, f"{facts.ocid}-{earlier.count + 1}", named, due)
    body = release(facts)
    if earlier.step == step and _same(body, earlier.body):
        return
    session.add(
        OcdsRelease(
            id=new_id(),
            number=_next_number(session),
            ocid=facts.ocid,
            release_id=facts.id,
            procurement_id=procurement_id,
            framework_id=framework_id,
            step=step.value,
            tags=list(named),
            date=facts.at,
            notice=None if due is None else due.kind.number,
            body=encoded(body),
        )
    )
    session.flush()


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
