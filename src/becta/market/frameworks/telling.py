"""What suppliers are told of their assessment, and how the successful are awarded.

In a later round of an open framework the suppliers on it are ranked again with the applicants, on their earlier tender
or on a new one that was admitted (s.49(4) and (5)). Sections: Procurement Act 2023.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict
from becta.kernel.events import record
from becta.market.frameworks.locks import APPLICATION
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkLot
from becta.market.frameworks.rules import ApplicationState, check_application_move
from becta.market.frameworks.schemas import SuccessfulSupplier, Summary
from becta.market.frameworks.scoring import Assessment, Place, places

_ON_IT = (ApplicationState.AWARDED, ApplicationState.SUSPENDED)
_RANKED = frozenset({ApplicationState.ADMITTED, *_ON_IT})


def tell_applicants(
    session: Session,
    actor: Actor,
    framework: Framework,
    applications: Sequence[FrameworkApplication],
    on_it: Sequence[FrameworkApplication],
    *,
    now: datetime,
) -> int:
    """Put its assessment summary on every application of a round, and on those of suppliers `on_it` ranked again.

    Gives how many are successful. Raises Conflict if a supplier that tenders anew is suspended.
    """
    renewed = _renewed(applications, on_it)
    again = [one for one in on_it if one.id not in renewed]
    ranked = _ranked(session, framework, [*applications, *again])
    names = _names(session, [one.supplier_id for one in (*applications, *again)])
    successful = 0
    for application in (*applications, *again):
        place = ranked.get(application.id)
        rivals = [one for one in (*applications, *again) if one.lot_id == application.lot_id]
        taken = [one for one in rivals if (found := ranked.get(one.id)) is not None and found.is_awarded]
        winners = [SuccessfulSupplier(supplier=names[one.supplier_id], total=_total(one)) for one in taken]
        summary = _summary(application, place, winners)
        told = msgspec.to_builtins(summary)
        if application.summary is None:
            application.summary = told
        else:
            application.later_summaries = [*application.later_summaries, told]
        application.revision += 1
        successful += summary.is_successful
        after = {"is_successful": summary.is_successful, "rank": summary.rank, "total": application.total}
        record(session, actor, "framework_application.told", APPLICATION, application.id, now=now, after=after)
    session.flush()
    return successful


def award_applications(
    session: Session,
    actor: Actor,
    framework: Framework,
    applications: Sequence[FrameworkApplication],
    on_it: Sequence[FrameworkApplication],
    awarded_from: date,
    *,
    now: datetime,
) -> set[UUID]:
    """Award those of a round that were told so, and end the places of those `on_it` that were told so or tender anew.

    Gives every supplier on the framework from then on. Raises Conflict as `tell_applicants` does.
    """
    renewed = _renewed(applications, on_it)
    for one in on_it:
        if one.id in renewed:
            _end_place(session, actor, one, awarded_from, "a new tender takes its place", now=now)
        elif not (again := msgspec.convert(one.later_summaries[-1], Summary)).is_successful:
            _end_place(session, actor, one, awarded_from, again.sentence, now=now)
    session.flush()
    for application in applications:
        if application.state is not ApplicationState.ADMITTED:
            continue
        told = msgspec.convert(application.summary, Summary)
        wanted = ApplicationState.AWARDED if told.is_successful else ApplicationState.NOT_AWARDED
        check_application_move(application.state, wanted)
        before = {"state": application.state}
        application.state, application.reason = wanted, told.sentence
        application.awarded_from = awarded_from if told.is_successful else None
        application.revision += 1
        after = {"state": wanted, "awarded_from": application.awarded_from}
        action = f"framework_application.{wanted}"
        record(session, actor, action, APPLICATION, application.id, now=now, before=before, after=after)
    session.flush()
    wanted_rows = select(col(FrameworkApplication.supplier_id)).where(
        col(FrameworkApplication.framework_id) == framework.id,
        col(FrameworkApplication.state).in_(_ON_IT),
        col(FrameworkApplication.awarded_until).is_(None),
    )
    return set(session.execute(wanted_rows).scalars())


def _end_place(
    session: Session, actor: Actor, application: FrameworkApplication, next_from: date, reason: str, *, now: datetime
) -> None:
    application.awarded_until, application.reason = next_from - timedelta(days=1), reason
    application.revision += 1
    after, action = {"awarded_until": application.awarded_until}, "framework_application.place_ended"
    record(session, actor, action, APPLICATION, application.id, now=now, after=after, reason=reason)


def _renewed(applications: Sequence[FrameworkApplication], on_it: Sequence[FrameworkApplication]) -> set[UUID]:
    """Those on a lot whose supplier was admitted with a new tender for it; raises Conflict if one is suspended."""
    admitted = {(one.lot_id, one.supplier_id) for one in applications if one.state is ApplicationState.ADMITTED}
    renewed = [one for one in on_it if (one.lot_id, one.supplier_id) in admitted]
    suspended = sum(one.state is ApplicationState.SUSPENDED for one in renewed)
    if suspended:
        raise Conflict(f"{suspended} suppliers that tender anew are suspended; reinstate or remove them first")
    return {one.id for one in renewed}


def _ranked(session: Session, framework: Framework, applications: Sequence[FrameworkApplication]) -> dict[UUID, Place]:
    lots = session.execute(select(FrameworkLot).where(col(FrameworkLot.framework_id) == framework.id)).scalars()
    found: dict[UUID, Place] = {}
    for lot in lots:
        admitted = [one for one in applications if one.lot_id == lot.id and one.state in _RANKED]
        found |= places({one.id: _total(one) for one in admitted}, lot.max_suppliers)
    return found


def _summary(application: FrameworkApplication, place: Place | None, winners: list[SuccessfulSupplier]) -> Summary:
    judged = None if application.assessment is None else msgspec.convert(application.assessment, Assessment)
    reasons = () if application.reason is None else (application.reason,)
    return Summary(
        is_successful=place is not None and place.is_awarded,
        sentence="the application is not admitted" if place is None else place.sentence,
        rank=None if place is None else place.rank,
        total=None if application.total is None else _total(application),
        scores=() if judged is None else judged.scores,
        reasons=reasons if place is None else (),
        successful=tuple(sorted(winners, key=lambda one: (-one.total, one.supplier))),
    )


def _total(application: FrameworkApplication) -> Decimal:
    return Decimal(application.total or 0)


def _names(session: Session, supplier_ids: Sequence[UUID]) -> dict[UUID, str]:
    wanted = select(col(Supplier.id), col(Supplier.name)).where(col(Supplier.id).in_(sorted(set(supplier_ids))))
    return {row[0]: row[1] for row in session.execute(wanted)}
