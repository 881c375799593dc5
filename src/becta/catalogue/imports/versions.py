"""The versions of listings that a batch of product rows makes: worked out row by row, written in bulk."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import insert
from sqlalchemy import select as sa_select
from sqlmodel import Session, case, col, func, select, update

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.imports.loading import Loaded, Origin, Placed
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingContent, ListingState, content_hash
from becta.catalogue.products.service import TOPIC, version_columns
from becta.kernel.errors import Fault
from becta.kernel.events import OutboxMessage, audit_row, record_rows
from becta.kernel.ids import new_id

Key = tuple[UUID, str]
"""Of a product and of its plain offer: the supplier and its reference."""


class Held(Struct, frozen=True):
    """What the database holds of a product: its newest and its live version, and whether a draft is open."""

    id: UUID
    kind: Kind
    newest: int
    live_number: int | None
    live_id: UUID | None
    live_hash: str | None
    open_versions: int


class Changes:
    """The rows of one batch that must be written, gathered for bulk statements."""

    def __init__(self, origin: Origin) -> None:
        """Start with nothing to write."""
        self.origin = origin
        self.products: list[dict[str, Any]] = []
        self.versions: list[dict[str, Any]] = []
        self.packages: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.lines: set[int] = set()
        self.superseded: list[UUID] = []
        self.touched: list[UUID] = []

    def consider(
        self, placed: Placed, content: ListingContent, supplier_id: UUID, held: Held | None, loaded: Loaded
    ) -> UUID | None:
        """Work out what one row changes; returns its product unless the row is refused."""
        row, digest = placed.row, content_hash(content)
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
            (OutboxMessage, self.messages),
        ):
            if rows:
                session.execute(insert(table), rows)
        record_rows(session, self.events)


def held_products(session: Session, rows: Sequence[tuple[Key, Placed]]) -> dict[Key, Held]:
    """What is held of these rows' products, locked for change."""
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
        (row[0], row[1]): Held(row[2], row[3], row[4], row[5], live_ids.get(row[2]), row[6], row[7]) for row in found
    }
