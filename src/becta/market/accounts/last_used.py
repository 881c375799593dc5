"""When each token was last used: remembered in memory and written once a minute, not with every request."""

import threading
from datetime import datetime
from uuid import UUID

import structlog
from sqlmodel import col, update

from becta.market.accounts.models import ApiToken
from becta.market.db import Database

EVERY_SECONDS = 60.0

log = structlog.get_logger()


class LastUsed:
    """A notebook of the tokens used since it was last written out; one in each process."""

    def __init__(self, db: Database, *, every: float = EVERY_SECONDS) -> None:
        """Write to `db` every so many seconds, once started."""
        self._db = db
        self._every = every
        self._noted: dict[UUID, datetime] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, token_id: UUID, *, now: datetime) -> None:
        """Remember that a live token was used now."""
        self._noted[token_id] = now

    def write_out(self) -> int:
        """Write what was noted; returns how many tokens it was. A token revoked meanwhile is left as it is."""
        noted, self._noted = self._noted, {}
        if not noted:
            return 0
        with self._db.write() as session:
            for token_id in sorted(noted):  # in one order, so that two processes cannot wait for one another
                unchanged = update(ApiToken).where(col(ApiToken.id) == token_id, col(ApiToken.revoked_at).is_(None))
                session.exec(unchanged.values(last_used_at=noted[token_id]))
        return len(noted)

    def start(self) -> None:
        """Write out continually in a thread of its own until `stop`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="tokens-last-used", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write out once more and stop."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self._try()
        self._try()

    def _try(self) -> None:
        try:
            self.write_out()
        except Exception:
            log.exception("when tokens were last used could not be written")
