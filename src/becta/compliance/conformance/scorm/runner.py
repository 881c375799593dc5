"""The SCORM runners: a zip with imsmanifest.xml at its root."""

from functools import partial
from pathlib import Path

from becta.compliance.conformance.packages import PackageLimits, open_package
from becta.compliance.conformance.reports import Recorder
from becta.compliance.conformance.runner import ArtefactRunner
from becta.compliance.conformance.scorm.manifest import MANIFEST, ManifestRules, finder, read_manifest
from becta.compliance.conformance.scorm.rules import CourseRules
from becta.compliance.conformance.scorm.tables import SCORM_1_2, SCORM_2004, Edition, checks_of

LIMITS = PackageLimits(entries=20_000, directory_bytes=5_000_000)
"""Courses hold many small files; our own numbers."""


def _look(edition: Edition, artefact: Path, recorder: Recorder) -> None:
    with open_package(artefact, LIMITS) as package:
        recorder.facts["files"] = len(package.names)
        root = read_manifest(package, artefact, (edition.packaging,), recorder)
        if root is None:
            return
        find = finder(recorder, MANIFEST)
        manifest = ManifestRules(root, package.names, find)
        manifest.judge()
        rules = CourseRules(edition, manifest.resources, find)
        rules.judge(root)
        recorder.facts["items"] = rules.items
        recorder.facts["resources"] = len(manifest.resources)


def _runner(edition: Edition) -> ArtefactRunner:
    return ArtefactRunner(
        code=f"scorm-{edition.version}",
        version="1",
        title=f"SCORM {edition.version} package",
        standard="scorm",
        standard_version=edition.version,
        suffixes=(".zip",),
        checks=checks_of(edition),
        look=partial(_look, edition),
    )


RUNNERS = (_runner(SCORM_1_2), _runner(SCORM_2004))
