"""The OneRoster REST runners against a real provider: a good one passes, and each fault is found by its own check."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.oneroster_provider import SECRET, TOKEN, Asked, Provider, Reply, running

from becta.compliance.conformance.fetching import Web, WebLimits
from becta.compliance.conformance.oneroster.rest import RUNNERS as BOTH
from becta.compliance.conformance.oneroster.rest_schemas import Version
from becta.compliance.conformance.reports import Outcome, Report, Severity

RUNNERS = {Version(runner.standard_version): runner for runner in BOTH}
VERSIONS = pytest.mark.parametrize("version", list(Version))
LIMITS = WebLimits(wait_seconds=0.5, whole_seconds=1, largest_bytes=200_000, run_seconds=20)


def run(provider: Provider, *, limits: WebLimits = LIMITS, **settings: str) -> Report:
    place = provider.address.removeprefix("http://")
    with Web(allowed=frozenset({place}), limits=limits) as web:
        return RUNNERS[provider.version].run({**provider.settings(), **settings}, web)


def found(report: Report) -> set[str]:
    return {finding.check for finding in report.findings}


@VERSIONS
def test_a_good_provider_passes_with_no_finding(version: Version) -> None:
    with running(Provider(version)) as provider:
        report = run(provider)
    assert report.findings == ()
    assert (report.outcome, report.refusal) == (Outcome.PASSED, None)
    assert report.facts == {
        "orgs": 2,
        "schools": 1,
        "academicSessions": 3,
        "terms": 1,
        "gradingPeriods": 1,
        "courses": 2,
        "classes": 3,
        "enrollments": 3,
        "users": 5,
        "teachers": 1,
        "students": 3,
        "demographics": 2,
        "references": report.facts["references"],
    }
    assert int(report.facts["references"]) == 40


@VERSIONS
def test_a_run_only_reads_within_its_requests(version: Version) -> None:
    with running(Provider(version)) as provider:
        run(provider, scope="roster-core.readonly")
    methods = [(asked.method, asked.path) for asked in provider.asked if asked.method != "GET"]
    assert methods == [("POST", "/token")]
    assert provider.asked[0].form["scope"] == "roster-core.readonly"
    assert len(provider.asked) < LIMITS.requests


def test_a_larger_sample_reads_all_in_one_page() -> None:
    with running(Provider()) as provider:
        assert run(provider, sample="100").findings == ()


# Each fault, by the check that finds it.

Bend = Callable[[Provider], None]


def altered(path: str, change: Callable[[Asked, Reply], Reply | None]) -> Bend:
    """Change what is answered at an endpoint; a change that gives None leaves the reply, perhaps changed in place."""

    def bend(provider: Provider) -> None:
        def alter(asked: Asked, reply: Reply) -> Reply:
            at = asked.path.removeprefix(provider.root + "/")
            return (change(asked, reply) or reply) if at == path else reply

        provider.alter = alter

    return bend


def every(change: Callable[[Provider, Asked, Reply], Reply | None]) -> Bend:
    def bend(provider: Provider) -> None:
        provider.alter = lambda asked, reply: change(provider, asked, reply) or reply

    return bend


def with_object(name: str, identity: str, **values: Any) -> Bend:
    """An object that holds other values; None takes a field away."""

    def bend(provider: Provider) -> None:
        item = provider.find(name, identity)
        for field, value in values.items():
            if value is None:
                del item[field]
            else:
                item[field] = value

    return bend


def ignoring(*pairs: tuple[str, str]) -> Bend:
    return lambda provider: provider.ignores.update(pairs)


def attributes(**values: Any) -> Bend:
    def bend(provider: Provider) -> None:
        for name, value in values.items():
            setattr(provider, name, value)

    return bend


def two_courses_of_one_identity(provider: Provider) -> None:
    provider.find("courses", "c2")["sourcedId"] = "c1"


def schools_that_are_districts(provider: Provider) -> None:
    provider.endpoints["schools"] = ("orgs", "org", lambda item: True)


def school_link(**change: str) -> Bend:
    def bend(provider: Provider) -> None:
        provider.find("courses", "c1")["org"] = {**provider.ref("org", "s1"), **change}

    return bend


def somebody_unknown(provider: Provider) -> None:
    provider.find("enrollments", "e2")["user"] = provider.ref("user", "u9")


def headers_without(*names: str) -> Callable[[Provider, Asked, Reply], None]:
    def change(provider: Provider, asked: Asked, reply: Reply) -> None:
        for name in names:
            reply.headers.pop(name, None)

    return change


def renamed(asked: Asked, reply: Reply) -> Reply | None:
    return Reply(200, {"items": reply.body["courses"]}, reply.headers) if "offset" in asked.query else None


def from_the_start_at_the_end(provider: Provider) -> None:
    def alter(asked: Asked, reply: Reply) -> Reply:
        if asked.query.get("offset", "") == "1000000000":
            return Reply(200, {"classes": provider.data["classes"][:2]}) if "classes" in asked.path else reply
        return reply

    provider.alter = alter


def error_without_status(provider: Provider, asked: Asked, reply: Reply) -> Reply | None:
    return Reply(404, {"error": "not found"}) if reply.status == 404 else None


FAULTS: dict[str, Bend] = {
    "reachable": altered("courses", lambda asked, reply: Reply(0, None, reset=True)),
    "token": attributes(token={"token_type": "Bearer", "expires_in": 3600}),
    "token-type": attributes(token={"access_token": TOKEN, "token_type": "mac", "expires_in": 3600}),
    "token-expiry": attributes(token={"access_token": TOKEN, "token_type": "bearer", "expires_in": "soon"}),
    "token-cache": attributes(token_headers={}),
    "token-basic": attributes(takes_basic=False),
    "refuses-no-token": every(
        lambda provider, asked, reply: (
            Reply(200, {"orgs": []}) if reply.status == 401 and "authorization" not in asked.headers else None
        )
    ),
    "refuses-wrong-token": attributes(knows_its_tokens=False),
    "challenge": every(headers_without("WWW-Authenticate")),
    "endpoint": altered("gradingPeriods", lambda asked, reply: Reply(501, {})),
    "demographics": altered("demographics", lambda asked, reply: Reply(403, {})),
    "media-type": altered("courses", lambda asked, reply: reply.headers.update({"Content-Type": "text/html"})),
    "payload": altered("courses", renamed),
    "required": with_object("courses", "c1", title=None),
    "type": with_object("courses", "c1", courseCode=5),
    "enumeration": with_object("orgs", "d1", type="planet"),
    "date": with_object("demographics", "u2", birthDate="2018-02-30"),
    "guid-ref": school_link(type="school"),
    "unknown-field": with_object("courses", "c1", colour="red"),
    "href": school_link(href="https://school.example/orgs/another"),
    "duplicate": two_courses_of_one_identity,
    "subset": schools_that_are_districts,
    "limit": ignoring(("classes", "limit")),
    "offset": ignoring(("classes", "offset")),
    "paging-end": from_the_start_at_the_end,
    "total-count": every(headers_without("X-Total-Count")),
    "total-count-value": altered("classes", lambda asked, reply: reply.headers.update({"X-Total-Count": "4"})),
    "link": every(headers_without("Link")),
    "sort": ignoring(("classes", "sort")),
    "filter": altered(
        "users",
        lambda asked, reply: (
            Reply(200, {"users": [{"sourcedId": "u4", "status": "tobedeleted"}]})
            if asked.query.get("filter") == "status='active'"
            else None
        ),
    ),
    "filter-date": altered(
        "classes",
        lambda asked, reply: (
            Reply(200, {"classes": []}) if asked.query.get("filter", "").startswith("dateLastModified>") else None
        ),
    ),
    "filter-unknown": altered(
        "courses", lambda asked, reply: Reply(200, {"courses": []}) if reply.status == 400 else None
    ),
    "fields": ignoring(("courses", "fields")),
    "fields-unknown": altered(
        "courses", lambda asked, reply: Reply(500, {}) if asked.query.get("fields", "").startswith("no") else None
    ),
    "single": altered("courses/c1", lambda asked, reply: Reply(200, reply.body["course"])),
    "unknown-object": altered("courses/no-such-object-of-this-provider", lambda asked, reply: Reply(200, {})),
    "status-info": every(error_without_status),
    "reference": somebody_unknown,
}


PLACES: dict[str, tuple[str, str]] = {
    "token-type": ("/token", "/token_type"),
    "required": ("/courses", "/courses/0/title"),
    "type": ("/courses", "/courses/0/courseCode"),
    "enumeration": ("/orgs", "/orgs/0/type"),
    "date": ("/demographics", "/demographics/0/birthDate"),
    "guid-ref": ("/courses", "/courses/0/org/type"),
    "duplicate": ("/courses", "/courses/1/sourcedId"),
    "subset": ("/schools", "/orgs/0/type"),
    "reference": ("/enrollments", "/enrollments/1/user"),
    "unknown-object": ("/courses/no-such-object-of-this-provider", ""),
    "single": ("/courses/{sourcedId}", "/course"),
}
"""Where some of the faults are: the path asked, and the JSON pointer into what it answers."""


@VERSIONS
def test_every_check_has_its_fault(version: Version) -> None:
    assert list(FAULTS) == [check.id for check in RUNNERS[version].checks]


@VERSIONS
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_check_alone_with_its_clause(fault: str, version: Version) -> None:
    with running(Provider(version)) as provider:
        FAULTS[fault](provider)
        report = run(provider)
    check = next(check for check in RUNNERS[version].checks if check.id == fault)
    assert found(report) == {fault}
    assert {(finding.severity, finding.clause) for finding in report.findings} == {(check.severity, check.clause)}
    assert report.outcome is (Outcome.FAILED if check.severity is Severity.ERROR else Outcome.PASSED)
    assert SECRET not in repr(report)
    assert TOKEN not in repr(report)
    if fault in PLACES:
        first = report.findings[0]
        file, field = PLACES[fault]
        assert (first.file.removeprefix(provider.root), first.field) == (file, field)


def test_no_value_of_a_person_goes_into_a_finding() -> None:
    with running(Provider()) as provider:
        provider.find("users", "u1")["status"] = "Ada Byron"
        provider.find("demographics", "u2")["birthDate"] = "Ada Byron"
        report = run(provider)
    assert found(report) >= {"enumeration", "date"}
    assert "Ada" not in repr(report)


MORE: dict[str, tuple[Version, Bend, str]] = {
    "an instant outside UTC": (
        Version.V12,
        with_object("courses", "c1", dateLastModified="2026-09-03T09:00:00.003+01:00"),
        "date",
    ),
    "a boolean in 1.2": (Version.V12, with_object("enrollments", "e1", primary=True), "enumeration"),
    "a user without roles": (Version.V12, with_object("users", "u5", roles=[]), "required"),
    "a role in nothing": (
        Version.V12,
        with_object("users", "u5", roles=[{"roleType": "primary", "role": "parent"}]),
        "required",
    ),
    "an org without identifier in 1.2": (Version.V12, with_object("orgs", "s1", identifier=None), "required"),
    "a word of 1.2 in 1.1": (Version.V11, with_object("demographics", "u2", sex="unspecified"), "enumeration"),
    "no user name in 1.1": (Version.V11, with_object("users", "u5", username=None), "required"),
    "a class without type in 1.1": (Version.V11, with_object("classes", "k1", classType=None), "required"),
    "null": (Version.V12, with_object("courses", "c1", schoolYear=False), "guid-ref"),
    "a filter by date that lets everything through": (
        Version.V12,
        altered(
            "classes",
            lambda asked, reply: (
                Reply(200, {"classes": [{"sourcedId": "k3", "dateLastModified": "2026-09-01T08:00:00.001Z"}]})
                if asked.query.get("filter", "").startswith("dateLastModified>")
                else None
            ),
        ),
        "filter-date",
    ),
    "a status of an unknown word": (
        Version.V12,
        every(lambda provider, asked, reply: provider.error(404, "lost_in_the_post") if reply.status == 404 else None),
        "status-info",
    ),
    "an object nested too deep": (
        Version.V12,
        with_object("courses", "c1", courseCode=json.loads("[" * 700 + "]" * 700)),
        "type",
    ),
    "an href that is none": (Version.V12, school_link(href="http://[s1"), "guid-ref href"),
    "a next page that is none": (
        Version.V12,
        altered("classes", lambda asked, reply: reply.headers.update({"Link": '<http://[>; rel="next"'})),
        "link",
    ),
    "a next page elsewhere": (
        Version.V12,
        altered("classes", lambda asked, reply: reply.headers.update({"Link": '<https://e.example/>; rel="next"'})),
        "link",
    ),
    "JSON nested without end": (
        Version.V12,
        altered("courses", lambda asked, reply: Reply(200, None, raw=b"[" * 100_000)),
        "payload",
    ),
}


@pytest.mark.parametrize("_case", MORE)
def test_other_faults_are_found_too(_case: str) -> None:
    version, bend, checks = MORE[_case]
    with running(Provider(version)) as provider:
        bend(provider)
        assert found(run(provider)) == set(checks.split())


MANY_LINKS = (
    '</ims/oneroster/rostering/v1p2/classes?limit=2&fields=a,b>; title="a, b"; rel="last", '
    "</ims/oneroster/rostering/v1p2/classes?limit=2&offset=2&fields=a,b>; rel=next"
)

ALLOWED: dict[str, tuple[Version, Bend]] = {
    "a class without type in 1.2": (Version.V12, with_object("classes", "k1", classType=None)),
    "a word of one's own in 1.2": (Version.V12, with_object("orgs", "d1", type="ext:trust")),
    "JSON booleans in 1.1": (Version.V11, with_object("enrollments", "e1", primary=True)),
    "an org without identifier in 1.1": (Version.V11, with_object("orgs", "s1", identifier=None)),
    "UTC as an offset": (
        Version.V12,
        with_object("courses", "c1", dateLastModified="2026-09-03T08:00:00.003+00:00"),
    ),
    "finer instants than milliseconds": (
        Version.V12,
        with_object("classes", "k3", dateLastModified="2026-09-01T08:00:00.0015Z"),
    ),
    "a Link with commas and other relations": (
        Version.V12,
        altered("classes", lambda asked, reply: reply.headers.update({"Link": MANY_LINKS})),
    ),
    "fields of one's own in metadata": (Version.V12, with_object("courses", "c1", metadata={"x": {"y": 1}})),
    "an unknown field ignored": (
        Version.V12,
        altered(
            "courses",
            lambda asked, reply: Reply(200, {"courses": []}) if "no" in asked.query.get("fields", "") else None,
        ),
    ),
}


@pytest.mark.parametrize("_case", ALLOWED)
def test_what_the_specification_allows_is_no_fault(_case: str) -> None:
    version, bend = ALLOWED[_case]
    with running(Provider(version)) as provider:
        bend(provider)
        assert run(provider).findings == ()


@pytest.mark.parametrize("name", ["base_url", "token_url", "client_id", "client_secret"])
def test_a_missing_setting_is_refused(name: str) -> None:
    with running(Provider()) as provider:
        report = run(provider, **{name: ""})
    assert (report.outcome, report.refusal) == (Outcome.REFUSED, f"{name} is missing")
    assert provider.asked == []


@pytest.mark.parametrize("sample", ["0", "101", "-1", "many", "1e2", "²"])
def test_a_sample_out_of_range_is_refused(sample: str) -> None:
    with running(Provider()) as provider:
        report = run(provider, sample=sample)
    assert report.refusal == "sample is not a whole number from 1 to 100"


# Providers that are hostile.


def hanging(asked: Asked, reply: Reply) -> None:
    time.sleep(2)


HOSTILE: dict[str, tuple[Bend, str]] = {
    "hangs": (altered("courses", hanging), "is silent for 0.5 seconds"),
    "redirects to a private address": (
        altered("courses", lambda asked, reply: Reply(302, {}, {"Location": "https://10.0.0.1/"})),
        "is at an address that may not be asked: private",
    ),
    "redirects to the machine's own metadata": (
        altered("courses", lambda asked, reply: Reply(302, {}, {"Location": "http://169.254.169.254/latest/"})),
        "only https is asked",
    ),
    "redirects without end": (
        altered("courses", lambda asked, reply: Reply(302, {}, {"Location": "courses"})),
        "redirects more than 3 times",
    ),
    "sends a huge page": (
        altered("courses", lambda asked, reply: Reply(200, None, raw=b" " * 300_000)),
        "larger than 200,000 bytes",
    ),
}


@pytest.mark.parametrize("_case", HOSTILE)
def test_a_hostile_provider_is_refused_in_time(_case: str) -> None:
    bend, sentence = HOSTILE[_case]
    started = time.monotonic()
    with running(Provider()) as provider:
        bend(provider)
        report = run(provider)
    assert report.outcome is Outcome.REFUSED
    assert sentence in str(report.refusal)
    assert time.monotonic() - started < 5


def test_a_provider_slow_in_all_it_says_is_refused_when_the_run_is_over() -> None:
    started = time.monotonic()
    with running(Provider()) as provider:
        every(lambda provider, asked, reply: time.sleep(0.1))(provider)
        report = run(provider, limits=WebLimits(run_seconds=0.6))
    assert report.refusal == "the run takes longer than 0.6 seconds"
    assert time.monotonic() - started < 3


def test_a_provider_with_pages_without_end_fails_after_a_few_requests() -> None:
    def endless(provider: Provider, asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/courses") and "offset" in asked.query:
            start = int(asked.query["offset"])
            course = provider.data["courses"][0]
            reply.body = {"courses": [{**course, "sourcedId": f"c{start + n}"} for n in (1, 2)]}
            reply.headers = {"X-Total-Count": "999999999999"}

    with running(Provider()) as provider:
        every(endless)(provider)
        report = run(provider)
    assert report.outcome is Outcome.FAILED
    assert "paging-end" in found(report)
    assert sum(asked.path.endswith("/courses") for asked in provider.asked) < 15


def test_a_provider_that_answers_nothing_ends_after_three_collections() -> None:
    def alter(provider: Provider, asked: Asked, reply: Reply) -> Reply | None:
        return Reply(0, None, reset=True) if "offset" in asked.query else None

    with running(Provider()) as provider:
        every(alter)(provider)
        report = run(provider)
    assert [finding.check for finding in report.findings] == ["reachable"] * 3


NONSENSE: dict[str, bytes] = {
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "numbers for objects": b'{"orgs": [1, null, "x"]}',
    "an object for a list": b'{"orgs": {}}',
    "objects of nothing": b'{"orgs": [{}], "courses": [{}], "users": [{}]}',
    "objects of everything else": b"""{"users": [{"sourcedId": {}, "status": [], "dateLastModified": 1e300,
        "roles": [{"role": {}, "org": {"type": "org", "sourcedId": [], "href": 1}}, 7], "agents": {"type": "user"},
        "a~/b": 1}]}""",
    "half a letter": b'{"orgs": [{"sourcedId": "\\ud800"}]}',
}


@VERSIONS
@pytest.mark.parametrize("_case", NONSENSE)
def test_nonsense_ends_in_findings(_case: str, version: Version) -> None:
    with running(Provider(version)) as provider:
        nonsense = Reply(200, None, raw=NONSENSE[_case])
        every(lambda p, asked, reply: nonsense if asked.path != "/token" else None)(provider)
        report = run(provider)
    assert report.outcome is Outcome.FAILED
    assert report.refusal is None
    assert {"payload", "refuses-no-token"} <= found(report)


def test_nobody_at_the_token_endpoint_is_a_finding() -> None:
    with running(Provider()) as provider:
        every(lambda p, asked, reply: Reply(0, None, reset=True))(provider)
        report = run(provider)
    assert [(finding.check, finding.file) for finding in report.findings] == [("reachable", "/token")]


def test_a_token_endpoint_that_redirects_gives_no_token_and_no_secret_away() -> None:
    with running(Provider()) as other, running(Provider()) as provider:
        every(lambda p, asked, reply: Reply(307, {}, {"Location": f"{other.address}/token"}))(provider)
        report = run(provider)
    assert found(report) == {"token"}
    assert other.asked == []
