"""What procurements ask of frameworks: which a buyer may use, who is on a lot, and what a lot says of calling off."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import organisation_out
from becta.market.frameworks.buyers import buyer_named
from becta.market.frameworks.columns import entitled_buyers
from becta.market.frameworks.entitlement import entitlement
from becta.market.frameworks.models import Framework, FrameworkLot
from becta.market.frameworks.queries import awarded_suppliers, lot_and_framework
from becta.market.frameworks.rules import FrameworkState, Lot
from becta.market.frameworks.schemas import CallOffFramework, CallOffLot

_LIVE = (FrameworkState.OPEN, FrameworkState.AWARDED)


def entitled_frameworks(
    session: Session, buyer: Organisation, category: str | None, on: date
) -> list[CallOffFramework]:
    """The frameworks in force on a day that a school or trust may use, with their lots of a category (None is any).

    Lots without a supplier that day are left out, and so are frameworks without such a lot. Suspensions and
    removals count as they are now.
    """
    asking = buyer_named(session, organisation_out(session, buyer.id).reference)
    asked = select(Framework).where(
        col(Framework.state).in_(_LIVE), col(Framework.in_force_from) <= on, col(Framework.last_on) >= on
    )
    found = session.execute(asked.order_by(col(Framework.id))).scalars().all()
    judged = [(one, entitlement(entitled_buyers(one), asking)) for one in found]
    usable = {one.id: (one, said.sentence) for one, said in judged if said.is_entitled}
    lots = _lots_of(session, list(usable.values()), category, on)
    return [
        CallOffFramework(
            id=one.id,
            reference=one.reference,
            title=one.title,
            authority_id=one.authority_id,
            last_on=one.last_on or one.ends_on,
            why=why,
            lots=tuple(lots[one.id]),
        )
        for one, why in usable.values()
        if lots.get(one.id)
    ]


def lot_rules(session: Session, lot_id: UUID) -> Lot:
    """What a lot says of calling off, for `may_direct_award`, `may_compete` and `levy_pence`; raises NotFound."""
    lot, framework = lot_and_framework(session, lot_id)
    return Lot(
        number=lot.number,
        method=lot.method,
        core_terms=lot.core_terms,
        mechanism=lot.mechanism,
        levy_basis_points=framework.levy_basis_points,
        is_light_touch=framework.is_light_touch,
    )


def _lots_of(
    session: Session, usable: Sequence[tuple[Framework, str]], category: str | None, on: date
) -> dict[UUID, list[CallOffLot]]:
    frameworks = {one.id: one for one, _ in usable}
    asked = select(FrameworkLot).where(col(FrameworkLot.framework_id).in_(sorted(frameworks)))
    if category is not None:
        asked = asked.where(col(FrameworkLot.category) == category)
    rows = session.execute(asked.order_by(col(FrameworkLot.number))).scalars().all()
    suppliers = awarded_suppliers(session, [row.id for row in rows], on)
    made: dict[UUID, list[CallOffLot]] = {}
    for row in rows:
        there = tuple(one for one in suppliers.get(row.id, ()) if one.is_on_it(on))
        if not there:
            continue
        framework = frameworks[row.framework_id]
        said = row.model_dump(exclude={"framework_id", "description", "max_suppliers"})
        lot = CallOffLot(
            **said,
            levy_basis_points=framework.levy_basis_points,
            is_light_touch=framework.is_light_touch,
            suppliers=there,
        )
        made.setdefault(framework.id, []).append(lot)
    return made
