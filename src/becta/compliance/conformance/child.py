"""A run in a process of its own, so that hostile input can take neither the marketplace's memory nor its time.

`python -m becta.compliance.conformance.child` reads a Job as JSON from standard input and writes a Report. It limits
itself before it looks at anything; whoever started it ends it when its time is over.
"""

import resource
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from becta.compliance.conformance.fetching import Web
from becta.compliance.conformance.lti.platform import key_from_pem, platform_at
from becta.compliance.conformance.registry import runners
from becta.compliance.conformance.reports import Recorder, Report
from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner

MEMORY_BYTES = 1_500_000_000
"""Address space of a run; a OneRoster package with a million enrolments needs a third of it."""
CPU_SECONDS = 240
OPEN_FILES = 64


class Job(Struct, frozen=True, kw_only=True):
    """What to run: the runner, and a file or an endpoint's settings.

    `allowed` are the `host:port` that may be reached although they are private; `origin` and `lti_key` (PEM) make the
    platform that launches LTI tools.
    """

    runner: str
    path: str | None = None
    settings: dict[str, str] = {}
    allowed: frozenset[str] = frozenset()
    origin: str
    lti_key: str


def run(job: Job) -> Report:
    """Do a job; raises KeyError for a runner there is not."""
    runner = runners(platform_at(job.origin, key_from_pem(job.lti_key.encode())))[job.runner]
    try:
        if isinstance(runner, ArtefactRunner):
            assert job.path is not None  # whoever asked for the run gave a file
            return runner.run(Path(job.path))
        with Web(allowed=job.allowed) as web:
            return runner.run(job.settings, web)
    except MemoryError:
        return refused(runner, f"testing it needs more than {MEMORY_BYTES // 1_000_000} MB of memory")


def refused(runner: ArtefactRunner | EndpointRunner, why: str) -> Report:
    """The report on an input that broke a limit before any check could say something."""
    return Recorder(runner.checks).report(runner=runner.code, version=runner.version, refusal=why)


def main() -> None:
    """Limit this process, then do the job that standard input names."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(run(job)))


if __name__ == "__main__":
    main()
