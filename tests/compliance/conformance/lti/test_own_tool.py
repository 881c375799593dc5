"""A strict tool passes without a finding; made wrong in one way, it is found by exactly the check for that."""

import pytest
from tests.compliance.conformance.lti.running import own_tool, report_on

from becta.compliance.conformance.lti.checks import CHECKS
from becta.compliance.conformance.reports import Check, Outcome, Severity


def test_a_tool_that_does_everything_right_passes_without_a_finding() -> None:
    report = report_on(own_tool())

    assert report.findings == ()
    assert report.outcome is Outcome.PASSED
    assert report.facts["bad_launches_tried"] == 24
    assert report.facts["bad_launches_refused"] == 24
    assert report.facts["content_items"] == 1


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_tool_wrong_in_one_way_is_found_by_exactly_that_check(check: Check) -> None:
    report = report_on(own_tool(check.id))

    assert {finding.check for finding in report.findings} == {check.id}
    assert {finding.clause for finding in report.findings} == {check.clause}
    assert report.outcome is (Outcome.FAILED if check.severity is Severity.ERROR else Outcome.PASSED)
