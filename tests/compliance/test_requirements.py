"""What may be asked of a badge, how it is written, when it is met, and how a lack is told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from becta.compliance.badges.requirements import (
    HOLDS,
    PROOF,
    BadgeRequirement,
    Why,
    lacking,
    meets,
    parse_requirement,
)
from becta.compliance.badges.rules import ClaimState, Level, standing
from becta.compliance.standards.registry import standards
from becta.kernel.clock import start_of_day
from becta.kernel.errors import Invalid

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Claim(Struct, frozen=True, kw_only=True):
    """A claim as the rules need it."""

    standard: str = "lti"
    standard_version: str = "1.3"
    role: str = "Tool"
    level: Level = Level.TESTED_BY_US
    state: ClaimState = ClaimState.ACCEPTED
    issued_on: date = date(2026, 1, 10)
    expires_on: date | None = date(2027, 1, 10)


TOOL = Claim()
EXPIRED_TOOL = replace(TOOL, issued_on=date(2025, 5, 3), expires_on=date(2026, 5, 3))
PLATFORM = replace(TOOL, role="Platform", level=Level.CERTIFIED)


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("lti", BadgeRequirement("lti")),
        (
            "lti;version=1.3;role=Tool;level=tested_by_us",
            BadgeRequirement("lti", "1.3", "Tool", Level.TESTED_BY_US),
        ),
        ("qti;role=Item bank", BadgeRequirement("qti", role="Item bank")),
        ("cyber-essentials;level=certified", BadgeRequirement("cyber-essentials", minimum_level=Level.CERTIFIED)),
    ],
)
def test_a_requirement_is_written_in_one_way_and_read_back(text: str, requirement: BadgeRequirement) -> None:
    assert parse_requirement(text) == requirement
    assert requirement.text == text


def test_the_order_of_the_parts_and_spaces_around_them_do_not_matter() -> None:
    expected = BadgeRequirement("lti", "1.3", "Tool", Level.CERTIFIED)
    for parts in permutations(["version=1.3", "role=Tool", "level = certified"]):
        assert parse_requirement(" ; ".join(["lti", *parts])) == expected


@pytest.mark.parametrize(
    ("text", "field", "problem", "mend", "value"),
    [
        ("lit", "standard", "is not a standard we know", f"choose one of {', '.join(standards())}", "lit"),
        ("", "standard", "is not a standard we know", f"choose one of {', '.join(standards())}", ""),
        ("lti;version=2", "version", "is not a version of LTI", "choose one of 1.3", "2"),
        ("lti;role=tool", "role", "is not a role of LTI", "choose one of Tool, Platform", "tool"),
        ("lti;role=", "role", "is not a role of LTI", "choose one of Tool, Platform", ""),
        ("scorm;role=Tool", "role", "is not a role of SCORM", "leave it out", "Tool"),
        (
            "lti;level=gold",
            "level",
            "is not a level of proof",
            "choose one of self_declared, tested_by_us, certified",
            "gold",
        ),
        (
            "lti;scope=all",
            "part",
            "is not a part of a requirement",
            "choose one of version=.., role=.., level=..",
            "scope=all",
        ),
        ("lti;Tool", "part", "is not a part of a requirement", "choose one of version=.., role=.., level=..", "Tool"),
        ("lti;", "part", "is not a part of a requirement", "choose one of version=.., role=.., level=..", ""),
        ("lti;role=Tool;role=Tool", "role", "is given twice", "give it once", "Tool"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(text: str, field: str, problem: str, mend: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_requirement(text)

    [fault] = refusal.value.faults
    assert (fault.field, fault.problem, fault.mend, fault.value) == (field, problem, mend, value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_requirement("lti;version=9;role=Guest;level=best;x")

    assert [fault.field for fault in refusal.value.faults] == ["version", "role", "level", "part"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lti", "LTI"),
        ("lti;version=1.3;role=Tool;level=tested_by_us", "LTI 1.3, role Tool, tested by us or certified"),
        ("lti;level=self_declared", "LTI, self-declared, tested by us or certified"),
        ("cyber-essentials;version=Danzell;level=certified", "Cyber Essentials, version Danzell, certified"),
    ],
)
def test_a_requirement_reads_as_words(text: str, words: str) -> None:
    assert parse_requirement(text).words == words


@pytest.mark.parametrize(
    ("_case", "claims", "text", "is_met"),
    [
        ("a standard alone is met by any version, role and level", [TOOL], "lti", True),
        ("nothing held", [], "lti", False),
        ("another standard", [TOOL], "case", False),
        ("the same role", [TOOL], "lti;role=Tool", True),
        ("another role", [PLATFORM], "lti;role=Tool", False),
        ("better proof than asked", [PLATFORM], "lti;level=tested_by_us", True),
        ("just the proof asked", [TOOL], "lti;level=tested_by_us", True),
        ("weaker proof than asked", [TOOL], "lti;level=certified", False),
        ("an expired Tool and a valid Platform are not a valid Tool", [EXPIRED_TOOL, PLATFORM], "lti;role=Tool", False),
        ("a Tool and a certified Platform", [TOOL, PLATFORM], "lti;role=Tool;level=certified", False),
        ("not decided yet", [replace(TOOL, state=ClaimState.CLAIMED)], "lti", False),
        ("revoked", [replace(TOOL, state=ClaimState.REVOKED)], "lti", False),
    ],
)  # fmt: skip
def test_one_claim_must_meet_the_whole_requirement(_case: str, claims: list[Claim], text: str, is_met: bool) -> None:
    requirement = parse_requirement(text)

    assert meets(claims, requirement, now=NOW) is is_met
    assert (lacking(claims, [requirement], now=NOW) == ()) is is_met


def test_a_requirement_is_met_from_the_first_second_to_the_last() -> None:
    requirement = BadgeRequirement("lti")
    begins, ends = start_of_day(TOOL.issued_on), start_of_day(date(2027, 1, 10))

    assert [meets([TOOL], requirement, now=at) for at in (begins - SECOND, begins, ends - SECOND, ends)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("claims", "text", "why", "message"),
    [
        ([], "lti", (Why.NEVER_HELD,), "LTI: never held"),
        ([replace(TOOL, state=ClaimState.REFUSED)], "lti", (Why.NEVER_HELD,), "LTI: never held"),
        (
            [EXPIRED_TOOL],
            "lti;role=Tool",
            (Why.NOT_VALID,),
            "LTI, role Tool: has LTI 1.3, role Tool, tested by us, but it expired on 3 May 2026",
        ),
        (
            [EXPIRED_TOOL, PLATFORM],
            "lti;role=Tool",
            (Why.NOT_VALID,),
            "LTI, role Tool: has LTI 1.3, role Tool, tested by us, but it expired on 3 May 2026",
        ),
        (
            [TOOL],
            "lti;level=certified",
            (Why.LEVEL_TOO_LOW,),
            "LTI, certified: has LTI 1.3, role Tool, tested by us",
        ),
        (
            [PLATFORM],
            "lti;role=Tool;level=certified",
            (Why.OTHER_ROLE,),
            "LTI, role Tool, certified: has LTI 1.3, role Platform, certified",
        ),
        (
            [replace(TOOL, standard="oneroster", standard_version="1.1", role="Provider")],
            "oneroster;version=1.2;role=Provider",
            (Why.OTHER_VERSION,),
            "OneRoster 1.2, role Provider: has OneRoster 1.1, role Provider, tested by us",
        ),
        (
            [replace(TOOL, state=ClaimState.CLAIMED)],
            "lti",
            (Why.NOT_VALID,),
            "LTI: has LTI 1.3, role Tool, tested by us, but it is not verified",
        ),
        (
            [replace(TOOL, state=ClaimState.REVOKED)],
            "lti",
            (Why.NOT_VALID,),
            "LTI: has LTI 1.3, role Tool, tested by us, but it is revoked",
        ),
        (
            [replace(TOOL, issued_on=date(2026, 12, 1))],
            "lti",
            (Why.NOT_VALID,),
            "LTI: has LTI 1.3, role Tool, tested by us, but it begins on 1 December 2026",
        ),
    ],
)
def test_a_lack_is_told_by_the_claim_that_comes_nearest(
    claims: list[Claim], text: str, why: tuple[Why, ...], message: str
) -> None:
    requirement = parse_requirement(text)

    [lack] = lacking(claims, [requirement], now=NOW)

    assert (lack.requirement, lack.why, lack.message) == (requirement, why, message)


def test_only_what_is_lacking_is_told_and_in_the_order_asked() -> None:
    asked = [parse_requirement(text) for text in ("case", "lti", "lti;role=Platform", "qti")]

    lacks = lacking(iter([TOOL]), asked, now=NOW)

    assert [lack.requirement.text for lack in lacks] == ["case", "lti;role=Platform", "qti"]


def test_every_level_has_its_place_in_the_order() -> None:
    assert PROOF == (Level.SELF_DECLARED, Level.TESTED_BY_US, Level.CERTIFIED)
    assert set(PROOF) == set(Level)


@st.composite
def kinds(draw: st.DrawFn) -> tuple[str, str, str]:
    """A standard with one of its versions and roles."""
    standard = draw(st.sampled_from([standards()[code] for code in ("lti", "oneroster", "scorm", "cyber-essentials")]))
    return standard.code, draw(st.sampled_from(standard.versions)), draw(st.sampled_from(standard.roles or ("",)))


@st.composite
def requirements(draw: st.DrawFn) -> BadgeRequirement:
    code, version, role = draw(kinds())
    level = draw(st.sampled_from([None, *Level]))
    return BadgeRequirement(code, draw(st.sampled_from(["", version])), draw(st.sampled_from(["", role])), level)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    code, version, role = draw(kinds())
    issued = draw(st.dates(date(2024, 1, 1), date(2027, 1, 1)))
    days = draw(st.one_of(st.none(), st.integers(1, 800)))
    return Claim(
        standard=code,
        standard_version=version,
        role=role,
        level=draw(st.sampled_from(Level)),
        state=draw(st.sampled_from(ClaimState)),
        issued_on=issued,
        expires_on=None if days is None else issued + timedelta(days=days),
    )


@given(requirements())
def test_text_and_requirement_are_two_sides_of_one_thing(requirement: BadgeRequirement) -> None:
    assert parse_requirement(requirement.text) == requirement


@given(
    st.lists(st.sampled_from(["lti", "scorm", ";", "=", "role", "version", "level", "Tool", "1.3", " ", "é", "\x00"]))
)
def test_any_text_is_read_or_refused_with_a_mend(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        requirement = parse_requirement(text)
    except Invalid as refusal:
        faults = refusal.faults
        read = None
    else:
        faults = ()
        read = parse_requirement(requirement.text) == requirement

    assert (read is True) is not bool(faults)
    assert all(fault.problem and fault.mend for fault in faults)


@given(st.lists(claims(), max_size=4), requirements())
def test_meeting_and_lacking_are_opposites_and_each_lack_is_true(
    held: list[Claim], requirement: BadgeRequirement
) -> None:
    met = meets(held, requirement, now=NOW)
    lacks = lacking(held, [requirement], now=NOW)

    assert met is (lacks == ())
    for lack in lacks:
        if Why.NEVER_HELD in lack.why:
            assert not [
                claim
                for claim in held
                if claim.standard == requirement.standard and claim.state is not ClaimState.REFUSED
            ]


@given(claims(), st.lists(claims(), max_size=3), st.sampled_from(Level))
def test_a_valid_claim_meets_what_it_is_and_all_that_asks_for_less(
    claim: Claim, others: list[Claim], level: Level
) -> None:
    claim = replace(claim, state=ClaimState.ACCEPTED, issued_on=date(2026, 1, 1), expires_on=date(2027, 1, 1))
    exact = BadgeRequirement(claim.standard, claim.standard_version, claim.role, claim.level)

    for asked in (exact, *looser_than(exact)):
        assert meets([*others, claim], asked, now=NOW)
    stronger = replace(exact, minimum_level=level)
    assert meets([claim], stronger, now=NOW) is (PROOF.index(claim.level) >= PROOF.index(level))


def looser_than(requirement: BadgeRequirement) -> Iterator[BadgeRequirement]:
    yield replace(requirement, version="")
    yield replace(requirement, role="")
    yield replace(requirement, minimum_level=None)
    if requirement.minimum_level is not None:
        for level in PROOF[: PROOF.index(requirement.minimum_level)]:
            yield replace(requirement, minimum_level=level)


@given(st.lists(claims(), max_size=4), requirements())
def test_what_is_met_is_met_by_one_valid_claim_alone(held: list[Claim], requirement: BadgeRequirement) -> None:
    alone = [claim for claim in held if meets([claim], requirement, now=NOW)]

    assert meets(held, requirement, now=NOW) is bool(alone)
    for claim in alone:
        assert standing(claim.state, claim.issued_on, claim.expires_on, now=NOW) in HOLDS
        assert claim.standard == requirement.standard
