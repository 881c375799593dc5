"""Importing products: one row each, known by supplier and `reference`, published as soon as they are in.

An import is the operator's own act, so it needs no submission: a changed row becomes a new published
version, and the version before it is superseded.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import insert
from sqlalchemy import select as sa_select
from sqlmodel import Session, case, col, func, select, update

from becta.catalogue.categories import Kind, category_for
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.imports.columns import Column, columns_of, take
from becta.catalogue.imports.icecat import is_icecat, product_values
from becta.catalogue.imports.loading import Loaded, Origin, Placed, row_repeated
from becta.catalogue.imports.naming import folded, supplier_name_faults, suppliers_by_name, unknown_supplier
from becta.catalogue.imports.offers import WantedOffer, held_offers, offer_refusal, store_offers
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import Condition, OfferTerms, Unit, terms_faults
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingContent, ListingState, content_faults, content_hash
from becta.catalogue.products.service import TOPIC, version_columns
from becta.catalogue.suppliers.rules import (
    SupplierDetails,
    short_name,
    supplier_faults,
    supplier_reference_faults,
)
from becta.catalogue.suppliers.service import register_supplier
from becta.catalogue.text_rules import reference_faults
from becta.kernel.errors import Fault
from becta.kernel.events import AuditEvent, OutboxMessage, audit_row
from becta.kernel.ids import new_id


class ProductRow(ListingContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of a products file. `supplier` is a supplier's reference or name; `category` follows from the CPV code.

    `price_pence` (ex VAT, each) is a shorthand for a product with one plain offer.
    """

    supplier: str
    reference: str
    kind: Kind
    category: str = ""
    price_pence: int | None = None


class _Held(Struct, frozen=True):
    id: UUID
    kind: Kind
    newest: int
    live_number: int | None
    live_id: UUID | None
    live_hash: str | None
    open_versions: int


_Key = tuple[UUID, str]
"""Of a product and of its plain offer: the supplier and its reference."""


class ProductLoader:
    """Stores product rows; `create_suppliers` registers suppliers that a row names and nobody knows."""

    columns: Sequence[Column] = tuple(columns_of(ProductRow))

    def __init__(self, *, create_suppliers: bool = False) -> None:
        """Start with no supplier known."""
        self._create_suppliers = create_suppliers
        self._suppliers: dict[str, UUID] = {}
        self._seen: dict[int, int] = {}

    def adapt(self, values: dict[str, Any]) -> dict[str, Any]:
        """Rows of the Icecat open catalogue are brought into our layout, their brands becoming suppliers."""
        if not is_icecat(values):
            return values
        self._create_suppliers = True
        return product_values(values)

    def read(self, values: dict[str, Any]) -> tuple[ProductRow | None, tuple[str, ...], list[Fault]]:
        """The row, or everything wrong with it."""
        row, faults = take(ProductRow, values)
        if row is None:
            return None, (), faults
        if not row.category:
            row = msgspec.structs.replace(row, category=category_for(row.kind, row.cpv_code))
        faults = [*supplier_name_faults("supplier", row.supplier), *reference_faults(row.reference)]
        faults += [*content_faults(row.kind, _content(row))]
        if row.price_pence is not None:
            faults += terms_faults(_terms(row.price_pence))
        return row, (folded(row.supplier), row.reference), faults

    def store(self, session: Session, batch: Sequence[Placed], origin: Origin) -> Loaded:
        """List new products and publish new versions of changed ones; a price becomes a plain offer."""
        loaded = Loaded()
        suppliers = self._resolve(session, [placed.row.supplier for placed in batch], origin)
        rows = self._known(batch, suppliers, loaded)
        held = _held(session, rows)
        offers = held_offers(session, [key for key, placed in rows if placed.row.price_pence is not None])
        changes, priced = _Changes(origin), []
        for key, placed in rows:
            product = held.get(key)
            refusal = _price_refusal(placed.row, offers.get(key), product)
            if refusal is not None:
                loaded.reject(placed.line, refusal)
                continue
            product_id = changes.consider(placed, key[0], product, loaded)
            if product_id is not None and placed.row.price_pence is not None:
                priced.append(_plain_offer(placed, key[0], product_id))
        changes.write(session)
        announced = frozenset(message["key"] for message in changes.messages)
        offered = store_offers(session, priced, offers, origin, Loaded(), announced=announced)
        repriced = len(offered.keys() - changes.lines)
        loaded.changed += repriced
        loaded.unchanged -= repriced
        return loaded

    def _known(self, batch: Sequence[Placed], suppliers: dict[str, UUID], loaded: Loaded) -> list[tuple[_Key, Placed]]:
        """The rows whose supplier is known, each product once, however its supplier is spelt."""
        known = []
        for placed in batch:
            supplier_id = suppliers.get(folded(placed.row.supplier))
            if supplier_id is None:
                loaded.reject(placed.line, unknown_supplier(placed.row.supplier))
                continue
            key = (supplier_id, placed.row.reference)
            if (first_line := self._seen.setdefault(hash(key), placed.line)) != placed.line:
                loaded.reject(placed.line, row_repeated(placed.row.reference, first_line))
                continue
            known.append((key, placed))
        return known

    def _resolve(self, session: Session, names: Sequence[str], origin: Origin) -> dict[str, UUID]:
        unknown: dict[str, str] = {}
        for name in names:
            if folded(name) not in self._suppliers:
                unknown.setdefault(folded(name), name.strip())
        if unknown:
            self._suppliers |= suppliers_by_name(session, unknown.values())
        if not unknown or not self._create_suppliers:
            return self._suppliers
        self._suppliers |= suppliers_by_name(session, map(short_name, unknown.values()))
        suppliers = dict(self._suppliers)  # those made now are remembered once they are found: we may yet roll back
        for key, name in unknown.items():
            reference, details = short_name(name), SupplierDetails(name=name)
            if key in suppliers or supplier_reference_faults(reference) or supplier_faults(details):
                continue
            if reference not in suppliers:
                suppliers[reference] = register_supplier(session, origin.actor, reference, details, now=origin.now).id
            suppliers[key] = suppliers[reference]
        return suppliers


class _Changes:
    """The rows of one batch that must be written, gathered for bulk statements."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.products: list[dict[str, Any]] = []
        self.versions: list[dict[str, Any]] = []
        self.packages: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.lines: set[int] = set()
        self.superseded: list[UUID] = []
        self.touched: list[UUID] = []

    def consider(self, placed: Placed, supplier_id: UUID, held: _Held | None, loaded: Loaded) -> UUID | None:
        """Work out what one row changes; returns its product unless the row is refused."""
        row: ProductRow = placed.row
        content = _content(row)
        digest = content_hash(content)
        if held is None:
            product_id = new_id()
            self.products.append(
                {
                    "id": product_id,
                    "supplier_id": supplier_id,
                    "reference": row.reference,
                    "kind": row.kind,
                    "revision": 1,
                    "created_at": self.origin.now,
                }
            )
            self._publish(placed, product_id, 1, content, digest, before=None)
            loaded.created += 1
            return product_id
        if held.kind is not row.kind:
            mend = f"keep {held.kind}, or give the product another reference"
            loaded.reject(placed.line, Fault(field="kind", problem="cannot change", mend=mend, value=row.kind))
            return None
        if held.live_id is None:
            mend = "publish its draft through the API" if held.open_versions else "leave it out, or start a new draft"
            problem = "is not published yet" if held.open_versions else "was withdrawn"
            loaded.reject(placed.line, Fault(field="reference", problem=problem, mend=mend, value=row.reference))
            return None
        if held.live_hash == digest:
            loaded.unchanged += 1
        else:
            self.superseded.append(held.live_id)
            self.touched.append(held.id)
            before = {"version": held.live_number, "content_hash": held.live_hash}
            self._publish(placed, held.id, held.newest + 1, content, digest, before=before)
            loaded.changed += 1
        return held.id

    def _publish(
        self,
        placed: Placed,
        product_id: UUID,
        number: int,
        content: ListingContent,
        digest: str,
        *,
        before: dict[str, Any] | None,
    ) -> None:
        now, version_id = self.origin.now, new_id()
        self.lines.add(placed.line)
        self.versions.append(
            {
                "id": version_id,
                "product_id": product_id,
                "number": number,
                "state": ListingState.PUBLISHED,
                "content_hash": digest,
                "reasons": [],
                "created_at": now,
                "submitted_at": None,
                "decided_at": now,
                "published_at": now,
                **version_columns(content),
            }
        )
        if content.connectivity is not None:
            self.packages.append({"version_id": version_id, **msgspec.structs.asdict(content.connectivity)})
        after = {"version": number, "state": "published", "content_hash": digest}
        self.events.append(
            audit_row(
                self.origin.actor,
                "listing.imported",
                "product",
                product_id,
                now=now,
                before=before,
                after=after,
                reason=self.origin.reason(placed.line),
            )
        )
        self.messages.append({"topic": TOPIC, "key": product_id, "created_at": now, "attempts": 0})

    def write(self, session: Session) -> None:
        """Write everything gathered; older versions step back before newer ones take their place."""
        if self.superseded:
            session.execute(
                update(ListingVersion)
                .where(col(ListingVersion.id).in_(self.superseded))
                .values(state=ListingState.SUPERSEDED)
            )
            session.execute(
                update(Product).where(col(Product.id).in_(self.touched)).values(revision=col(Product.revision) + 1)
            )
        for table, rows in (
            (Product, self.products),
            (ListingVersion, self.versions),
            (ConnectivityRow, self.packages),
            (AuditEvent, self.events),
            (OutboxMessage, self.messages),
        ):
            if rows:
                session.execute(insert(table), rows)


def _content(row: ProductRow) -> ListingContent:
    return ListingContent(**{name: getattr(row, name) for name in ListingContent.__struct_fields__})


def _terms(price_pence: int) -> OfferTerms:
    return OfferTerms(price_pence=price_pence, unit=Unit.EACH)


def _plain_offer(placed: Placed, supplier_id: UUID, product_id: UUID) -> WantedOffer:
    row: ProductRow = placed.row
    return WantedOffer(
        line=placed.line,
        supplier_id=supplier_id,
        product_id=product_id,
        reference=row.reference,
        terms=_terms(row.price_pence or 0),
    )


def _price_refusal(row: ProductRow, offer: Offer | None, product: _Held | None) -> Fault | None:
    if row.price_pence is None or offer is None:
        return None
    if offer.condition is not Condition.NEW:
        mend = "leave the price out, or give it in an offers file under another reference"
        return Fault(field="price_pence", problem="is of used goods' offer", mend=mend, value=str(row.price_pence))
    return offer_refusal(offer, product.id if product else None)


def _held(session: Session, rows: Sequence[tuple[_Key, Placed]]) -> dict[_Key, _Held]:
    if not rows:
        return {}
    named = (
        col(Product.supplier_id).in_({supplier_id for (supplier_id, _), _ in rows}),
        col(Product.reference).in_([reference for (_, reference), _ in rows]),
    )
    session.exec(select(Product.id).where(*named).order_by(col(Product.id)).with_for_update()).all()
    live = ListingVersion.state == ListingState.PUBLISHED
    is_open = col(ListingVersion.state).in_(("draft", "submitted", "returned"))
    query = (
        sa_select(
            col(Product.supplier_id),
            col(Product.reference),
            col(Product.id),
            col(Product.kind),
            func.max(ListingVersion.number),
            func.max(case((live, ListingVersion.number))),
            func.max(case((live, ListingVersion.content_hash))),
            func.sum(case((is_open, 1), else_=0)),
        )
        .join(ListingVersion, col(ListingVersion.product_id) == Product.id)
        .where(*named)
        .group_by(col(Product.supplier_id), col(Product.reference), col(Product.id), col(Product.kind))
    )
    found = session.execute(query).all()
    published = select(ListingVersion.product_id, ListingVersion.id).where(
        live, col(ListingVersion.product_id).in_([row[2] for row in found])
    )
    live_ids = {row[0]: row[1] for row in session.execute(published)}
    return {
        (row[0], row[1]): _Held(row[2], row[3], row[4], row[5], live_ids.get(row[2]), row[6], row[7]) for row in found
    }
