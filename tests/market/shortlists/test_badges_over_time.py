"""What a shortlist says of badges: held, lost, gained and lacking; right at every second, whatever ran."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from tests.market.shortlists.conftest import Somebody, Town, told
from tests.support.badges import accepted

# 1 July 2026 begins in London, in summer time, at 23:00 on 30 June UTC.
MIDNIGHT = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EARLIER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TOOL = {"standard": "lti", "standard_version": "1.3", "role": "Tool"}
YEAR = {"issued_on": "2025-07-01", "expires_on": "2026-07-01"}


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EARLIER, tick=False) as traveller:
        yield traveller


def lost(entry: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The badges an entry has lost: name, why, and the sentence."""
    return [(one["badge"]["name"], one["why"], one["sentence"]) for one in entry["badges_lost"]]


def names(badges: list[dict[str, Any]]) -> list[str]:
    """The names of badges."""
    return [badge["name"] for badge in badges]


def test_a_badge_is_held_to_the_last_second_and_lost_with_the_first_of_its_day_of_expiry(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    product = town.product()
    accepted(town.api, f"/suppliers/{town.supplier}", **YEAR)
    accepted(town.api, f"/products/{product}", **TOOL, **YEAR)
    shortlist = buyer.starts(badges=["lti;level=certified"])
    buyer.has_added(shortlist, product)

    traveller.move_to(MIDNIGHT - SECOND)
    [entry] = buyer.sees(shortlist)["entries"]
    assert names(entry["badges_now"]) == ["Cyber Essentials", "LTI 1.3"]
    assert (entry["badges_lost"], entry["badges_lacking"], entry["badges_gained"]) == ([], [], [])

    traveller.move_to(MIDNIGHT)  # nothing ran in between
    [entry] = buyer.sees(shortlist)["entries"]
    assert entry["badges_now"] == []
    assert lost(entry) == [
        ("Cyber Essentials", "expired", "expired on 1 July 2026"),
        ("LTI 1.3", "expired", "expired on 1 July 2026"),
    ]
    assert {one["since"] for one in entry["badges_lost"]} == {"2026-06-30T23:00:00Z"}
    assert names(entry["badges_then"]) == ["Cyber Essentials", "LTI 1.3"]
    [lacking] = entry["badges_lacking"]
    assert lacking["requirement"] == "lti;level=certified"
    assert lacking["sentence"].endswith("but it expired on 1 July 2026")


def test_what_was_held_then_is_told_with_level_holder_and_end(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    product = town.product()
    claim = accepted(town.api, f"/products/{product}", **TOOL, **YEAR)
    [entry] = buyer.has_added(buyer.starts(), product)["entries"]

    assert entry["badges_then"] == [
        {
            "claim_id": claim,
            "standard": "lti",
            "name": "LTI 1.3",
            "version": "1.3",
            "role": "Tool",
            "level": "certified",
            "holder": "product",
            "expires_on": "2026-07-01",
        }
    ]


def test_a_revoked_badge_is_lost_at_once_with_the_reason(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    product = town.product()
    claim = accepted(town.api, f"/products/{product}", **TOOL, **YEAR)
    shortlist = buyer.starts()
    buyer.has_added(shortlist, product)

    traveller.move_to(datetime(2026, 5, 6, 9, 0, tzinfo=UTC))
    decision = {"decision": "revoked", "reasons": ["The certificate was withdrawn"]}
    told(town.api.post(f"/badge-claims/{claim}/decision", decision))

    [entry] = buyer.sees(shortlist)["entries"]
    assert lost(entry) == [("LTI 1.3", "revoked", "revoked on 6 May 2026: The certificate was withdrawn")]
    assert entry["badges_lost"][0]["since"] == "2026-05-06T09:00:00Z"


def test_a_withdrawn_listing_loses_its_badges_its_price_and_nothing_else(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    product = town.product(price_pence=15_000)
    accepted(town.api, f"/products/{product}", **TOOL, **YEAR)
    shortlist = buyer.starts(badges=["lti"])
    buyer.has_added(shortlist, product, "Sturdy")

    traveller.move_to(datetime(2026, 5, 6, 9, 0, tzinfo=UTC))
    told(town.api.post(f"/products/{product}/withdraw", {"reason": "No longer made"}))

    [entry] = buyer.sees(shortlist)["entries"]
    assert (entry["is_listed"], entry["withdrawn_at"]) == (False, "2026-05-06T09:00:00Z")
    assert (entry["price_pence"], entry["price_pence_then"]) == (None, 15_000)
    assert (entry["title"], entry["supplier"], entry["note"]) == ("Larch Chromebook 11", "Larch Technology", "Sturdy")
    assert lost(entry) == [("LTI 1.3", "listing_withdrawn", "the listing was withdrawn on 6 May 2026")]
    assert [one["sentence"] for one in entry["badges_lacking"]] == ["LTI: the listing was withdrawn"]

    traveller.move_to(MIDNIGHT)  # now the badge would be gone anyway, and that is the better reason
    [entry] = buyer.sees(shortlist)["entries"]
    assert lost(entry) == [("LTI 1.3", "expired", "expired on 1 July 2026")]


def test_a_badge_renewed_as_it_was_is_not_lost_and_a_new_one_is_gained(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    product = town.product()
    accepted(town.api, f"/products/{product}", **TOOL, **YEAR)
    shortlist = buyer.starts()
    buyer.has_added(shortlist, product)
    traveller.move_to(MIDNIGHT - timedelta(days=5))
    accepted(town.api, f"/products/{product}", **TOOL, issued_on="2026-06-20", expires_on="2027-06-20")
    accepted(town.api, f"/suppliers/{town.supplier}", issued_on="2026-06-20", expires_on="2027-06-20")

    traveller.move_to(MIDNIGHT)

    [entry] = buyer.sees(shortlist)["entries"]
    assert entry["badges_lost"] == []
    assert names(entry["badges_gained"]) == ["Cyber Essentials"]
    assert [badge["expires_on"] for badge in entry["badges_now"]] == ["2027-06-20", "2027-06-20"]


def test_wanted_badges_are_weighed_with_version_role_and_level(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    product = town.product()
    accepted(town.api, f"/products/{product}", **{**TOOL, "level": "self_declared"}, **YEAR)
    met, *unmet = ["lti;role=Tool", "lti;level=tested_by_us", "cyber-essentials"]

    [entry] = buyer.has_added(buyer.starts(badges=[met, *unmet]), product)["entries"]

    assert [one["requirement"] for one in entry["badges_lacking"]] == unmet
    assert entry["badges_lacking"][1]["sentence"] == "Cyber Essentials: never held"


def test_the_price_is_that_of_now_beside_that_of_then(town: Town, buyer: Somebody) -> None:
    product = town.product(price_pence=20_000)
    shortlist = buyer.starts()
    buyer.has_added(shortlist, product)
    town.api.offer(product, town.supplier, "cheaper", price_pence=18_500)

    [entry] = buyer.sees(shortlist)["entries"]

    assert (entry["price_pence_then"], entry["price_pence"], entry["unit"]) == (20_000, 18_500, "each")
