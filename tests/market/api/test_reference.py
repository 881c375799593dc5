"""The advice over HTTP: open to everybody, and clear about what is missing or wrong."""

from typing import Any

import pytest
from tests.support.api import Api
from tests.support.people import join_trust, school, trust

from becta.market.wiring import House


@pytest.fixture
def anybody(shared_api: Api) -> Api:
    """The shared marketplace as somebody without a token sees it."""
    return Api(shared_api.client, None)


def refused(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "/problems/invalid"
    assert all(one["mend"] for one in answer.json()["errors"])
    return [(one["parameter"], one["detail"]) for one in answer.json()["errors"]]


def test_a_standstill_over_st_andrews_day_is_told_with_its_holiday(anybody: Api) -> None:
    answer = anybody.get("/reference/standstill", published="2026-11-20")

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "published": "2026-11-20",
            "days": 8,
            "starts": "2026-11-20",
            "ends": "2026-12-02",
            "may_contract_from": "2026-12-03",
            "holidays_counted": [{"date": "2026-11-30", "name": "St Andrew's Day", "nations": ["scotland"]}],
            "section": "Procurement Act 2023 s.51(2) and s.123(1)",
        },
    )


@pytest.mark.parametrize(
    ("published", "ends"),
    [("2026-11-28", "2026-12-10"), ("2026-12-21", "2027-01-05"), ("2026-06-10", "2026-06-22")],
)
def test_standstills_end_as_the_issue_shows(anybody: Api, published: str, ends: str) -> None:
    assert anybody.get("/reference/standstill", published=published).json()["ends"] == ends


def test_a_voluntary_standstill_may_be_longer_but_not_shorter(anybody: Api) -> None:
    assert anybody.get("/reference/standstill", published="2026-11-20", days=10).json()["ends"] == "2026-12-04"
    assert refused(anybody.get("/reference/standstill", published="2026-11-20", days=7)) == [
        ("days", "days is not a number from 8 to 60 (7)")
    ]


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({}, [("published", "published is missing")]),
        ({"published": "soon"}, [("published", "published is no date (soon)")]),
        (
            {"published": "2028-12-20"},
            [
                (
                    "published",
                    "published is out of reach: bank holidays are known for 2025 to 2028 only, so working days up to "
                    "2029-01-01 cannot be counted",
                )
            ],
        ),
    ],
)
def test_a_standstill_that_cannot_be_counted_is_refused(
    anybody: Api, params: dict[str, str], problems: list[tuple[str, str]]
) -> None:
    assert refused(anybody.get("/reference/standstill", **params)) == problems


def test_a_trust_above_the_threshold_is_told_its_routes(anybody: Api) -> None:
    told = anybody.get(
        "/reference/route", buyer="trust", what="laptops", value_pence=20_000_000, date="2026-11-26", schools=12
    ).json()

    assert (told["value_inc_vat_pence"], told["is_above_threshold"]) == (24_000_000, True)
    assert (told["threshold"]["amount_pence"], told["threshold"]["includes_vat"]) == (20_772_000, True)
    assert (told["threshold"]["effective_from"], told["threshold"]["effective_to"]) == ("2026-01-01", "2028-01-01")
    assert {one["route"]: (one["is_lawful"], one["contract_from"]) for one in told["routes"]} == {
        "catalogue": (False, None),
        "framework_direct_award": (True, "2026-11-26"),
        "framework_further_competition": (True, "2026-12-07"),
        "three_quotes": (False, None),
        "open_procedure": (True, "2027-01-07"),
        "competitive_flexible": (True, "2027-01-15"),
    }
    assert told["recommended"] == "open_procedure"


def test_a_reference_is_looked_up_and_an_academy_is_its_trust(anybody: Api, shared_house: House) -> None:
    with shared_house.db.write() as session:
        trust(session, 2044)
        school(session, 100_001)
        school(session, 100_002)
        join_trust(session, 100_001, 2044)

    def asked(buyer: str) -> tuple[str, str]:
        told = anybody.get("/reference/route", buyer=buyer, what="laptops", value_pence=1, date="2026-11-26").json()
        return told["buyer"], told["notes"][0]["section"]

    assert asked("urn:100001") == ("trust", "Procurement Act 2023 s.123(1) and Sch 3 para 4")
    assert asked("urn:100002") == ("school", "Procurement Act 2023 Sch 1")
    assert asked("trust:2044") == ("trust", "Procurement Act 2023 Sch 1")
    for stranger in ("urn:999999", "trust:999999"):
        answer = anybody.get("/reference/route", buyer=stranger, what="laptops")
        assert refused(answer) == [("buyer", f"buyer is not in the register ({stranger})")]


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({}, ["buyer", "what"]),
        ({"buyer": "school"}, ["what"]),
        ({"buyer": "pub", "what": "laptops"}, ["buyer"]),
        ({"buyer": "school", "what": "tanks"}, ["what"]),
        ({"buyer": "school", "what": "laptops", "value_pence": "-1", "schools": "0"}, ["value_pence", "schools"]),
        ({"buyer": "school", "what": "laptops", "value_pence": "much"}, ["value_pence"]),
        ({"buyer": "school", "what": "laptops", "date": "soon"}, ["date"]),
        ({"buyer": "school", "what": "laptops", "date": "2028-01-01"}, ["date"]),
        ({"buyer": "school", "what": "laptops", "date": "2025-02-23"}, ["date"]),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_with_the_mend(
    anybody: Api, params: dict[str, str], fields: list[str]
) -> None:
    assert [name for name, _ in refused(anybody.get("/reference/route", **params))] == fields


def test_the_thresholds_of_a_day_are_listed(anybody: Api) -> None:
    told = anybody.get("/reference/thresholds", date="2025-12-31").json()

    assert {(one["kind"], one["authority"]): one["amount_pence"] for one in told["thresholds"]} == {
        ("goods_services", "central"): 13_968_800,
        ("goods_services", "sub_central"): 21_490_400,
        ("works", "any"): 537_260_900,
        ("light_touch", "any"): 66_354_000,
        ("concession", "any"): 537_260_900,
        ("light_touch_concession", "any"): 537_260_900,
        ("utilities", "any"): 42_980_900,
    }
    assert [one["band"] for one in told["bands"]] == ["low", "medium", "high"]
    assert refused(anybody.get("/reference/thresholds", date="2028-01-01"))[0][0] == "date"
