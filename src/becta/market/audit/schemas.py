"""The audit trail in answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType


class EventOut(Struct, frozen=True, kw_only=True):
    """Something somebody did. `personal` holds what can be erased, by person; `entry` is the text that is hashed.

    `actor_label` is the name of who acted, None once it was erased.
    """

    position: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_label: str | None
    person_id: UUID | None
    acting_for: UUID | None
    action: str
    object_type: str
    object_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    personal: dict[UUID, dict[str, Any]]
    leaf_hash: str
    entry: str | UnsetType = UNSET


class InclusionOut(Struct, frozen=True, kw_only=True):
    """What proves that an event is in the tree of the first `size` events (RFC 6962); hashes are hexadecimal."""

    position: int
    leaf_hash: str
    size: int
    root: str
    path: list[str]


class ConsistencyOut(Struct, frozen=True, kw_only=True):
    """What proves that the tree of `second` events only added to that of `first` (RFC 6962)."""

    first: int
    first_root: str
    second: int
    second_root: str
    path: list[str]


class Opening(Struct, frozen=True, kw_only=True):
    """Personal fields with the salt of their commitment."""

    salt: str
    fields: dict[str, Any]


class Proof(Struct, frozen=True, kw_only=True):
    """All that check_audit.py needs to check an event without asking us anything more."""

    format: str = "becta-audit-proof/1"
    entry: str
    personal: dict[UUID, Opening]
    index: int
    size: int
    path: list[str]
    checkpoint: str


class KeyOut(Struct, frozen=True, kw_only=True):
    """The key that signs checkpoints, in both forms that tools read."""

    verifier: str
    jwk: dict[str, str]
