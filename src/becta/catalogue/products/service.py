"""Use cases of listings: start, edit, submit, publish, send back, withdraw.

Each locks the product, moves its version along the transition table, grows the product's revision, and
writes the audit event and the outbox row in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, col, func, select

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import (
    OPEN_STATES,
    ListingContent,
    ListingState,
    check_transition,
    content_faults,
    content_hash,
)
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.text_rules import reference_faults, text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id

TOPIC = "product"


def version_columns(content: ListingContent) -> dict[str, Any]:
    """The column values of a version's content, without its connectivity package."""
    values: dict[str, Any] = msgspec.to_builtins(content)
    del values["connectivity"]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def content_of(version: ListingVersion, package: ConnectivityRow | None) -> ListingContent:
    """The content held in a version's rows."""
    values: dict[str, Any] = {
        name: getattr(version, name) for name in ListingContent.__struct_fields__ if name != "connectivity"
    }
    if package is not None:
        values["connectivity"] = package.model_dump(exclude={"version_id"})
    return msgspec.convert(values, ListingContent)


def start_listing(
    session: Session,
    actor: Actor,
    *,
    supplier_id: UUID,
    reference: str,
    kind: Kind,
    content: ListingContent,
    now: datetime,
) -> tuple[Product, ListingVersion]:
    """Make a product with a first draft; raises Invalid, Forbidden, NotFound, or Conflict if the reference is taken."""
    actor.require(Scope.LISTINGS_WRITE, of=supplier_id)
    refuse_if_any([*reference_faults(reference), *content_faults(kind, content)])
    if session.get(Supplier, supplier_id) is None:
        raise NotFound("supplier", supplier_id)
    taken = select(Product.id).where(Product.supplier_id == supplier_id, Product.reference == reference)
    if session.exec(taken).first():
        raise Conflict(f"this supplier already has a product with the reference {reference}")
    product = Product(id=new_id(), supplier_id=supplier_id, reference=reference, kind=kind, created_at=now)
    session.add(product)
    session.flush()
    version = _add_version(session, product, 1, content, now=now)
    _note(session, actor, product, version, "listing.drafted", now=now, before=None)
    return product, version


def edit_listing(
    session: Session, actor: Actor, product_id: UUID, content: ListingContent, *, revision: int | None, now: datetime
) -> tuple[Product, ListingVersion]:
    """Change the open draft, or start a new one beside what is published; a returned version becomes a draft again."""
    product = _own(session, actor, product_id, revision)
    refuse_if_any(content_faults(product.kind, content))
    version = _open_version(session, product_id)
    if version is None:
        newest = session.exec(
            select(func.max(ListingVersion.number)).where(ListingVersion.product_id == product_id)
        ).one()
        version = _add_version(session, product, (newest or 0) + 1, content, now=now)
        _note(session, actor, product, version, "listing.drafted", now=now, before=None)
        return product, version
    before = _facts(version)
    if version.state is ListingState.RETURNED:
        check_transition(version.state, ListingState.DRAFT)
        version.state = ListingState.DRAFT
        session.flush()  # the database lets content change only in a draft
    elif version.state is not ListingState.DRAFT:
        raise Conflict("the listing is submitted and waits for a decision; it can be edited again once decided")
    for name, value in version_columns(content).items():
        setattr(version, name, value)
    version.content_hash = content_hash(content)
    _set_package(session, version, content)
    _note(session, actor, product, version, "listing.edited", now=now, before=before)
    return product, version


def submit_listing(
    session: Session, actor: Actor, product_id: UUID, *, revision: int | None, now: datetime
) -> tuple[Product, ListingVersion]:
    """Ask for the open draft to be published."""
    product = _own(session, actor, product_id, revision)
    version = _move(session, actor, product, ListingState.SUBMITTED, "listing.submitted", now=now)
    version.submitted_at = now
    return product, version


def publish_listing(
    session: Session, actor: Actor, product_id: UUID, *, revision: int | None, now: datetime
) -> tuple[Product, ListingVersion]:
    """Publish the submitted version; the one published before is superseded in the same moment."""
    actor.require(Scope.LISTINGS_DECIDE)
    product = _locked(session, product_id, revision)
    version = _open_version(session, product_id)
    if version is None:
        raise Conflict("no version of this listing waits for a decision")
    check_transition(version.state, ListingState.PUBLISHED)
    live = published_version(session, product_id)
    if live is not None:
        check_transition(live.state, ListingState.SUPERSEDED)
        live.state = ListingState.SUPERSEDED
        session.flush()  # a product has one published version at a time
    before = _facts(version)
    version.state = ListingState.PUBLISHED
    version.decided_at = version.published_at = now
    _note(session, actor, product, version, "listing.published", now=now, before=before)
    return product, version


def send_back_listing(
    session: Session, actor: Actor, product_id: UUID, reasons: Sequence[str], *, revision: int | None, now: datetime
) -> tuple[Product, ListingVersion]:
    """Return the submitted version to its supplier, with at least one reason."""
    actor.require(Scope.LISTINGS_DECIDE)
    refuse_if_any(reasons_faults(reasons))
    product = _locked(session, product_id, revision)
    version = _move(
        session, actor, product, ListingState.RETURNED, "listing.returned", now=now, reason="; ".join(reasons)
    )
    version.reasons = list(reasons)
    version.decided_at = now
    return product, version


def withdraw_listing(
    session: Session, actor: Actor, product_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> tuple[Product, ListingVersion]:
    """Take the listing off the marketplace: the published version and any open draft."""
    refuse_if_any(text_faults("reason", reason, at_least=1, at_most=1_000))
    product = _own(session, actor, product_id, revision)
    versions = [
        v for v in (published_version(session, product_id), _open_version(session, product_id)) if v is not None
    ]
    if not versions:
        raise Conflict("the listing is withdrawn already")
    before = [_facts(version) for version in versions]
    for version in versions:
        check_transition(version.state, ListingState.WITHDRAWN)
        version.state = ListingState.WITHDRAWN
        version.decided_at = now
    for version, facts in zip(versions, before, strict=True):
        _note(session, actor, product, version, "listing.withdrawn", now=now, before=facts, reason=reason)
    return product, versions[0]


def published_version(session: Session, product_id: UUID) -> ListingVersion | None:
    """The version buyers see, if any."""
    wanted = select(ListingVersion).where(
        ListingVersion.product_id == product_id, ListingVersion.state == ListingState.PUBLISHED
    )
    return session.exec(wanted).first()


def reasons_faults(reasons: Sequence[str]) -> list[Fault]:
    """Faults of the reasons given with a decision."""
    if not 1 <= len(reasons) <= 20:
        return [Fault(field="reasons", problem="has no entry or more than 20", mend="give 1 to 20 reasons")]
    return [fault for reason in reasons for fault in text_faults("reasons", reason, at_least=3, at_most=500)]


def _own(session: Session, actor: Actor, product_id: UUID, revision: int | None) -> Product:
    """The product, locked for change by an actor who may write its listing; others learn nothing of its revision."""
    actor.require(Scope.LISTINGS_WRITE)
    owner = session.exec(select(Product.supplier_id).where(Product.id == product_id)).first()
    if owner is not None:
        actor.require(Scope.LISTINGS_WRITE, of=owner)
    return _locked(session, product_id, revision)


def _locked(session: Session, product_id: UUID, revision: int | None) -> Product:
    product = session.exec(select(Product).where(Product.id == product_id).with_for_update()).first()
    if product is None:
        raise NotFound("product", product_id)
    refuse_if_stale(revision, product.revision)
    return product


def _open_version(session: Session, product_id: UUID) -> ListingVersion | None:
    wanted = select(ListingVersion).where(
        ListingVersion.product_id == product_id, col(ListingVersion.state).in_(OPEN_STATES)
    )
    return session.exec(wanted).first()


def _add_version(
    session: Session, product: Product, number: int, content: ListingContent, *, now: datetime
) -> ListingVersion:
    version = ListingVersion(
        id=new_id(),
        product_id=product.id,
        number=number,
        state=ListingState.DRAFT,
        content_hash=content_hash(content),
        reasons=[],
        created_at=now,
        **version_columns(content),
    )
    session.add(version)
    session.flush()
    _set_package(session, version, content)
    return version


def _set_package(session: Session, version: ListingVersion, content: ListingContent) -> None:
    if content.connectivity is not None:
        session.merge(ConnectivityRow(version_id=version.id, **msgspec.structs.asdict(content.connectivity)))


def _move(
    session: Session,
    actor: Actor,
    product: Product,
    wanted: ListingState,
    action: str,
    *,
    now: datetime,
    reason: str | None = None,
) -> ListingVersion:
    version = _open_version(session, product.id)
    if version is None:
        raise Conflict(f"the listing has no draft, so nothing can become {wanted}")
    check_transition(version.state, wanted)
    before = _facts(version)
    version.state = wanted
    _note(session, actor, product, version, action, now=now, before=before, reason=reason)
    return version


def _facts(version: ListingVersion) -> dict[str, Any]:
    return {"version": version.number, "state": version.state.value, "content_hash": version.content_hash}


def _note(
    session: Session,
    actor: Actor,
    product: Product,
    version: ListingVersion,
    action: str,
    *,
    now: datetime,
    before: dict[str, Any] | None,
    reason: str | None = None,
) -> None:
    product.revision += 1
    record(session, actor, action, "product", product.id, now=now, before=before, after=_facts(version), reason=reason)
    announce(session, TOPIC, product.id, now=now)
