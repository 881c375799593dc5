"""Whether a framework's lot may be called off from, and by whom, for a procurement that wants to.

Procurement Act 2023 ss.45 and 46.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict, Fault, Invalid
from becta.kernel.money import pounds
from becta.market.frameworks.buyers import NotEntitled, not_entitled
from becta.market.frameworks.calloffs import lot_rules
from becta.market.frameworks.models import Framework, FrameworkLot
from becta.market.frameworks.queries import dates_of, framework_lot_suppliers, lot_and_framework
from becta.market.frameworks.rules import is_in_force, may_compete, may_direct_award
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.terms import Route

_NAMED = 5
"""How many buyers one sentence names."""
_FAULTS = 50
"""How many of them an answer names at most."""


def refuse_unless_callable(
    session: Session,
    procurement: Procurement,
    value_inc_vat_pence: int | None,
    *,
    called_off_pence: int,
    now: datetime,
) -> None:
    """Raise Conflict unless the lot may be called off from today, by this route, for this value and whoever runs it.

    Schools that may not use the framework any more hold nobody up: their pledges do not count (`unentitled`).
    `called_off_pence` (VAT included) is what was called off from the framework before. A procurement that calls off
    from no framework passes.
    """
    if procurement.framework_lot_id is None:
        return
    lot, framework = lot_and_framework(session, procurement.framework_lot_id)
    refuse_unless_in_force(framework, london_date(now))
    refuse_unless_entitled(session, framework, {procurement.organisation_id})
    _refuse_route(session, procurement, lot, now=now)
    if value_inc_vat_pence is not None:
        refuse_beyond_value(framework, value_inc_vat_pence, called_off_pence=called_off_pence)


def refuse_beyond_value(framework: Framework, gross_pence: int, *, called_off_pence: int) -> None:
    """Raise Conflict unless so much (pence, VAT included) is left of what a framework was advertised with.

    A framework's value is the sum of all its call-offs (Procurement Act 2023 Schedule 3 para 2).
    """
    left = framework.estimated_value_pence - called_off_pence
    if gross_pence > left:
        of_what = "left of what" if called_off_pence else "that"
        raise Conflict(
            f"{pounds(gross_pence)} with VAT is more than the {pounds(max(left, 0))} {of_what} the framework "
            f"{framework.reference} was advertised with (s.45(5)(c)); buy by another route"
        )


def refuse_unless_in_force(framework: Framework, on: date) -> None:
    """Raise Conflict unless contracts may be called off from a framework on a day."""
    if is_in_force(framework.state, dates_of(framework), on):
        return
    when = "it was not awarded" if framework.in_force_from is None else f"from {framework.in_force_from}"
    until = "" if framework.last_on is None else f" to {framework.last_on}"
    ended = ", and it was ended" if framework.terminated_at is not None else ""
    raise Conflict(
        f"the framework {framework.reference} is not in force on {on} ({when}{until}{ended}), so nothing is called "
        "off from it (s.45(5)(e)); use another framework or route"
    )


def refuse_unless_entitled(session: Session, framework: Framework, organisation_ids: Collection[UUID]) -> None:
    """Raise Conflict, naming who of these is not among those the framework is for (s.45(5)(f))."""
    refused = not_entitled(session, framework, organisation_ids)
    if not refused:
        return
    said = "; ".join(one.sentence for one in refused[:_NAMED])
    more = f"; and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
    raise Conflict(
        f"{len(refused)} of {len(organisation_ids)} buyers may not use the framework {framework.reference} "
        f"(s.45(5)(f)): {said}{more}. Buy for them by another route"
    )


def refuse_unentitled(session: Session, procurement: Procurement, fields: Mapping[UUID, str]) -> None:
    """Raise Invalid, naming each of these schools that may not use the procurement's framework by its field."""
    if procurement.framework_lot_id is None:
        return
    _, framework = lot_and_framework(session, procurement.framework_lot_id)
    refused = not_entitled(session, framework, fields)
    if refused:
        raise Invalid([_fault(framework, one, fields[one.organisation_id]) for one in refused[:_FAULTS]])


def unentitled(session: Session, procurement: Procurement, school_ids: Collection[UUID]) -> set[UUID]:
    """Those of these schools that a call-off does without: its framework is not for them, by the register now.

    Nobody once there are contracts: those were made with whoever was entitled on their day.
    """
    if procurement.framework_lot_id is None or procurement.contracted_at is not None:
        return set()
    _, framework = lot_and_framework(session, procurement.framework_lot_id)
    return {one.organisation_id for one in not_entitled(session, framework, school_ids)}


def _fault(framework: Framework, refused: NotEntitled, field: str) -> Fault:
    problem = f"may not use the framework {framework.reference} (s.45(5)(f)): {refused.sentence}"
    mend = "leave this school out, or buy for it by another route"
    return Fault(field=field, problem=problem, mend=mend, value=refused.name[:80])


def _refuse_route(session: Session, procurement: Procurement, lot: FrameworkLot, *, now: datetime) -> None:
    others = {one.terms.category for one in lots_of(session, procurement.id)} - {lot.category}
    if others:
        raise Conflict(f"the framework's lot is for {lot.category}, not for {', '.join(sorted(others))}")
    rules, suppliers = lot_rules(session, lot.id), len(framework_lot_suppliers(session, lot.id, london_date(now)))
    is_direct = procurement.route is Route.FRAMEWORK_DIRECT_AWARD
    ruling = may_direct_award(rules, suppliers) if is_direct else may_compete(rules, suppliers)
    if not ruling.is_allowed:
        raise Conflict(f"{ruling.sentence} ({ruling.section})")
