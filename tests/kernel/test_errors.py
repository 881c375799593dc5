"""Refusals carry facts, and faults are named by where they stand in what was sent."""

import pytest

from becta.kernel.errors import Fault, Invalid, NotFound, faults_within, refuse_if_any

TITLE = Fault(field="title", problem="is empty", mend="give one", value="")
TIER = Fault(field="tiers.0.price_pence", problem="is negative", mend="give 0 or more", value="-1")


def fields_refused_within(place: str, but: frozenset[str] = frozenset()) -> list[str]:
    with pytest.raises(Invalid) as refused, faults_within(place, but=but):
        raise Invalid([TITLE, TIER])
    return [fault.field for fault in refused.value.faults]


def test_faults_are_named_by_the_place_they_were_sent_in() -> None:
    assert fields_refused_within("content") == ["content.title", "content.tiers.0.price_pence"]


def test_a_field_that_stands_beside_keeps_its_name() -> None:
    assert fields_refused_within("content", frozenset({"title"})) == ["title", "content.tiers.0.price_pence"]


def test_what_is_within_a_field_that_stands_beside_keeps_its_name() -> None:
    assert fields_refused_within("content", frozenset({"tiers"})) == ["content.title", "tiers.0.price_pence"]


def test_only_the_name_of_the_field_changes() -> None:
    with pytest.raises(Invalid) as refused, faults_within("content"):
        raise Invalid([TITLE])

    assert refused.value.faults == (Fault(field="content.title", problem="is empty", mend="give one", value=""),)


def test_other_refusals_pass_as_they_are() -> None:
    missing = NotFound("product", 7)

    with pytest.raises(NotFound) as refused, faults_within("content"):
        raise missing

    assert refused.value is missing
    assert (missing.kind, missing.key) == ("product", "7")


def test_places_nest() -> None:
    with pytest.raises(Invalid) as refused, faults_within("outer"), faults_within("inner"):
        raise Invalid([TITLE])

    assert [fault.field for fault in refused.value.faults] == ["outer.inner.title"]


def test_all_faults_are_told_not_only_the_first() -> None:
    with pytest.raises(Invalid, match=r"^title: is empty; tiers\.0\.price_pence: is negative$") as refused:
        refuse_if_any([TITLE, TIER])

    assert refused.value.faults == (TITLE, TIER)


def test_no_fault_is_no_refusal() -> None:
    refuse_if_any([])
