"""What procurements ask of a framework's lot: what it says of calling off."""

from uuid import UUID

from sqlmodel import Session

from becta.market.frameworks.queries import lot_and_framework
from becta.market.frameworks.rules import Lot


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
