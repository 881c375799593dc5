"""Who does something: a value handed to every use case, never a request."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from becta.kernel.errors import Forbidden


class Scope(StrEnum):
    """What a token may do. Writing and claiming reach a supplier's own things; deciding, the whole marketplace."""

    LISTINGS_WRITE = "listings:write"
    OFFERS_WRITE = "offers:write"
    BADGES_CLAIM = "badges:claim"
    SUPPLIERS_WRITE = "suppliers:write"
    LISTINGS_DECIDE = "listings:decide"
    BADGES_DECIDE = "badges:decide"


SUPPLIER_SCOPES = frozenset({Scope.LISTINGS_WRITE, Scope.OFFERS_WRITE, Scope.BADGES_CLAIM})
OPERATOR_SCOPES = frozenset(Scope)


class Actor(Struct, frozen=True, kw_only=True):
    """Somebody acting. `supplier_id` None means not tied to one supplier (the operator, the system)."""

    kind: str
    id: str
    label: str
    scopes: frozenset[Scope]
    supplier_id: UUID | None = None

    def require(self, scope: Scope, *, supplier_id: UUID | None = None) -> None:
        """Check a scope and, where given, that the supplier is the actor's own; raises Forbidden."""
        if scope not in self.scopes:
            raise Forbidden(need=scope)
        if supplier_id is not None and self.supplier_id not in (None, supplier_id):
            raise Forbidden(need=scope, supplier_id=supplier_id)


def system(label: str) -> Actor:
    """The marketplace itself acting, for instance from the command line."""
    return Actor(kind="system", id="system", label=label, scopes=OPERATOR_SCOPES)
