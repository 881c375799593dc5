"""Importing products: one row each, known by supplier and `reference`, published as soon as they are in.

An import is the operator's own act, so it needs no submission: a changed row becomes a new published
version, and the version before it is superseded.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import insert
from sqlalchemy import select as sa_select
from sqlmodel import Session, case, col, func, or_, select, update

from becta.catalogue.categories import Kind, category_for
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.imports.columns import Column, columns_of, take
from becta.catalogue.imports.icecat import is_icecat, product_values
from becta.catalogue.imports.loading import Loaded, Origin, Placed
from becta.catalogue.offers.rules import OfferTerms, Unit, terms_faults
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingContent, ListingState, content_faults, content_hash
from becta.catalogue.products.service import TOPIC, version_columns
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.suppliers.rules import SupplierDetails, short_name
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
    number: int
    live_id: UUID | None
    live_hash: str | None
    open_versions: int


class ProductLoader:
    """Stores product rows; `create_suppliers` registers suppliers that a row names and nobody knows."""

    columns: Sequence[Column] = tuple(columns_of(ProductRow))

    def __init__(self, *, create_suppliers: bool = False) -> None:
        """Start with no supplier known."""
        self._create_suppliers = create_suppliers
        self._suppliers: dict[str, UUID] = {}

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
        faults = [*reference_faults(row.reference), *content_faults(row.kind, _content(row))]
        if row.price_pence is not None:
            faults += terms_faults(_terms(row.price_pence))
        return row, (row.supplier.strip().casefold(), row.reference), faults

    def store(self, session: Session, batch: Sequence[Placed], origin: Origin) -> Loaded:
        """List new products and publish new versions of changed ones."""
        loaded = Loaded()
        self._resolve(session, {placed.row.supplier for placed in batch}, origin)
        placed_rows = []
        for placed in batch:
            supplier_id = self._suppliers.get(placed.row.supplier.strip().casefold())
            if supplier_id is None:
                mend = "give the reference or exact name of a supplier here, or import with --create-suppliers"
                fault = Fault(
                    field="supplier", problem="is not a supplier we know", mend=mend, value=placed.row.supplier
                )
                loaded.reject(placed.line, fault)
            else:
                placed_rows.append((placed, supplier_id))
        held = _held(session, placed_rows)
        changes = _Changes(origin)
        for placed, supplier_id in placed_rows:
            changes.consider(placed, supplier_id, held.get((supplier_id, placed.row.reference)), loaded)
        changes.write(session)
        return loaded

    def _resolve(self, session: Session, names: Iterable[str], origin: Origin) -> None:
        unknown = {name.strip().casefold(): name.strip() for name in names}
        unknown = {key: name for key, name in unknown.items() if key not in self._suppliers}
        if not unknown:
            return
        wanted = or_(
            col(Supplier.reference).in_(list(unknown)),
            func.lower(Supplier.name).in_([n.lower() for n in unknown.values()]),
        )
        for supplier_id, reference, name in session.exec(
            select(Supplier.id, Supplier.reference, Supplier.name).where(wanted)
        ):
            self._suppliers[reference] = self._suppliers[name.casefold()] = supplier_id
        if self._create_suppliers:
            for key, name in unknown.items():
                if key not in self._suppliers:
                    made = register_supplier(
                        session, origin.actor, short_name(name), SupplierDetails(name=name), now=origin.now
                    )
                    self._suppliers[key] = made.id


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
            before = {"version": held.number, "content_hash": held.live_hash}
            self._publish(placed, held.id, held.number + 1, content, digest, before=before)
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


def suppliers_by_name(session: Session, names: Iterable[str]) -> dict[str, UUID]:
    """Suppliers whose reference or name is among these, by both, case ignored."""
    lowered = [name.strip().lower() for name in names]
    known = or_(col(Supplier.reference).in_(lowered), func.lower(Supplier.name).in_(lowered))
    found: dict[str, UUID] = {}
    for supplier_id, reference, name in session.exec(
        select(Supplier.id, Supplier.reference, Supplier.name).where(known)
    ):
        found[name.casefold()] = found[reference] = supplier_id
    return found


def unknown_supplier(name: str) -> Fault:
    """The fault of a row that names a supplier nobody knows."""
    mend = "give the reference or exact name of a supplier here; import suppliers first"
    return Fault(field="supplier", problem="is not a supplier we know", mend=mend, value=name[:80])


def _content(row: ProductRow) -> ListingContent:
    return ListingContent(**{name: getattr(row, name) for name in ListingContent.__struct_fields__})


def _terms(price_pence: int) -> OfferTerms:
    return OfferTerms(price_pence=price_pence, unit=Unit.EACH)


def _held(session: Session, rows: Sequence[tuple[Placed, UUID]]) -> dict[tuple[UUID, str], _Held]:
    if not rows:
        return {}
    live = ListingVersion.state == ListingState.PUBLISHED
    is_open = col(ListingVersion.state).in_(("draft", "submitted", "returned"))
    query = (
        sa_select(
            col(Product.supplier_id),
            col(Product.reference),
            col(Product.id),
            col(Product.kind),
            func.max(ListingVersion.number),
            func.max(case((live, ListingVersion.content_hash))),
            func.sum(case((is_open, 1), else_=0)),
        )
        .join(ListingVersion, col(ListingVersion.product_id) == Product.id)
        .where(
            col(Product.supplier_id).in_({supplier_id for _, supplier_id in rows}),
            col(Product.reference).in_([placed.row.reference for placed, _ in rows]),
        )
        .group_by(col(Product.supplier_id), col(Product.reference), col(Product.id), col(Product.kind))
    )
    found = session.execute(query).all()
    published = select(ListingVersion.product_id, ListingVersion.id).where(
        live, col(ListingVersion.product_id).in_([row[2] for row in found])
    )
    live_ids = {row[0]: row[1] for row in session.execute(published)}
    return {(row[0], row[1]): _Held(row[2], row[3], row[4], live_ids.get(row[2]), row[5], row[6]) for row in found}
