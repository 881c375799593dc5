"""The consumer of the outbox that does conformance runs and keeps what came out.

The artefact is thrown away as soon as it was tested: it may hold data of children, although suppliers are told to send
none. What stays is its SHA-256 and the report.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec
import structlog
from joserfc.jwk import RSAKey

from becta.compliance.badges.checking import recheck_badge
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import ClaimState
from becta.compliance.conformance.child import Job, refused
from becta.compliance.conformance.lti.platform import Platform, key_from_pem, key_set, key_to_pem, new_key, platform_at
from becta.compliance.conformance.models import ConformanceRun, RunState
from becta.compliance.conformance.registry import runners
from becta.compliance.conformance.reports import Outcome, Report
from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner
from becta.compliance.conformance.service import TOPIC, finish_run, give_run_up
from becta.kernel import clock
from becta.kernel.actor import Actor, system
from becta.kernel.events import OutboxMessage
from becta.market.conformance.secrets import Sealed
from becta.market.db import Database
from becta.market.files.store import FileStore
from becta.market.key_files import kept
from becta.market.settings import bare_environment

WALL_SECONDS = 300
"""How long a run may take in all."""
LARGEST_REPORT = 20_000_000
LONGEST_NAME = 200
"""Bytes of a file name that every file system takes."""

log = structlog.get_logger()


class Desk:
    """Does runs, one at a time."""

    topics = frozenset({TOPIC})

    def __init__(
        self,
        db: Database,
        files: FileStore,
        sealed: Sealed,
        *,
        origin: str,
        lti_key: Path,
        allowed: frozenset[str] = frozenset(),
    ) -> None:
        """Test what lies in `files`; `allowed` are the private `host:port` that runs may reach all the same."""
        self._db = db
        self._files = files
        self.sealed = sealed
        self._origin = origin
        self._lti_key_file = lti_key
        self._allowed = allowed

    @cached_property
    def platform(self) -> Platform:
        """The LTI platform that launches suppliers' tools; its key is made when it is first needed."""
        return platform_at(self._origin, self._lti_key)

    def lti_keys(self) -> Mapping[str, object]:
        """The public keys of the LTI platform, which tools fetch."""
        return key_set(self._lti_key)

    @cached_property
    def runners(self) -> Mapping[str, ArtefactRunner | EndpointRunner]:
        """Every runner by its code."""
        return runners(self.platform)

    def handle(self, messages: Sequence[OutboxMessage]) -> None:
        """Do the runs that these messages name; one that is done is left alone."""
        for message in messages:
            self._do(message.key)

    def _do(self, run_id: UUID) -> None:
        with self._db.read() as session:
            run = session.get(ConformanceRun, run_id)
        if run is None or run.state is not RunState.WAITING:
            return
        actor = system(f"runner {run.runner}")
        try:
            self._keep(run_id, self._report(run), actor)
        except OSError:
            raise  # the disk or a process that could not be started: it is tried again
        except Exception:
            log.exception("a conformance run broke down", run=str(run_id), runner=run.runner)
            with self._db.write() as session:
                give_run_up(session, actor, run_id, now=clock.now())
        self._forget(run)

    def _keep(self, run_id: UUID, report: Report, actor: Actor) -> None:
        """Keep what came out; a badge that was checked again and failed is suspended with it."""
        with self._db.write() as session:
            now = clock.now()
            done = finish_run(session, actor, run_id, report, now=now)
            if done is None or done.recheck_of is None or report.outcome is not Outcome.FAILED:
                return
            claim = session.get(BadgeClaimRow, done.recheck_of)
            if claim is not None and claim.state is ClaimState.ACCEPTED:
                reason = f"A run of {done.runner} found {report.errors} errors: {self._origin}/conformance/{run_id}"
                recheck_badge(session, actor, claim.id, holds=False, reasons=[reason], revision=None, now=now)

    def _report(self, run: ConformanceRun) -> Report:
        with self._named(run) as path:
            return self._in_a_process(run, path)

    @contextmanager
    def _named(self, run: ConformanceRun) -> Iterator[Path | None]:
        """The artefact under the name it came with: runners go by its ending, and findings name it."""
        if run.file_sha256 is None or run.file_name is None:
            yield None
            return
        with TemporaryDirectory(prefix="becta-run-") as folder:
            name = run.file_name
            if len(name.encode()) > LONGEST_NAME:
                name = f"artefact{Path(name).suffix[:20]}"
            path = Path(folder) / name
            path.symlink_to(self._files.path(run.id.hex).resolve())
            yield path

    def _in_a_process(self, run: ConformanceRun, path: Path | None) -> Report:
        runner = self.runners[run.runner]
        job = Job(
            runner=run.runner,
            path=None if path is None else str(path),
            settings={**run.settings, **self.sealed.open(run.sealed)},
            allowed=self._allowed,
            origin=self._origin,
            lti_key=key_to_pem(self._lti_key).decode(),
        )
        try:
            done = subprocess.run(
                [sys.executable, "-m", "becta.compliance.conformance.child"],
                input=msgspec.json.encode(job),
                capture_output=True,
                env=bare_environment(),
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return refused(runner, f"testing it takes longer than {WALL_SECONDS} seconds")
        if done.returncode < 0:
            return refused(runner, "testing it takes more processor time or memory than a run may have")
        if done.returncode or len(done.stdout) > LARGEST_REPORT:
            raise RuntimeError(
                f"the runner ended with {done.returncode}: {done.stderr[-2_000:].decode(errors='replace')}"
            )
        return msgspec.json.decode(done.stdout, type=Report)

    def _forget(self, run: ConformanceRun) -> None:
        """Throw the artefact away."""
        if run.file_sha256 is not None:
            self._files.drop(run.id.hex)

    @cached_property
    def _lti_key(self) -> RSAKey:
        """Read once: checking that a file holds an RSA key takes some sixty milliseconds."""
        return key_from_pem(kept(self._lti_key_file, lambda: key_to_pem(new_key())))
