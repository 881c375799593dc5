"""Sealing the trail: signed checkpoints, made as it grows and when a proof needs one."""

from datetime import datetime
from functools import cached_property
from pathlib import Path

import structlog
from msgspec import Struct
from sqlalchemy import Connection, select
from sqlmodel import col

from becta.kernel import clock
from becta.kernel.append import HEAD, stored_hashes
from becta.kernel.errors import Conflict, NotFound
from becta.kernel.trail import Hashes, root_of
from becta.market.audit.keys import CheckpointSigner, VerifierKey, signer_of
from becta.market.audit.models import AuditCheckpoint
from becta.market.audit.notes import signed_note
from becta.market.db import Database

log = structlog.get_logger()


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A signed root: of how many events, when it was signed and by which key; `note` can be checked by anybody."""

    size: int
    root: str
    at: datetime
    key_id: str
    note: str


class Sealer:
    """Signs the state of the trail. Any number of processes may do it at once."""

    def __init__(self, db: Database, key_file: Path, origin: str) -> None:
        """Sign for an origin with the key in a file, which is made when it is first needed."""
        self._db = db
        self._key_file = key_file
        self._origin = origin

    @cached_property
    def _signer(self) -> CheckpointSigner:
        return signer_of(self._key_file, self._origin)

    @property
    def key(self) -> VerifierKey:
        """What others check our checkpoints with."""
        return self._signer.verifier

    def seal(self) -> Checkpoint | None:
        """The checkpoint of the whole trail, made if there are events after the last; None of an empty trail.

        Raises Conflict, and signs nothing, if the trail no longer gives the root that was signed last.
        """
        with self._db.read() as session:
            connection = session.connection()
            size, last = trail_size(connection), newest_checkpoint(connection)
            if size == 0 or (last is not None and last.size == size):
                return last
            hashes = hashes_of(connection)
            if last is not None and (last.size > size or root_of(hashes, last.size).hex() != last.root):
                log.error("the audit trail does not agree with its last checkpoint", size=size, signed=last.size)
                raise Conflict("the trail does not agree with its last checkpoint; see market audit verify")
            root = root_of(hashes, size)
        key, note = self.key, signed_note(self._signer, size=size, root=root)
        made = Checkpoint(size=size, root=root.hex(), at=clock.now(), key_id=key.key_id, note=note)
        try:
            with self._db.write() as session:
                if session.get(AuditCheckpoint, size) is None:
                    session.add(AuditCheckpoint(size=size, root=made.root, at=made.at, key_id=key.key_id, note=note))
                    return made
        except Conflict:
            log.info("another process sealed the trail in the same moment", size=size)
        with self._db.read() as session:
            return newest_checkpoint(session.connection())

    def covering(self, position: int) -> Checkpoint:
        """The newest checkpoint, made now if need be, of a trail with this event; raises NotFound without the event."""
        with self._db.read() as session:
            last = newest_checkpoint(session.connection())
        if last is None or last.size <= position:
            last = self.seal()
        if last is None or not 0 <= position < last.size:
            raise NotFound("audit event", position)
        return last


def trail_size(connection: Connection) -> int:
    """How many events there are."""
    size: int = connection.execute(select(HEAD.c.size)).scalar_one()
    return size


def hashes_of(connection: Connection) -> Hashes:
    """The hashes of the trail, as the database holds them; raises Conflict where one is missing."""

    def hashes(level: int, start: int, stop: int) -> list[bytes]:
        try:
            return stored_hashes(connection, level, start, stop)
        except LookupError as error:
            raise Conflict(f"{error}; see market audit verify") from error

    return hashes


def newest_checkpoint(connection: Connection) -> Checkpoint | None:
    """The checkpoint of the most events."""
    found = checkpoints(connection, before=None, limit=1)
    return found[0] if found else None


def checkpoints(connection: Connection, *, before: int | None, limit: int) -> list[Checkpoint]:
    """Checkpoints of fewer events than `before`, those of most events first."""
    names = Checkpoint.__struct_fields__
    query = select(*(col(getattr(AuditCheckpoint, name)) for name in names))
    if before is not None:
        query = query.where(col(AuditCheckpoint.size) < before)
    query = query.order_by(col(AuditCheckpoint.size).desc()).limit(limit)
    return [Checkpoint(**dict(zip(names, row, strict=True))) for row in connection.execute(query)]
