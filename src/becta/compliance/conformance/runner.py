"""What a runner is: which standard it tests, what it takes, its checks, and the function that looks."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from becta.compliance.conformance.reports import Check, Recorder, Refused, Report

if TYPE_CHECKING:
    from becta.compliance.conformance.fetching import Web


class ArtefactRunner(Struct, frozen=True, kw_only=True):
    """Tests an uploaded file. `suffixes` are the endings it takes; `role` empty where the standard has none."""

    code: str
    version: str
    title: str
    standard: str
    standard_version: str
    role: str = ""
    suffixes: tuple[str, ...]
    checks: tuple[Check, ...]
    look: Callable[[Path, Recorder], None]

    def run(self, artefact: Path) -> Report:
        """Test a file. Whatever is wrong with it ends in the report, never in an exception."""
        return _reported(self, partial(self.look, artefact))


class EndpointRunner(Struct, frozen=True, kw_only=True):
    """Tests a running service. `settings` maps the names it needs (such as base_url) to what they mean.

    Names in `secret` are used once and never stored.
    """

    code: str
    version: str
    title: str
    standard: str
    standard_version: str
    role: str = ""
    settings: Mapping[str, str]
    secret: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    checks: tuple[Check, ...]
    look: "Callable[[Mapping[str, str], Web, Recorder], None]"

    def run(self, given: Mapping[str, str], web: "Web") -> Report:
        """Test a service through a guarded client; what cannot be reached or breaks a limit is in the report."""
        return _reported(self, partial(self.look, given, web))


def _reported(runner: ArtefactRunner | EndpointRunner, look: Callable[[Recorder], None]) -> Report:
    recorder = Recorder(runner.checks)
    refusal = None
    try:
        look(recorder)
    except Refused as refused:
        refusal = str(refused)
    return recorder.report(runner=runner.code, version=runner.version, refusal=refusal)
