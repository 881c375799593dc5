"""Runners have codes of their own, checks with clauses, and standards that the registry of standards knows."""

from pathlib import Path

import pytest

from becta.compliance.conformance.lti.platform import new_key, platform_at
from becta.compliance.conformance.registry import RUNNERS, Runner, runners
from becta.compliance.conformance.reports import Outcome
from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner
from becta.compliance.standards.registry import standards

EVERY = runners(platform_at("https://market.example", new_key()))
each_runner = pytest.mark.parametrize("runner", EVERY.values(), ids=EVERY)


def test_the_runners_are_these() -> None:
    assert list(EVERY) == [
        "lti-1.3-tool",
        "oneroster-csv-1.1",
        "oneroster-csv-1.2",
        "oneroster-rest-1.1",
        "oneroster-rest-1.2",
        "openbadges-3.0",
        "qti-2.1",
        "qti-3.0",
        "case-1.0",
        "case-1.1",
        "xapi-1.0.3",
        "xapi-2.0",
        "cmi5-1.0",
        "scorm-1.2",
        "scorm-2004",
    ]
    assert set(EVERY) - set(RUNNERS) == {"lti-1.3-tool"}


@each_runner
def test_a_runner_is_found_under_its_code(runner: Runner) -> None:
    assert EVERY[runner.code] is runner
    assert runner.version.isdecimal()
    assert runner.title.strip() == runner.title != ""


@each_runner
def test_checks_have_ids_of_their_own_and_say_what_they_ask_and_where_it_stands(runner: Runner) -> None:
    ids = [check.id for check in runner.checks]

    assert ids
    assert len(set(ids)) == len(ids)
    for check in runner.checks:
        assert check.id.strip() == check.id != ""
        assert check.title.strip() == check.title != ""
        assert check.clause.strip() == check.clause != ""


@each_runner
def test_a_runner_tests_a_standard_a_version_and_a_role_that_a_badge_can_name(runner: Runner) -> None:
    standard = standards()[runner.standard]

    assert runner.standard_version in standard.versions
    assert runner.role in {"", *standard.roles}


@each_runner
def test_a_runner_says_what_it_takes(runner: Runner) -> None:
    if isinstance(runner, ArtefactRunner):
        assert runner.suffixes
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in runner.suffixes)
    else:
        assert isinstance(runner, EndpointRunner)
        assert runner.settings
        assert runner.secret | runner.optional <= set(runner.settings)


@pytest.mark.parametrize("code", [code for code, runner in EVERY.items() if isinstance(runner, ArtefactRunner)])
@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"PK\x03\x04", b"<a/>", b"null", b'"a"', b"\xff\xfe"])
def test_no_file_passes_for_being_short_or_strange(tmp_path: Path, code: str, content: bytes) -> None:
    runner = EVERY[code]
    assert isinstance(runner, ArtefactRunner)
    for suffix in runner.suffixes:
        artefact = tmp_path / f"file{suffix}"
        artefact.write_bytes(content)

        assert runner.run(artefact).outcome in {Outcome.FAILED, Outcome.REFUSED}
