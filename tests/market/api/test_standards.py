"""The registry of standards over HTTP: listed, and as of a day."""

import json
from datetime import date
from typing import Any

import msgspec
import pytest
import time_machine
from tests.support.api import Api

from becta.catalogue.products.rules import Phase
from becta.compliance.standards.entries import Category, Holder
from becta.compliance.standards.registry import criteria_as_of, registry, standard_as_of, standards

CORE = ["dfe-filtering", "dfe-broadband", "dfe-switching", "dfe-wireless", "dfe-cyber", "dfe-leadership"]


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["code"] for each in answer.json()["items"]]


def test_every_standard_is_listed_and_says_whether_a_badge_can_name_it(shared_api: Api) -> None:
    listed = shared_api.get("/standards").json()

    assert ([each["code"] for each in listed["items"]], listed["next"]) == (list(registry()), None)
    assert [each["code"] for each in listed["items"] if each["is_badge"]] == list(standards())


@pytest.mark.parametrize("category", Category)
def test_the_list_can_be_narrowed_to_a_theme(shared_api: Api, category: Category) -> None:
    found = codes(shared_api.get("/standards", category=category.value))

    assert found == [code for code, each in registry().items() if each.category is category]
    assert found


def test_the_list_can_be_narrowed_to_the_core_standards_and_to_a_kind_of_holder(shared_api: Api) -> None:
    assert codes(shared_api.get("/standards", core="true")) == CORE
    assert not set(codes(shared_api.get("/standards", core="false"))) & set(CORE)
    assert codes(shared_api.get("/standards", core="true", holder="product")) == ["dfe-filtering"]
    assert codes(shared_api.get("/standards", holder="school")) == [
        code for code, each in registry().items() if each.holder is Holder.SCHOOL
    ]


@pytest.mark.parametrize(
    ("code", "day", "editions"),
    [
        ("cyber-essentials", "2026-04-26", ["Willow"]),
        ("cyber-essentials", "2026-10-27", ["Willow", "Danzell"]),
        ("cyber-essentials", "2026-10-28", ["Danzell"]),
        ("cyber-essentials-plus", "2027-01-27", ["Willow", "Danzell"]),
        ("cyber-essentials-plus", "2027-01-28", ["Danzell"]),
        ("wcag", "2023-10-04", ["2.1"]),
        ("wcag", "2026-11-25", ["2.1", "2.2"]),
    ],
)
def test_a_standard_is_told_as_of_a_day(shared_api: Api, code: str, day: str, editions: list[str]) -> None:
    told = shared_api.get(f"/standards/{code}", as_of=day).json()

    assert [each["version"] for each in told["editions"]] == editions
    assert told.pop("as_of") == day
    assert told == json.loads(msgspec.json.encode(standard_as_of(code, date.fromisoformat(day))))


def test_without_a_day_it_is_today_in_london(shared_api: Api) -> None:
    with time_machine.travel("2026-06-10T23:30:00Z", tick=False):  # 11 June in London
        told = shared_api.get("/standards/dfe-filtering").json()

    assert (told["as_of"], [each["version"] for each in told["editions"]]) == ("2026-06-11", ["2026"])
    assert "fm-ai-risk" in {each["id"] for each in told["criteria"]}


def test_criteria_are_told_as_of_a_day_and_for_a_phase_and_are_called_ours(shared_api: Api) -> None:
    def asked(**given: str) -> list[str]:
        items = shared_api.get("/standards/criteria", **given).json()["items"]
        assert all(each["criterion"]["ours"] is True for each in items)
        return [each["criterion"]["id"] for each in items]

    primary = asked(as_of="2026-11-25", phase="primary")
    assert primary == [
        each.id for found in criteria_as_of(date(2026, 11, 25), Phase.PRIMARY).values() for each in found
    ]
    assert {"bb-2-down", "bb-2-up"} <= set(primary)
    assert not {"bb-3-down", "cs-college-ce"} & set(primary)
    assert "bb-3-down" in asked(as_of="2026-11-25", phase="secondary")
    assert "cs-college-ce" in asked(as_of="2026-11-25", phase="fe")
    assert "cs-mfa-who" not in asked(as_of="2026-02-11")
    assert "cs-mfa-who" in asked(as_of="2026-02-12")


def test_each_criterion_comes_with_the_standard_it_reads(shared_api: Api) -> None:
    items = shared_api.get("/standards/criteria", as_of="2026-11-25").json()["items"]

    for each in items:
        assert each["criterion"]["id"] in {known.id for known in registry()[each["standard"]].criteria}


@pytest.mark.parametrize("code", ["iso-9001", "LTI", "standards"])
def test_a_code_we_do_not_know_is_not_found(shared_api: Api, code: str) -> None:
    answer = shared_api.get(f"/standards/{code}")

    assert (answer.status_code, answer.json()["detail"]) == (404, f"no standard {code}")


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/standards/lti", "as_of", "27 October"),
        ("/standards/lti", "as_of", "2026-02-30"),
        ("/standards/criteria", "as_of", "tomorrow"),
        ("/standards/criteria", "phase", "nursery"),
        ("/standards", "category", "lunch"),
        ("/standards", "holder", "person"),
        ("/standards", "core", "perhaps"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(shared_api: Api, path: str, field: str, value: str) -> None:
    answer = shared_api.get(path, **{field: value})

    assert answer.status_code == 400, answer.text
    assert [error["parameter"] for error in answer.json()["errors"]] == [field]
