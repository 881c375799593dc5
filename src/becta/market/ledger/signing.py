"""Signing badges and status lists. A consumer of the outbox; a chore catches up with what never came through it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct
from sqlmodel import Session, col, select

from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingState
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.checking import ISSUED_TOPIC
from becta.compliance.badges.credentials import Subject, status_list_address, unsigned_credential
from becta.compliance.badges.ledger import enter, marked_places, marked_places_at, unentered_claims, unsigned_badges
from becta.compliance.badges.models import Badge, BadgeClaimRow, BadgeKey
from becta.compliance.badges.rules import ClaimState
from becta.compliance.openbadges.data_integrity import sign_credential
from becta.compliance.openbadges.did import did_document, did_web, jwks, method_id
from becta.compliance.openbadges.keys import SigningKey
from becta.compliance.openbadges.resolving import DocumentResolver, OwnList
from becta.compliance.openbadges.status import PURPOSES, build_list, status_list_credential
from becta.compliance.openbadges.vc_jwt import sign_jwt
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.errors import Conflict, NotFound
from becta.kernel.events import OutboxMessage
from becta.market.db import Database
from becta.market.ledger.keys import KeyRing, first_key, issuer_keys, newest_key

MOST_LISTS = 1_000_000
AT_ONCE = 25
"""Badges that catching up signs in one go: each takes some hundredths of a second."""
LIST_LASTS = timedelta(hours=24)
"""How long a status list says it may be relied upon."""
LIST_KEPT = timedelta(hours=1)
"""How long a signed status list is given out again while nothing in it changes."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""A status list is valid from a little before it is made: clocks of verifiers are not ours."""


_LIVES = "SELECT id, retired_at, compromised_at FROM badge_key ORDER BY id"

log = structlog.get_logger()


class Signed(Struct, frozen=True):
    """A badge's credential in both forms: JSON with a Data Integrity proof, and a compact JWT."""

    credential: str
    jwt: str


class _SignedList(Struct, frozen=True):
    bits: bytes
    key: SigningKey
    begins: datetime
    text: str

    def serves(self, bits: bytes, key: SigningKey, instant: datetime) -> bool:
        """Whether it is the list that would be signed for an instant."""
        return (self.bits, self.key) == (bits, key) and self.begins <= instant <= self.begins + LIST_KEPT


class Ledger:
    """Signs what the ledger holds, in the name of this marketplace's did:web."""

    topics = frozenset({ISSUED_TOPIC})

    def __init__(self, db: Database, ring: KeyRing, *, origin: str) -> None:
        """Sign for the marketplace at this origin; credentials carry addresses that begin with it."""
        self._db = db
        self.ring = ring
        self.origin = origin
        self.did = did_web(origin)
        self._lists: dict[tuple[str, int], _SignedList] = {}
        self._begun: set[int] = set()
        self._resolver: tuple[tuple[tuple[Any, ...], ...], DocumentResolver] | None = None

    def handle(self, messages: Sequence[OutboxMessage]) -> None:
        """Sign the badges these messages name; one that is signed already is left alone."""
        for message in messages:
            self.signed(message.key)

    def catch_up(self) -> int:
        """Enter and sign accepted claims that the ledger lacks or has not signed; returns how many it tried."""
        with self._db.read() as session:
            unentered = [claim.id for claim in unentered_claims(session, limit=AT_ONCE)]
            waiting = [*unentered, *unsigned_badges(session, limit=AT_ONCE)]
        for claim_id in waiting:
            try:
                self.signed(claim_id)
            except (Conflict, NotFound):
                log.warning("a badge could not be signed now; it will be tried again", badge=str(claim_id))
            except Exception:
                log.exception("a badge cannot be signed", badge=str(claim_id))
        return len(waiting)

    def signed(self, claim_id: UUID) -> Signed:
        """A badge's credential, signed now if it never was, or with a key that was given up since.

        Raises NotFound if there is no such badge, Conflict if the key is given up at this very moment.
        """
        self.ensure(claim_id)
        with self._db.read() as session:
            held = _held(session, claim_id)
        if held is not None:
            return held
        now = clock.now()
        key = self._key(now=now)
        with self._db.read() as session:
            made = self._sign(self._unsigned(session, claim_id), key, now=now)
        with self._db.write() as session:
            kept = _held(session, claim_id)
            if kept is not None:  # somebody else was first: theirs is the badge's credential
                return kept
            own = select(BadgeKey).where(BadgeKey.id == key.public.multibase).with_for_update()
            if session.exec(own).one().compromised_at is not None:
                raise Conflict("the key was given up while it signed; ask again")
            badge = session.exec(select(Badge).where(Badge.claim_id == claim_id).with_for_update()).one()
            badge.credential, badge.credential_jwt = made.credential, made.jwt
            badge.key_id, badge.signed_at = key.public.multibase, now
        return made

    def ensure(self, claim_id: UUID) -> None:
        """Enter an accepted claim that the ledger lacks, as one loaded in bulk; raises NotFound if it never was one."""
        with self._db.read() as session:
            if session.get(Badge, claim_id) is not None:
                return
            _must_be_accepted(session, claim_id)
        with self._db.write() as session:
            claim = _must_be_accepted(session, claim_id, lock=True)  # whoever was first has entered it by now
            enter(session, claim, now=clock.now())

    def status_list(self, purpose: str, number: int) -> str:
        """A status list as it stands now, signed; raises NotFound for one there is not.

        The same list is signed once an hour at most.
        """
        now = clock.now()
        bits, key = self._bits(purpose, number, at=now, now=now), self._key(now=now)
        kept = self._lists.get((purpose, number))
        if kept is not None and kept.serves(bits, key, now):
            return kept.text
        begins = now - CLOCKS_DIFFER
        address = status_list_address(purpose, number, origin=self.origin)
        unsigned = status_list_credential(
            address, self.did, purpose, bits, valid_from=begins, valid_until=begins + LIST_LASTS
        )
        text = _text(sign_credential(unsigned, key, method=method_id(self.did, key.public), created=begins))
        self._lists[purpose, number] = _SignedList(bits, key, begins, text)
        return text

    def own_status_list(self, url: str, *, at: datetime) -> OwnList | None:
        """What one of our own status lists holds, or held at an instant, by its address; None for anybody else's."""
        begins = f"{self.origin}/api/v1/badge-status/"
        purpose, _, number = url.removeprefix(begins).partition("/")
        if not url.startswith(begins) or not (number.isascii() and number.isdigit()) or len(number) > 9:
            return None
        try:
            return OwnList(purpose, self._bits(purpose, int(number), at=at, now=clock.now()))
        except NotFound:
            return None

    def _bits(self, purpose: str, number: int, *, at: datetime, now: datetime) -> bytes:
        """The bits of a status list now, or as the history says they were."""
        if purpose not in PURPOSES or not 0 < number <= MOST_LISTS:
            raise NotFound("status list", f"{purpose} {number}")
        with self._db.read() as session:
            if number not in self._begun:
                if session.exec(select(Badge.claim_id).where(Badge.status_list == number)).first() is None:
                    raise NotFound("status list", number)
                self._begun.add(number)
            if at >= now:
                return build_list(marked_places(session, purpose, number))
            return build_list(marked_places_at(session, purpose, number, at))

    def did_document(self) -> Mapping[str, Any]:
        """Our DID document: where others learn which keys are ours."""
        with self._db.read() as session:
            return did_document(self.did, issuer_keys(session))

    def jwks(self) -> Mapping[str, Any]:
        """Our keys as a JSON Web Key Set."""
        with self._db.read() as session:
            return jwks(self.did, issuer_keys(session))

    def resolver(self) -> DocumentResolver:
        """Our own keys, for verifying what we signed without asking anybody."""
        lives = tuple(self._db.fetch(_LIVES, {}))
        if self._resolver is None or self._resolver[0] != lives:
            self._resolver = (lives, DocumentResolver({self.did: self.did_document()}))
        return self._resolver[1]

    def _key(self, *, now: datetime) -> SigningKey:
        """The key that signs now; a new ledger makes its first. Raises Conflict if its private half is not here."""
        with self._db.read() as session:
            newest = newest_key(session)
        if newest is None:
            with suppress(Conflict), self._db.write() as session:  # another process may be making it too
                newest = newest_key(session) or first_key(session, self.ring, now=now)
            with self._db.read() as session:
                newest = newest or newest_key(session)
        found = None if newest is None else self.ring.holds(newest.id)
        if found is None:
            raise Conflict("the private half of the key that signs badges is not in this house's folder of keys")
        return found

    def _sign(self, unsigned: dict[str, Any], key: SigningKey, *, now: datetime) -> Signed:
        method = method_id(self.did, key.public)
        signed = sign_credential(unsigned, key, method=method, created=now)
        return Signed(_text(signed), sign_jwt(unsigned, key, kid=method))

    def _unsigned(self, session: Session, claim_id: UUID) -> dict[str, Any]:
        claim, badge = session.get_one(BadgeClaimRow, claim_id), session.get_one(Badge, claim_id)
        return unsigned_credential(claim, badge, subject_of(session, claim), origin=self.origin, issuer=self.did)


def subject_of(session: Session, claim: BadgeClaimRow) -> Subject:
    """Whose badge it is, named as it is listed now."""
    if claim.supplier_id is not None:
        name = session.get_one(Supplier, claim.supplier_id).name
        return Subject(holder=Holder.SUPPLIER, id=claim.supplier_id, name=name, supplier_name=name)
    assert claim.product_id is not None  # the table's check constraint
    product = session.get_one(Product, claim.product_id)
    supplier = session.get_one(Supplier, product.supplier_id).name
    name = product_name(session, product)
    return Subject(holder=Holder.PRODUCT, id=product.id, name=name, supplier_name=supplier)


def product_name(session: Session, product: Product) -> str:
    """What a product is called: by its published listing, else by its newest."""
    newest = select(ListingVersion.title).where(ListingVersion.product_id == product.id)
    return (
        listed_name(session, product.id)
        or session.exec(newest.order_by(col(ListingVersion.number).desc())).first()
        or product.reference
    )


def listed_name(session: Session, product_id: UUID) -> str | None:
    """What a product's published listing calls it, None if it has none: drafts are nobody else's business."""
    published = select(ListingVersion.title).where(
        ListingVersion.product_id == product_id, ListingVersion.state == ListingState.PUBLISHED
    )
    return session.exec(published).first()


def _held(session: Session, claim_id: UUID) -> Signed | None:
    """A badge's credential as it is kept, None if it has none that holds."""
    badge = session.get_one(Badge, claim_id)
    key = None if badge.key_id is None else session.get(BadgeKey, badge.key_id)
    if key is None or key.compromised_at is not None or not (badge.credential and badge.credential_jwt):
        return None
    return Signed(badge.credential, badge.credential_jwt)


def _must_be_accepted(session: Session, claim_id: UUID, *, lock: bool = False) -> BadgeClaimRow:
    claim = session.get(BadgeClaimRow, claim_id, with_for_update=lock)
    if claim is None or claim.state is not ClaimState.ACCEPTED:
        raise NotFound("badge", claim_id)
    return claim


def _text(credential: Mapping[str, Any]) -> str:
    return msgspec.json.encode(credential).decode()
