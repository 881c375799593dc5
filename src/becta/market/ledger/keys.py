"""The keys that sign badges: private halves in files of their own, public halves and their lives in the database."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlmodel import Session, col, select, update

from becta.compliance.badges.models import Badge, BadgeKey
from becta.compliance.openbadges.did import IssuerKey
from becta.compliance.openbadges.keys import PublicKey, SigningKey
from becta.kernel.actor import Actor, Scope, system
from becta.kernel.errors import Conflict, NotFound
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.key_files import kept

FIRST = "first.pem"


class KeyRing:
    """The private keys in a folder. A key that the database calls retired or compromised signs no more."""

    def __init__(self, folder: Path) -> None:
        """Keep keys in this folder, which is made with the first of them."""
        self._folder = folder
        self._held: dict[str, SigningKey] = {}

    def first(self) -> SigningKey:
        """The key that a new ledger begins with; made now if there is none, by one process alone."""
        return self._hold(kept(self._folder / FIRST, _fresh))

    def fresh(self) -> SigningKey:
        """A new key, kept in a file named by its public half."""
        pem = _fresh()
        key = self._hold(pem)
        kept(self._folder / f"{key.public.multibase}.pem", lambda: pem)
        return key

    def holds(self, key_id: str) -> SigningKey | None:
        """The private half of a key, or None if this process cannot read it."""
        if key_id not in self._held:
            for path in sorted(self._folder.glob("*.pem")):
                self._hold(path.read_bytes())
        return self._held.get(key_id)

    def _hold(self, pem: bytes) -> SigningKey:
        loaded = load_pem_private_key(pem, password=None)
        if not isinstance(loaded, Ed25519PrivateKey):
            raise ValueError(f"a file in {self._folder} holds no Ed25519 key")
        key = SigningKey.from_seed(loaded.private_bytes_raw())
        self._held[key.public.multibase] = key
        return key


def newest_key(session: Session) -> BadgeKey | None:
    """The key that signs now, or None if there is none yet, or none that may."""
    usable = select(BadgeKey).where(col(BadgeKey.retired_at).is_(None), col(BadgeKey.compromised_at).is_(None))
    return session.exec(usable.order_by(col(BadgeKey.made_at).desc())).first()


def first_key(session: Session, ring: KeyRing, *, now: datetime) -> BadgeKey:
    """Enter the key that a new ledger begins with; raises Conflict if every key was given up."""
    key_id = ring.first().public.multibase
    if session.get(BadgeKey, key_id) is not None:
        raise Conflict("every key for badges is retired or compromised; make one with `market badge rotate-key`")
    made = BadgeKey(id=key_id, made_at=now)
    session.add(made)
    session.flush()
    record(session, system("ledger"), "badge_key.made", "badge_key", new_id(), now=now, after={"key": key_id})
    return made


def rotate_key(session: Session, actor: Actor, ring: KeyRing, *, now: datetime) -> BadgeKey:
    """Sign with a new key from now on; those before are retired, and what they signed goes on holding."""
    actor.require(Scope.BADGES_DECIDE)
    for old in session.exec(select(BadgeKey).where(col(BadgeKey.retired_at).is_(None))).all():
        old.retired_at = now
    made = BadgeKey(id=ring.fresh().public.multibase, made_at=now)
    session.add(made)
    session.flush()
    record(session, actor, "badge_key.made", "badge_key", new_id(), now=now, after={"key": made.id})
    return made


def give_up_key(session: Session, actor: Actor, ring: KeyRing, key_id: str, reason: str, *, now: datetime) -> int:
    """Call a key compromised: what it signed proves nothing any more, and is to be signed again; returns how many.

    If it was the one that signs, a new one takes its place.

    Raises NotFound, or Conflict if it was called that before.
    """
    actor.require(Scope.BADGES_DECIDE)
    key = session.get(BadgeKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound("badge key", key_id)
    if key.compromised_at is not None:
        raise Conflict("this key was called compromised before")
    key.compromised_at = now
    key.retired_at = key.retired_at or now
    session.flush()
    after = {"key": key_id}
    record(session, actor, "badge_key.compromised", "badge_key", new_id(), now=now, after=after, reason=reason)
    if newest_key(session) is None:
        rotate_key(session, actor, ring, now=now)
    unsigned = {"credential": None, "credential_jwt": None, "key_id": None, "signed_at": None}
    return session.exec(update(Badge).where(col(Badge.key_id) == key_id).values(**unsigned)).rowcount


def issuer_keys(session: Session) -> list[IssuerKey]:
    """Every key of ours, oldest first, for the DID document and the JWKS."""
    return [
        IssuerKey(
            key=PublicKey.from_multibase(key.id),
            retired_at=key.retired_at,
            compromised=key.compromised_at is not None,
        )
        for key in session.exec(select(BadgeKey).order_by(col(BadgeKey.made_at), col(BadgeKey.id))).all()
    ]


def _fresh() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
