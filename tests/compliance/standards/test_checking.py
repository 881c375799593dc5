"""The registry's data is checked when it is read: each rule of it has data that breaks just that."""

from typing import Any

import msgspec
import pytest

from becta.compliance.standards.checking import FaultyRegistry
from becta.compliance.standards.registry import read

RIGHT: dict[str, Any] = {
    "code": "fair",
    "name": "Fair",
    "publisher": "Us",
    "holder": "product",
    "months_valid": None,
    "versions": ["1", "2"],
    "roles": [],
    "category": "security",
    "summary": "A summary.",
    "scope_rule": "All of it.",
    "renewal": "Never.",
    "decided_by": "Nobody.",
    "exclusive_editions": True,
    "evidence_wanted": ["file"],
    "editions": [
        {
            "version": "1",
            "name": "One",
            "effective_from": "2020-01-01",
            "effective_to": "2021-01-01",
            "transition_end": "2021-06-01",
            "certainty": "secondary",
            "source": "read",
        },
        {"version": "2", "name": "Two", "effective_from": "2021-01-01", "certainty": "general", "source": "ours"},
    ],
    "requirements": [{"id": "r-1", "text": "Do it.", "certainty": "verified", "source": "read"}],
    "criteria": [
        {
            "id": "c-1",
            "requirement": "r-1",
            "title": "Speed",
            "metric": "speed",
            "operator": "at_least",
            "value": 100,
            "unit": "Mbps",
            "certainty": "verified",
            "source": "read",
            "evidence_type": "measurement",
        }
    ],
    "sources": [
        {"id": "read", "title": "Read", "certainty": "verified", "url": "https://example.org/"},
        {"id": "ours", "title": "Ours", "certainty": "general"},
    ],
}


def told(*standards: dict[str, Any]) -> list[str]:
    """The faults of data, one a line."""
    with pytest.raises(FaultyRegistry) as raised:
        read([msgspec.json.encode(list(standards))])
    return str(raised.value).splitlines()


def with_changes(place: str, **changes: Any) -> dict[str, Any]:
    """The right data with something changed, in the standard itself or in the first of a list."""
    copy: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(RIGHT))
    (copy if place == "standard" else copy[place][0]).update(changes)
    return copy


def test_right_data_is_read() -> None:
    assert list(read([msgspec.json.encode([RIGHT])])) == ["fair"]


CASES: list[tuple[dict[str, Any], list[str]]] = [
    *[
        (with_changes("standard", **{field: " "}), [f"{field} is empty"])
        for field in ("name", "publisher", "summary", "scope_rule", "renewal", "decided_by")
    ],
    (with_changes("standard", four_eyes=True), ["four_eyes and four_eyes_why must come together"]),
    (with_changes("standard", four_eyes_why="So."), ["four_eyes and four_eyes_why must come together"]),
    (
        with_changes("standard", runners=["fair-1"]),
        ["a conformance run is wanted exactly where a runner can prove it"],
    ),
    (with_changes("standard", holder="school"), ["evidence is wanted exactly where a badge can be claimed"]),
    (with_changes("standard", evidence_wanted=[]), ["evidence is wanted exactly where a badge can be claimed"]),
    (with_changes("standard", needs=["gone"]), ["needs gone, which is not in the registry"]),
    (with_changes("standard", versions=["1", "3"]), ["version 3 has no edition"]),
    (
        with_changes("standard", certificate_pattern="("),
        ["certificate_pattern does not compile: missing ), unterminated subpattern at position 0"],
    ),
    (with_changes("sources", url=""), ["source read needs an address, unless it is general knowledge"]),
    (
        with_changes("standard", sources=[*RIGHT["sources"], RIGHT["sources"][1]]),
        ["two sources have the id ours"],
    ),
    (
        with_changes("standard", sources=[*RIGHT["sources"], {**RIGHT["sources"][0], "id": "idle"}]),
        ["source idle is listed but not used"],
    ),
    (with_changes("editions", source="gone"), ["1 has the source 'gone', which is not listed"]),
    (with_changes("requirements", source="ours"), ["r-1 is called verified, its source is general"]),
    (
        with_changes("editions", effective_from="2021-01-01"),
        ["edition 1 ends on 2021-01-01, before it begins on 2021-01-01"],
    ),
    (
        with_changes("editions", transition_end="2020-12-31"),
        ["edition 1 has a transition that does not follow its end"],
    ),
    (
        with_changes("editions", effective_to="2021-01-02"),
        ["editions 1 and 2 overlap or are out of order"],
    ),
    (
        with_changes("editions", effective_to=None),
        ["edition 1 has a transition that does not follow its end", "editions 1 and 2 overlap or are out of order"],
    ),
    (
        with_changes("standard", editions=RIGHT["editions"][::-1]),
        ["editions 2 and 1 overlap or are out of order"],
    ),
    (
        with_changes("editions", version="2", transition_end=None),
        ["two editions are called 2", "version 1 has no edition"],
    ),
    (with_changes("requirements", text=""), ["r-1 has no text"]),
    (
        with_changes("requirements", effective_from="2022-01-01", effective_to="2021-01-01"),
        ["r-1 ends on 2021-01-01, before it begins on 2022-01-01"],
    ),
    (
        with_changes("criteria", effective_from="2022-01-01", effective_to="2021-01-01"),
        ["c-1 ends on 2021-01-01, before it begins on 2022-01-01"],
    ),
    (with_changes("criteria", ours=False), ["c-1 must be marked as ours"]),
    (with_changes("criteria", requirement="gone"), ["c-1 reads 'gone', which is not a requirement"]),
    (with_changes("criteria", value="fast"), ["c-1 cannot hold 'fast' by at_least"]),
    (with_changes("criteria", value=True), ["c-1 cannot hold True by at_least"]),
    (with_changes("criteria", operator="one_of"), ["c-1 cannot hold 100 by one_of"]),
    (
        with_changes("criteria", operator="one_of", value="fast"),
        ["c-1 needs a list of values exactly where it compares with several"],
    ),
    (
        with_changes("criteria", operator="includes_all", value=[]),
        ["c-1 needs a list of values exactly where it compares with several"],
    ),
    (
        with_changes("criteria", operator="equals", value=["a"]),
        ["c-1 needs a list of values exactly where it compares with several"],
    ),
]


@pytest.mark.parametrize(("faulty", "faults"), CASES, ids=[faults[0] for _, faults in CASES])
def test_a_fault_is_named_with_its_standard_and_place(faulty: dict[str, Any], faults: list[str]) -> None:
    assert told(faulty) == ["the registry of standards is faulty:", *(f"fair: {fault}" for fault in faults)]


def test_codes_and_ids_are_used_once_and_a_metric_has_one_unit() -> None:
    other = with_changes("criteria", unit="Gbps")

    assert told(RIGHT, other) == [
        "the registry of standards is faulty:",
        "fair: two standards have this code",
        "r-1: two statements have this id",
        "c-1: two statements have this id",
        "c-1: speed is measured in Mbps elsewhere",
    ]


@pytest.mark.parametrize(
    ("_case", "document", "message"),
    [
        ("a field nobody knows", with_changes("standard", colour="red"), "unknown field `colour`"),
        ("a day that is none", with_changes("editions", effective_to="2021-02-30"), "Invalid RFC3339"),
        ("a certainty there is not", with_changes("requirements", certainty="sure"), "Invalid enum value 'sure'"),
    ],
)
def test_data_of_another_shape_is_refused_with_the_place(_case: str, document: dict[str, Any], message: str) -> None:
    (line,) = told(document)

    assert line.startswith("the registry of standards cannot be read: ")
    assert message in line
    assert "`$[0]." in line or line.endswith("`$[0]`")
