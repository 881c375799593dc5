"""Suppliers, products and offers as values and as rows."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.connectivity.rules import AccessType, ConnectivityPackage
from becta.catalogue.offers.rules import OfferTerms, Unit
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingContent, ListingState, content_hash
from becta.catalogue.products.service import version_columns
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel.actor import system
from becta.kernel.ids import new_id

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

PACKAGE = ConnectivityPackage(access_type=AccessType.FTTP, download_mbps=1000, upload_mbps=1000, term_months=36)

_CONTENT: dict[Kind, dict[str, Any]] = {
    Kind.DEVICE: {"title": "Larch Chromebook 11", "cpv_code": "30213100", "category": "chromebooks"},
    Kind.SOFTWARE: {"title": "Rowan Reading", "cpv_code": "48190000", "category": "reading-and-literacy"},
    Kind.CONNECTIVITY: {
        "title": "Fibre 1000 for schools",
        "cpv_code": "72400000",
        "category": "full-fibre-broadband",
        "connectivity": PACKAGE,
    },
    Kind.SERVICE: {"title": "Termly clinic", "cpv_code": "50312000", "category": "repair-and-maintenance"},
}


def content(kind: Kind = Kind.DEVICE, **changes: Any) -> ListingContent:
    """Content that is right for its kind, but for the changes."""
    return ListingContent(**{**_CONTENT[kind], **changes})


def terms(**changes: Any) -> OfferTerms:
    """Terms that are right, but for the changes."""
    return OfferTerms(**{"price_pence": 19_900, "unit": Unit.EACH, **changes})


def make_supplier(session: Session, reference: str = "larch-technology", **details: Any) -> UUID:
    """A registered supplier."""
    name = details.pop("name", reference.replace("-", " ").title())
    return register_supplier(session, system("test"), reference, SupplierDetails(name=name, **details), now=NOW).id


def make_version(
    session: Session,
    supplier_id: UUID,
    reference: str,
    state: ListingState = ListingState.PUBLISHED,
    kind: Kind = Kind.DEVICE,
    **changes: Any,
) -> ListingVersion:
    """A product whose only version is in this state, past all use cases."""
    said = content(kind, **changes)
    product = Product(id=new_id(), supplier_id=supplier_id, reference=reference, kind=kind, created_at=NOW)
    session.add(product)
    session.flush()
    version = ListingVersion(
        id=new_id(),
        product_id=product.id,
        number=1,
        state=state,
        content_hash=content_hash(said),
        reasons=[],
        created_at=NOW,
        **version_columns(said),
    )
    session.add(version)
    session.flush()
    if said.connectivity is not None:
        session.add(ConnectivityRow(version_id=version.id, **msgspec.structs.asdict(said.connectivity)))
        session.flush()
    return version
