"""Every runner there is, by its code."""

from collections.abc import Mapping
from types import MappingProxyType

from becta.compliance.conformance.badges.runner import RUNNERS as BADGES
from becta.compliance.conformance.case.runner import RUNNERS as CASE
from becta.compliance.conformance.cmi5.runner import RUNNERS as CMI5
from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.runner import lti_runner
from becta.compliance.conformance.oneroster.csv_runner import RUNNERS as ONEROSTER_CSV
from becta.compliance.conformance.oneroster.rest import RUNNERS as ONEROSTER_REST
from becta.compliance.conformance.qti.runner import RUNNERS as QTI
from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner
from becta.compliance.conformance.scorm.runner import RUNNERS as SCORM
from becta.compliance.conformance.xapi.runner import RUNNERS as XAPI

Runner = ArtefactRunner | EndpointRunner

_READY: tuple[Runner, ...] = (*ONEROSTER_CSV, *ONEROSTER_REST, *BADGES, *QTI, *CASE, *XAPI, *CMI5, *SCORM)

RUNNERS: Mapping[str, Runner] = MappingProxyType({runner.code: runner for runner in _READY})
"""The runners that need nothing of ours; that for LTI tools needs a platform to launch them."""


def runners(platform: Platform) -> Mapping[str, Runner]:
    """Every runner in display order; LTI tools are launched by this platform."""
    lti = lti_runner(platform)
    return MappingProxyType({lti.code: lti, **RUNNERS})
