"""Whether contracts may be entered into and changed under a framework: asked then, for a competition takes weeks."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlmodel import Session, col, func, select

from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict
from becta.kernel.money import pounds
from becta.market.awards.choosing import Allocation
from becta.market.awards.models import Award, Contract
from becta.market.frameworks.locks import locked_framework
from becta.market.frameworks.models import Framework, FrameworkLot
from becta.market.frameworks.queries import framework_lot_suppliers, lot_and_framework
from becta.market.pledges.queries import demand_of
from becta.market.procurements.calling_off import refuse_unless_entitled, refuse_unless_in_force
from becta.market.procurements.lawful import with_vat
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.telling import Step, on_step


def refuse_unless_covered(
    session: Session, procurement: Procurement, awards: Sequence[Award], *, now: datetime
) -> None:
    """Raise Conflict unless the framework is in force, is for every buyer, has room for the value, and the winners.

    Whoever runs the procurement is a buyer too. The framework is locked, so that those who call off at once do not
    together go beyond its value. A procurement under no framework passes.
    """
    if procurement.framework_lot_id is None:
        return
    lot = session.get_one(FrameworkLot, procurement.framework_lot_id)
    framework = locked_framework(session, lot.framework_id)
    refuse_unless_in_force(framework, london_date(now))
    on_it = {one.organisation_id for one in framework_lot_suppliers(session, lot.id, london_date(now))}
    if {one.organisation_id for one in awards} - on_it:
        raise Conflict("a winner is not on the framework's lot any more; reconsider the award (s.45)")
    buyers = {one.organisation_id for award in awards for one in msgspec.convert(award.allocations, list[Allocation])}
    refuse_unless_entitled(session, framework, buyers | {procurement.organisation_id})
    _refuse_beyond_what_is_left(session, framework, sum(one.net_pence + one.vat_pence for one in awards))


def refuse_beyond_value(session: Session, procurement: Procurement, gross_pence: int) -> None:
    """Raise Conflict unless the framework, locked, has so much left, VAT included; one under no framework passes."""
    if procurement.framework_lot_id is None:
        return
    lot = session.get_one(FrameworkLot, procurement.framework_lot_id)
    _refuse_beyond_what_is_left(session, locked_framework(session, lot.framework_id), gross_pence)


@on_step
def refuse_to_advertise_beyond_value(
    session: Session,
    procurement: Procurement,
    step: Step,
    *,
    now: datetime,  # noqa: ARG001 - what is left is left
) -> None:
    """Raise Conflict where bids are asked for and the framework has less left than they are expected to come to."""
    if step is not Step.ADVERTISED or procurement.framework_lot_id is None or procurement.estimated_value_pence is None:
        return
    lots = lots_of(session, procurement.id)
    pledged = sum(one.quantity * one.ceiling_price_pence for lot in lots for one in demand_of(session, lot.id))
    gross = with_vat([lot.terms for lot in lots], max(procurement.estimated_value_pence, pledged))
    assert gross is not None  # its estimate is known
    _, framework = lot_and_framework(session, procurement.framework_lot_id)
    _refuse_beyond_what_is_left(session, framework, gross)


def _refuse_beyond_what_is_left(session: Session, framework: Framework, gross_pence: int) -> None:
    """A framework's value is the sum of all its call-offs, VAT included (Schedule 3 para 2).

    A contract that was ended early counts in full: what it was awarded at was called off.
    """
    so_far = session.exec(
        select(func.coalesce(func.sum(col(Contract.net_pence) + col(Contract.vat_pence)), 0))
        .join(Procurement, col(Procurement.id) == col(Contract.procurement_id))
        .join(FrameworkLot, col(FrameworkLot.id) == col(Procurement.framework_lot_id))
        .where(col(FrameworkLot.framework_id) == framework.id)
    ).one()
    left = framework.estimated_value_pence - int(so_far)
    if gross_pence > left:
        raise Conflict(
            f"{pounds(gross_pence)} with VAT is more than the {pounds(max(left, 0))} left of what the framework "
            f"{framework.reference} was advertised with (s.45(5)(c)); buy by another route"
        )
