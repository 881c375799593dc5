"""Whether contracts may be entered into under a framework: asked when they are, for a competition takes weeks."""

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
from becta.market.frameworks.queries import framework_lot_suppliers
from becta.market.procurements.calling_off import refuse_unless_entitled, refuse_unless_in_force
from becta.market.procurements.models import Procurement


def refuse_unless_covered(
    session: Session, procurement: Procurement, awards: Sequence[Award], *, now: datetime
) -> None:
    """Raise Conflict unless the framework is in force, is for every buyer, has room for the value, and the winners.

    The framework is locked, so that those who call off at once do not together go beyond its value. A procurement
    under no framework passes.
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
    refuse_unless_entitled(session, framework, buyers)
    _refuse_beyond_value(session, framework, sum(one.net_pence + one.vat_pence for one in awards))


def _refuse_beyond_value(session: Session, framework: Framework, gross_pence: int) -> None:
    """A framework's value is the sum of all its call-offs, VAT included (Schedule 3 para 2)."""
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
            f"{framework.reference} was advertised with (s.45(5)(c)); terminate and buy by another route"
        )
