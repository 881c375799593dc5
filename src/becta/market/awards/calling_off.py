"""Whether contracts may be entered into and changed under a framework: asked then, for a competition takes weeks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session, col, func, select

from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict
from becta.market.awards.choosing import Allocation
from becta.market.awards.models import Award, Contract
from becta.market.frameworks.locks import locked_framework
from becta.market.frameworks.models import FrameworkLot
from becta.market.frameworks.queries import framework_lot_suppliers
from becta.market.procurements.calling_off import refuse_beyond_value, refuse_unless_entitled, refuse_unless_in_force
from becta.market.procurements.models import Procurement


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
    gross = sum(one.net_pence + one.vat_pence for one in awards)
    refuse_beyond_value(framework, gross, called_off_pence=_called_off(session, framework.id))


def refuse_dearer(session: Session, procurement: Procurement, by_pence: int) -> None:
    """Raise Conflict unless the framework, locked, has so much left, VAT included; one under no framework passes."""
    if procurement.framework_lot_id is None:
        return
    lot = session.get_one(FrameworkLot, procurement.framework_lot_id)
    framework = locked_framework(session, lot.framework_id)
    refuse_beyond_value(framework, by_pence, called_off_pence=_called_off(session, framework.id))


def called_off_so_far(session: Session, procurement_id: UUID) -> int:
    """What was called off from a procurement's framework so far (pence, VAT included), 0 under none; asks nobody."""
    found = session.exec(
        select(FrameworkLot.framework_id)
        .join(Procurement, col(Procurement.framework_lot_id) == col(FrameworkLot.id))
        .where(Procurement.id == procurement_id)
    ).first()
    return 0 if found is None else _called_off(session, found)


def _called_off(session: Session, framework_id: UUID) -> int:
    """All contracts under a framework (pence, VAT included).

    One that was ended early counts in full: what it was awarded at was called off.
    """
    so_far = session.exec(
        select(func.coalesce(func.sum(col(Contract.net_pence) + col(Contract.vat_pence)), 0))
        .join(Procurement, col(Procurement.id) == col(Contract.procurement_id))
        .join(FrameworkLot, col(FrameworkLot.id) == col(Procurement.framework_lot_id))
        .where(col(FrameworkLot.framework_id) == framework_id)
    ).one()
    return int(so_far)
