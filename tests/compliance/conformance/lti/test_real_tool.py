"""A tool built on pylti1p3 passes with what the Security Framework asks for added; as shipped, what it lacks shows."""

from tests.compliance.conformance.lti.pylti_tool import ShippedLaunch, StrictLaunch, pylti_app
from tests.compliance.conformance.lti.running import report_on

from becta.compliance.conformance.reports import Outcome, Severity

NO_CONFIGURATION = {"configuration_url": ""}


def test_a_real_tool_passes_with_no_error_and_no_warning() -> None:
    report = report_on(pylti_app(StrictLaunch), change=NO_CONFIGURATION)

    assert report.outcome is Outcome.PASSED
    assert [finding.check for finding in report.findings] == ["launch-anonymous"]
    assert [finding.severity for finding in report.findings] == [Severity.NOTE]
    assert report.facts["launch_status"] == 200
    assert report.facts["bad_launches_tried"] == report.facts["bad_launches_refused"] == 24
    assert report.facts["content_items"] == 1


def test_a_real_tool_that_redirects_by_script_passes_too() -> None:
    report = report_on(pylti_app(StrictLaunch, by_script=True), change=NO_CONFIGURATION)

    assert (report.outcome, report.errors, report.warnings) == (Outcome.PASSED, 0, 0)


def test_pylti1p3_as_shipped_passes_warned_that_it_takes_launches_twice_and_for_others_too() -> None:
    report = report_on(pylti_app(ShippedLaunch), change=NO_CONFIGURATION)

    assert report.outcome is Outcome.PASSED
    assert {finding.check: finding.severity for finding in report.findings} == {
        "refuse-more-audiences": Severity.WARNING,
        "refuse-azp": Severity.WARNING,
        "refuse-replay": Severity.WARNING,
        "launch-anonymous": Severity.NOTE,
    }
