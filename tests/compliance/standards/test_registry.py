"""What the registry says: the facts of the domain, each with its days, its certainty and its source."""

import re
from datetime import date, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.catalogue.connectivity.rules import AccessType
from becta.catalogue.products.rules import Phase
from becta.compliance.badges.rules import BadgeClaim, ClaimState, Level, Standing, claim_faults, standing
from becta.compliance.standards.entries import (
    Category,
    Certainty,
    Criterion,
    Edition,
    EvidenceKind,
    Holder,
    Requirement,
)
from becta.compliance.standards.registry import (
    FILES,
    Standard,
    criteria_as_of,
    registry,
    standard,
    standard_as_of,
    standards,
)
from becta.compliance.standards.rules import EditionState, Verdict, edition_state, in_force, judge, may_be_issued
from becta.kernel.clock import start_of_day
from becta.kernel.errors import NotFound

TODAY = date(2026, 11, 25)
CORE = {"dfe-broadband", "dfe-switching", "dfe-wireless", "dfe-cyber", "dfe-filtering", "dfe-leadership"}
OTHER_DFE = {"dfe-cabling", "dfe-cloud", "dfe-servers", "dfe-devices", "dfe-accessibility"}
RUNNERS = {
    "lti": {"lti-1.3-tool"},
    "oneroster": {"oneroster-csv-1.1", "oneroster-csv-1.2", "oneroster-rest-1.1", "oneroster-rest-1.2"},
    "open-badges": {"openbadges-3.0"},
    "xapi": {"xapi-1.0.3", "xapi-2.0"},
    "case": {"case-1.0", "case-1.1"},
    "scorm": {"scorm-1.2", "scorm-2004"},
    "cmi5": {"cmi5-1.0"},
    "qti": {"qti-2.1", "qti-3.0"},
}
days = st.dates(date(2015, 1, 1), date(2035, 1, 1))


def edition(code: str, version: str) -> EditionState:
    """Where an edition stands today."""
    return edition_state({each.version: each for each in standard(code).editions}[version], TODAY)


def asked(code: str, day: date = TODAY, phase: Phase | None = None) -> dict[str, object]:
    """The values asked for by our criteria of a standard."""
    return {each.id: each.value for each in criteria_as_of(day, phase).get(code, ())}


def test_codes_and_versions_that_claims_already_name_are_still_there() -> None:
    before = {
        "cyber-essentials": {"Willow", "Danzell"},
        "cyber-essentials-plus": {"Willow", "Danzell"},
        "iso-27001": {"2022"},
        "lti": {"1.3"},
        "oneroster": {"1.1", "1.2"},
        "qti": {"2.1", "3.0"},
        "case": {"1.0", "1.1"},
        "open-badges": {"3.0"},
        "common-cartridge": {"1.3"},
        "ed-fi": {"4", "5"},
        "xapi": {"1.0.3", "2.0"},
        "scorm": {"1.2", "2004"},
        "psti": {"2023"},
        "wcag": {"2.1", "2.2"},
        "childrens-code": {"2020"},
        "dfe-filtering": {"2023", "2026"},
        "bs-8887-220": {"2010"},
    }

    assert before.items() <= {code: set(each.versions) for code, each in standards().items()}.items()
    assert set(standards()) - set(before) == {"cmi5", "uk-gdpr"}


def test_schools_are_judged_by_standards_that_no_badge_names() -> None:
    judged = {code for code, each in registry().items() if each.holder is Holder.SCHOOL}

    assert set(registry()) - set(standards()) == judged == (CORE | OTHER_DFE) - {"dfe-filtering"}
    claim = BadgeClaim(standard="dfe-broadband", standard_version="2022", level=Level.SELF_DECLARED, issued_on=TODAY)
    assert [(fault.field, fault.problem) for fault in claim_faults(claim, Holder.PRODUCT)] == [
        ("standard", "is not a standard we know")
    ]


def test_six_standards_of_the_dfe_are_core() -> None:
    assert {code for code, each in registry().items() if each.core} == CORE
    assert {code for code, each in registry().items() if each.publisher == "DfE"} == CORE | OTHER_DFE


@pytest.mark.parametrize(
    ("code", "version", "last", "name"),
    [
        ("cyber-essentials", "Willow", date(2026, 10, 27), "Cyber Essentials"),
        ("cyber-essentials-plus", "Willow", date(2027, 1, 27), "Plus has three months more"),
        ("cyber-essentials", "Montpellier", date(2025, 10, 28), "Cyber Essentials"),
        ("cyber-essentials-plus", "Montpellier", date(2026, 1, 28), "Plus has three months more"),
    ],
)
def test_an_assessment_begun_on_an_older_question_set_ends_by_the_last_day_of_its_transition(
    code: str, version: str, last: date, name: str
) -> None:
    assert name
    assert may_be_issued(standard(code), version, last)
    assert not may_be_issued(standard(code), version, last + timedelta(days=1))


def test_a_willow_certificate_stays_valid_to_its_own_end_though_none_is_issued_any_more() -> None:
    issued, expires = date(2026, 10, 27), date(2027, 10, 27)
    claim = BadgeClaim(
        standard="cyber-essentials",
        standard_version="Willow",
        level=Level.CERTIFIED,
        issued_on=issued,
        expires_on=expires,
        certificate_reference="6d3b0c1e-58f1-4c7a-9d1c-0a5b2e7f9a10",
        evidence_url="https://registry.example/6d3b0c1e",
    )

    def worth(now: datetime) -> Standing:
        return standing(ClaimState.ACCEPTED, issued, expires, now=now)

    assert edition("cyber-essentials", "Willow") is EditionState.SUPERSEDED
    assert claim_faults(claim, Holder.SUPPLIER) == []
    assert worth(start_of_day(TODAY)) is Standing.VALID
    assert worth(start_of_day(expires) - timedelta(seconds=1)) is Standing.EXPIRING
    assert worth(start_of_day(expires)) is Standing.EXPIRED


def test_the_question_sets_of_cyber_essentials_follow_one_another() -> None:
    editions = standard("cyber-essentials").editions

    assert [(each.version, each.effective_from) for each in editions] == [
        ("Beacon", None),
        ("Evendine", date(2022, 1, 24)),
        ("Montpellier", date(2023, 4, 24)),
        ("Willow", date(2025, 4, 28)),
        ("Danzell", date(2026, 4, 27)),
    ]
    assert [requirements for each in editions for requirements in re.findall(r"requirements (\d\.\d)", each.name)] == [
        "3.0",
        "3.1",
        "3.2",
        "3.3",
    ]
    assert (edition("cyber-essentials", "Danzell"), edition("cyber-essentials-plus", "Willow")) == (
        EditionState.CURRENT,
        EditionState.TRANSITION,
    )


def test_cyber_essentials_has_five_controls_and_fails_by_itself_on_three_since_danzell() -> None:
    def ids(day: date) -> set[str]:
        return {each.id for each in standard_as_of("cyber-essentials", day).requirements}

    controls = {"ce-firewalls", "ce-configuration", "ce-updates", "ce-access", "ce-malware"}
    fails = {"ce-fail-mfa", "ce-fail-os", "ce-fail-apps"}
    assert controls | fails <= ids(date(2026, 4, 27))
    assert ids(date(2026, 4, 26)) & (controls | fails) == controls


def test_plus_needs_cyber_essentials_first_and_both_belong_to_an_organisation() -> None:
    assert standard("cyber-essentials-plus").needs == ("cyber-essentials",)
    for code in ("cyber-essentials", "cyber-essentials-plus"):
        assert (standard(code).holder, standard(code).months_valid) == (Holder.SUPPLIER, 12)
    assert "or to a part of it" in standard("cyber-essentials").scope_rule


@pytest.mark.parametrize("code", [code for code, each in registry().items() if each.publisher == "1EdTech"])
def test_a_certification_of_1edtech_lasts_a_year_and_belongs_to_a_product_in_a_role(code: str) -> None:
    each = standard(code)

    assert (each.holder, each.months_valid) == (Holder.PRODUCT, 12)
    assert each.roles
    assert "version tested" in each.scope_rule
    assert "role" in each.scope_rule
    assert [statement.certainty for statement in each.requirements if statement.id.endswith("-year")] == [
        Certainty.VERIFIED
    ]


def test_oneroster_tells_providers_from_consumers() -> None:
    assert standard("oneroster").roles == ("Provider", "Consumer")


def test_every_runner_can_prove_exactly_one_standard() -> None:
    assert {code: set(each.runners) for code, each in registry().items() if each.runners} == RUNNERS


def test_a_judgement_needs_two_people_and_a_register_does_not() -> None:
    assert {code for code, each in registry().items() if each.four_eyes} == {
        "uk-gdpr",
        "childrens-code",
        "dfe-filtering",
        "wcag",
    }
    for code in ("cyber-essentials", "iso-27001", "lti"):
        assert EvidenceKind.CERTIFICATE_NUMBER in standard(code).evidence_wanted


def test_connected_things_have_three_duties_and_thirteen_provisions_and_computers_are_excepted() -> None:
    stated = {each.id: each for each in standard("psti").requirements}

    assert {f"en303645-{number}" for number in range(1, 14)} <= set(stated)
    assert {"psti-passwords", "psti-reports", "psti-support"} <= set(stated)
    assert stated["psti-exempt"].certainty is Certainty.VERIFIED
    assert "laptop computers" in standard("psti").scope_rule
    assert standard("psti").editions[0].effective_from == date(2024, 4, 29)


def test_the_childrens_code_has_fifteen_standards() -> None:
    assert [each.clause for each in standard("childrens-code").requirements] == [
        f"Standard {number}" for number in range(1, 16)
    ]


@pytest.mark.parametrize(
    ("phase", "down", "up"),
    [
        (Phase.PRIMARY, {"bb-2-down": 100}, {"bb-2-up": 30}),
        (Phase.SECONDARY, {"bb-3-down": 1000}, {"bb-3-up": 1000}),
        (Phase.ALL_THROUGH, {"bb-3-down": 1000}, {"bb-3-up": 1000}),
        (Phase.FE, {"bb-3-down": 1000}, {"bb-3-up": 1000}),
        (Phase.SPECIAL, {}, {}),
    ],
)
def test_broadband_is_asked_for_by_phase(phase: Phase, down: dict[str, int], up: dict[str, int]) -> None:
    values = asked("dfe-broadband", phase=phase)

    assert {name: value for name, value in values.items() if name.endswith("-down")} == down
    assert {name: value for name, value in values.items() if name.endswith("-up")} == up


@pytest.mark.parametrize("access", AccessType)
def test_full_fibre_meets_the_broadband_standard_and_nothing_else_does(access: AccessType) -> None:
    (criterion,) = (each for each in standard("dfe-broadband").criteria if each.id == "bb-1-fibre")

    wanted = Verdict.MET if access in {AccessType.FTTP, AccessType.LEASED_LINE} else Verdict.NOT_MET
    assert judge(criterion, access.value) is wanted


def test_filtering_is_reviewed_every_year_and_asks_about_ai_since_june_2026() -> None:
    assert asked("dfe-filtering")["fm-2-review"] == 12
    assert "fm-ai-risk" not in asked("dfe-filtering", date(2026, 6, 10))
    assert "fm-ai-risk" in asked("dfe-filtering", date(2026, 6, 11))
    assert {"kcsie"} <= {each.id for each in standard("dfe-filtering").requirements}
    assert standard("dfe-filtering").months_valid == 12


def test_the_cyber_standard_asks_for_more_since_it_is_core() -> None:
    before, since = (asked("dfe-cyber", day) for day in (date(2026, 2, 11), date(2026, 2, 12)))

    assert {"cs-backup-copies": 3, "cs-backup-devices": 2, "cs-backup-off-site": 1}.items() <= before.items()
    assert {"cs-patch-days": 14, "cs-backup-immutable": True}.items() <= since.items()
    assert set(since) - set(before) == {"cs-mfa-who", "cs-patch-days", "cs-backup-immutable", "cs-backup-tested"}


def test_minima_of_devices_are_ours_and_nothing_else() -> None:
    for each in standard("dfe-devices").criteria:
        assert (each.certainty, each.ours) == (Certainty.GENERAL, True), each.id


@pytest.mark.parametrize("code", registry())
def test_what_is_only_known_has_no_address_and_nothing_claims_more_than_its_source(code: str) -> None:
    each = registry()[code]
    order = [Certainty.GENERAL, Certainty.SECONDARY, Certainty.VERIFIED]
    sources = {source.id: source for source in each.sources}

    statements: list[Edition | Requirement | Criterion] = [*each.editions, *each.requirements, *each.criteria]
    for statement in statements:
        assert order.index(statement.certainty) <= order.index(sources[statement.source].certainty)
    for source in each.sources:
        assert (source.url == "") is (source.certainty is Certainty.GENERAL)
        assert re.fullmatch(r"https?://[^\s]+|", source.url), source.url


def test_every_theme_and_every_kind_of_evidence_is_used() -> None:
    assert {each.category for each in registry().values()} == set(Category)
    assert {kind for each in registry().values() for kind in each.evidence_wanted} == set(EvidenceKind)


def test_every_dfe_standard_has_criteria_and_no_code_hides_an_address() -> None:
    assert {code for code, each in registry().items() if each.criteria} == CORE | OTHER_DFE
    assert "criteria" not in registry()
    assert all(re.fullmatch(r"[a-z0-9-]+", code) for code in registry())


def test_every_file_of_data_is_read() -> None:
    there = {each.name for each in files("becta.compliance.data").iterdir() if each.name.endswith(".json")}

    assert there == {f"standards_{name}.json" for name in FILES}


def test_a_code_we_do_not_know_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"^no standard iso-9001$"):
        standard_as_of("iso-9001", TODAY)


@given(st.sampled_from(list(registry().values())), days)
def test_as_of_a_day_only_what_is_then_in_force_is_told_and_nothing_else_changes(whole: Standard, day: date) -> None:
    told = standard_as_of(whole.code, day)

    for shown, kept in ((whole.requirements, told.requirements), (whole.criteria, told.criteria)):
        assert list(kept) == [each for each in shown if in_force(each, day)]
    assert {each.version for each in told.editions} == {
        each.version for each in whole.editions if may_be_issued(whole, each.version, day)
    }
    assert (told.versions, told.sources, told.runners) == (whole.versions, whole.sources, whole.runners)


@given(days)
def test_of_editions_that_replace_one_another_at_most_one_is_current(day: date) -> None:
    for each in registry().values():
        if each.exclusive_editions:
            states = [edition_state(one, day) for one in each.editions]
            assert states.count(EditionState.CURRENT) <= 1, each.code


@given(days, st.one_of(st.none(), st.sampled_from(Phase)))
def test_criteria_of_a_day_and_phase_are_those_of_each_standard(day: date, phase: Phase | None) -> None:
    found = criteria_as_of(day, phase)

    for code, criteria in found.items():
        assert criteria
        assert set(criteria) <= set(standard_as_of(code, day).criteria)
        assert all(phase is None or not each.applies_to or phase in each.applies_to for each in criteria)
    assert phase is not None or {code for code in registry() if standard_as_of(code, day).criteria} == set(found)
