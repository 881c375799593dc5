"""Whether a framework's lot may be called off from, for a procurement that wants to (Procurement Act 2023 s.45)."""

from datetime import datetime

from sqlmodel import Session

from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict
from becta.market.accounts.models import Organisation
from becta.market.frameworks.calloffs import entitled_frameworks, lot_rules
from becta.market.frameworks.rules import may_compete, may_direct_award
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.terms import Route


def refuse_unless_callable(session: Session, procurement: Procurement, *, now: datetime) -> None:
    """Raise Conflict unless the lot's framework is in force, names the buyer, and provides for the route.

    A procurement that calls off from no framework passes.
    """
    lot_id = procurement.framework_lot_id
    if lot_id is None:
        return
    buyer = session.get_one(Organisation, procurement.organisation_id)
    usable = {lot.id: lot for one in entitled_frameworks(session, buyer, None, london_date(now)) for lot in one.lots}
    if lot_id not in usable:
        raise Conflict(
            "the framework's lot cannot be called off from today: its framework is not in force, does not name you "
            "among those entitled, or no supplier is on the lot (s.45)"
        )
    others = {lot.terms.category for lot in lots_of(session, procurement.id)} - {usable[lot_id].category}
    if others:
        raise Conflict(f"the framework's lot is for {usable[lot_id].category}, not for {', '.join(sorted(others))}")
    rules, suppliers = lot_rules(session, lot_id), len(usable[lot_id].suppliers)
    is_direct = procurement.route is Route.FRAMEWORK_DIRECT_AWARD
    ruling = may_direct_award(rules, suppliers) if is_direct else may_compete(rules, suppliers)
    if not ruling.is_allowed:
        raise Conflict(f"{ruling.sentence} ({ruling.section})")
