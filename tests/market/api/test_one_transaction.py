"""One transaction: a change, its audit event and its outbox row are all there, or none of them is."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlmodel import Session, col, select
from tests.support.badges import CYBER
from tests.support.watching import everything

from becta.catalogue.categories import Kind
from becta.catalogue.offers.rules import OfferTerms, Unit
from becta.catalogue.offers.service import change_offer, end_offer, make_offer
from becta.catalogue.products.rules import ListingContent, content_hash
from becta.catalogue.products.service import (
    edit_listing,
    publish_listing,
    send_back_listing,
    start_listing,
    submit_listing,
    withdraw_listing,
)
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import amend_supplier, register_supplier
from becta.compliance.badges.checking import decide_claim
from becta.compliance.badges.rules import BadgeClaim, ClaimState
from becta.compliance.badges.service import claim_badge
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.actor import Actor
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.market.db import Database

NOW = clock.now()
CONTENT = ListingContent(title="Larch Chromebook 11", cpv_code="30213100", category="chromebooks")
EDITED = msgspec.structs.replace(CONTENT, title="Larch Chromebook 12")
TERMS = OfferTerms(price_pence=19_900, unit=Unit.EACH)
CLAIM = msgspec.convert(CYBER, BadgeClaim)


class Scene:
    """A supplier, a draft, a submitted listing, an offer and a claim."""

    def __init__(self, db: Database, actor: Actor) -> None:
        with db.write() as s:
            self.supplier = register_supplier(s, actor, "larch", SupplierDetails(name="Larch"), now=NOW).id
            self.draft, self.submitted = (self._start(s, actor, name) for name in ("draft", "submitted"))
            submit_listing(s, actor, self.submitted, revision=None, now=NOW)
            self.offer = self._offer(s, actor, "first")
            self.claim = claim_badge(s, actor, holder=Holder.SUPPLIER, holder_id=self.supplier, claim=CLAIM, now=NOW).id

    def _start(self, s: Session, actor: Actor, reference: str) -> UUID:
        product, _ = start_listing(
            s, actor, supplier_id=self.supplier, reference=reference, kind=Kind.DEVICE, content=CONTENT, now=NOW
        )
        return product.id

    def _offer(self, s: Session, actor: Actor, reference: str) -> UUID:
        return make_offer(
            s, actor, product_id=self.draft, supplier_id=self.supplier, reference=reference, terms=TERMS, now=NOW
        ).id


class Failed(Exception):
    """What goes wrong after everything was sent to the database."""


def fail_after(db: Database, change: Callable[[Session], object]) -> None:
    """Make a change whose transaction fails when nothing but the commit is left."""
    with db.write() as session:
        change(session)
        session.flush()
        raise Failed


UseCase = Callable[[Session, Actor, Scene], Any]


def facts(state: str, content: ListingContent = CONTENT, number: int = 1) -> dict[str, Any]:
    return {"version": number, "state": state, "content_hash": content_hash(content)}


_DETAILS = msgspec.to_builtins(SupplierDetails(name="Larch")) | {"contacts": []}
_TERMS = msgspec.to_builtins(TERMS) | {"tiers": [], "regions": list(TERMS.regions)}

USE_CASES: dict[str, tuple[UseCase, str, str, dict[str, Any] | None, dict[str, Any] | None, str | None]] = {
    "supplier.registered": (
        lambda s, a, _: register_supplier(s, a, "rowan", SupplierDetails(name="Rowan"), now=NOW),
        "supplier",
        "supplier",
        None,
        {**_DETAILS, "name": "Rowan"},
        None,
    ),
    "supplier.amended": (
        lambda s, a, x: amend_supplier(s, a, x.supplier, SupplierDetails(name="Larch Ltd"), revision=None, now=NOW),
        "supplier",
        "supplier",
        _DETAILS,
        {**_DETAILS, "name": "Larch Ltd"},
        None,
    ),
    "listing.drafted": (
        lambda s, a, x: x._start(s, a, "another"),
        "product",
        "product",
        None,
        facts("draft"),
        None,
    ),
    "listing.edited": (
        lambda s, a, x: edit_listing(s, a, x.draft, EDITED, revision=None, now=NOW),
        "product",
        "product",
        facts("draft"),
        facts("draft", EDITED),
        None,
    ),
    "listing.submitted": (
        lambda s, a, x: submit_listing(s, a, x.draft, revision=None, now=NOW),
        "product",
        "product",
        facts("draft"),
        facts("submitted"),
        None,
    ),
    "listing.published": (
        lambda s, a, x: publish_listing(s, a, x.submitted, revision=None, now=NOW),
        "product",
        "product",
        facts("submitted"),
        facts("published"),
        None,
    ),
    "listing.returned": (
        lambda s, a, x: send_back_listing(s, a, x.submitted, ["No size", "No model"], revision=None, now=NOW),
        "product",
        "product",
        facts("submitted"),
        facts("returned"),
        "No size; No model",
    ),
    "listing.withdrawn": (
        lambda s, a, x: withdraw_listing(s, a, x.draft, "Listed twice", revision=None, now=NOW),
        "product",
        "product",
        facts("draft"),
        facts("withdrawn"),
        "Listed twice",
    ),
    "offer.made": (lambda s, a, x: x._offer(s, a, "second"), "offer", "product", None, _TERMS, None),
    "offer.changed": (
        lambda s, a, x: change_offer(
            s, a, x.offer, msgspec.structs.replace(TERMS, price_pence=1), revision=None, now=NOW
        ),
        "offer",
        "product",
        _TERMS,
        {**_TERMS, "price_pence": 1},
        None,
    ),
    "offer.ended": (
        lambda s, a, x: end_offer(s, a, x.offer, revision=None, now=NOW),
        "offer",
        "product",
        {"state": "active"},
        {"state": "ended"},
        None,
    ),
    "badge.claimed": (
        lambda s, a, x: claim_badge(s, a, holder=Holder.SUPPLIER, holder_id=x.supplier, claim=CLAIM, now=NOW),
        "badge_claim",
        "supplier",
        None,
        msgspec.to_builtins(CLAIM),
        None,
    ),
    "badge.accepted": (
        lambda s, a, x: decide_claim(s, a, x.claim, ClaimState.ACCEPTED, [], revision=None, now=NOW),
        "badge_claim",
        "supplier",
        {"state": "claimed"},
        {"state": "accepted"},
        None,
    ),
    "badge.refused": (
        lambda s, a, x: decide_claim(s, a, x.claim, ClaimState.REFUSED, ["Not found"], revision=None, now=NOW),
        "badge_claim",
        "supplier",
        {"state": "claimed"},
        {"state": "refused"},
        "Not found",
    ),
}
"""Action: the use case, what it is recorded of, the outbox topic, before, after, reason."""
TOLD_TOO = {"badge.accepted": {"badge_issued", "badge_claim"}, "badge.refused": {"badge_claim"}}
"""Topics of the outbox besides: a badge is signed, and its supplier hears of a decision."""


@pytest.mark.parametrize("action", USE_CASES)
def test_a_change_that_cannot_be_committed_leaves_nothing_and_one_that_can_leaves_one_of_each(
    db: Database, operator: Actor, action: str
) -> None:
    use_case, object_type, topic, before, after, reason = USE_CASES[action]
    scene = Scene(db, operator)
    stored = everything(db)

    with pytest.raises(Failed):
        fail_after(db, lambda session: use_case(session, operator, scene))
    assert everything(db) == stored

    with db.write() as session:
        last_event = session.exec(select(AuditEvent.position).order_by(col(AuditEvent.position).desc())).first()
        last_message = session.exec(select(OutboxMessage.id).order_by(col(OutboxMessage.id).desc())).first()
        use_case(session, operator, scene)

    with db.read() as session:
        [event] = session.exec(select(AuditEvent).where(col(AuditEvent.position) > last_event)).all()
        sent = session.exec(select(OutboxMessage).where(col(OutboxMessage.id) > last_message)).all()
    told = {message.topic for message in sent}
    [message] = [message for message in sent if message.topic == topic]
    assert told == {topic} | TOLD_TOO.get(action, set())
    assert (event.action, event.object_type, event.before, event.after, event.reason, event.at) == (
        action,
        object_type,
        before,
        after,
        reason,
        NOW,
    )
    assert (event.actor_kind, event.actor_id, event.actor_label) == ("system", "system", "test")
    assert (message.topic, message.done_at, message.attempts) == (topic, None, 0)


def test_publishing_a_new_version_supersedes_the_old_in_the_same_moment(db: Database, operator: Actor) -> None:
    scene = Scene(db, operator)
    with db.write() as session:
        publish_listing(session, operator, scene.submitted, revision=None, now=NOW)
        edit_listing(session, operator, scene.submitted, EDITED, revision=None, now=NOW)
        submit_listing(session, operator, scene.submitted, revision=None, now=NOW)
    stored = everything(db)

    with pytest.raises(Failed):
        fail_after(db, lambda session: publish_listing(session, operator, scene.submitted, revision=None, now=NOW))

    assert everything(db) == stored  # the old one is still published


def test_withdrawing_notes_each_version_it_ends(db: Database, operator: Actor) -> None:
    scene = Scene(db, operator)
    with db.write() as session:
        publish_listing(session, operator, scene.submitted, revision=None, now=NOW)
        edit_listing(session, operator, scene.submitted, EDITED, revision=None, now=NOW)
    with db.write() as session:
        withdraw_listing(session, operator, scene.submitted, "No longer made", revision=None, now=NOW)

    with db.read() as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "listing.withdrawn")).all()
    assert [(event.before, event.after) for event in events] == [
        (facts("published"), facts("withdrawn")),
        (facts("draft", EDITED, 2), facts("withdrawn", EDITED, 2)),
    ]
