"""The table for the file: what was on a shortlist, what was chosen and why, as at the second it was closed."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from tests.market.shortlists.conftest import NEED, Somebody, Town, told
from tests.support.badges import accepted
from tests.support.watching import everything

from becta.kernel import clock
from becta.kernel.actor import Role, system
from becta.market.accounts.models import Person
from becta.market.privacy.service import erase_person
from becta.market.shortlists.export import COLUMNS

OPENED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CLOSED = datetime(2026, 6, 30, 22, 59, 59, tzinfo=UTC)
LATER = datetime(2026, 8, 1, 9, 0, tzinfo=UTC)
YEAR = {"issued_on": "2025-07-01", "expires_on": "2026-07-01"}
TOOL = {"standard": "lti", "standard_version": "1.3", "role": "Tool", **YEAR}


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(OPENED, tick=False) as traveller:
        yield traveller


def table(who: Somebody, shortlist: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a shortlist's table."""
    headers = {**who.api.headers, "Accept": "text/csv"}
    answer = who.api.client.get(f"/api/v1/shortlists/{shortlist['id']}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="shortlist-{shortlist["id"]}.csv"'
    assert answer.headers["vary"] == "Accept"
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert all(tuple(row) == COLUMNS for row in rows)
    return rows


def test_a_closed_shortlist_is_told_as_it_stood_when_it_was_closed(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    chosen = town.product("a", price_pence=15_000, title="Larch Chromebook 11")
    other = town.product("b", price_pence=12_050, title="Rowan Chromebook 12")
    third = town.product("c", title="Elm Chromebook 13")
    accepted(town.api, f"/products/{chosen}", **TOOL)
    shortlist = buyer.starts(badges=["lti;role=Tool"])
    buyer.has_added(shortlist, chosen, "Sturdy")
    buyer.has_added(shortlist, other)
    [entry] = [one for one in buyer.has_added(shortlist, third)["entries"] if one["product_id"] == str(third)]
    told(buyer.removes(shortlist, entry["id"], "Too heavy"))
    traveller.move_to(CLOSED)
    told(buyer.closes(shortlist, chosen))

    traveller.move_to(LATER)  # the badge has expired, and the price is another
    town.api.offer(chosen, town.supplier, "cheaper", price_pence=11_000)
    first, second, removed = table(buyer, shortlist)

    assert {first["shortlist"], second["shortlist"], removed["shortlist"]} == {"Year 7 devices"}
    assert (first["organisation"], first["need"], first["wanted_badges"]) == (
        "Larch Lane School",
        NEED,
        "lti, role=Tool",
    )
    assert (first["state"], first["as_at"]) == ("closed", "2026-06-30T22:59:59Z")
    assert first["reason"] == "The only one with a five-year warranty"
    assert (first["product"], first["outcome"], first["note"]) == ("Larch Chromebook 11", "chosen", "Sturdy")
    assert (first["added_by"], first["added_at"]) == ("Ada Byron", "2026-03-02T12:00:00Z")
    assert (first["price_then_ex_vat"], first["price_ex_vat"], first["price_is"]) == ("150.00", "150.00", "each")
    assert first["badges"] == first["badges_then"] == "LTI 1.3 (Tool), certified, product's until 2026-07-01"
    assert (first["badges_lost"], first["badges_lacking"]) == ("", "")
    assert (second["product"], second["outcome"], second["price_ex_vat"]) == (
        "Rowan Chromebook 12",
        "not chosen",
        "120.50",
    )
    assert second["badges_lacking"] == "LTI, role Tool: never held"
    assert (removed["product"], removed["outcome"]) == ("Elm Chromebook 13", "removed")
    assert (removed["removed_by"], removed["removed_reason"]) == ("Ada Byron", "Too heavy")
    assert (removed["removed_at"], removed["price_ex_vat"]) == ("2026-03-02T12:00:00Z", "")


def test_an_open_shortlist_is_told_as_it_stands_now(
    traveller: time_machine.Traveller, town: Town, buyer: Somebody
) -> None:
    product = town.product()
    accepted(town.api, f"/products/{product}", **TOOL)
    shortlist = buyer.starts()
    buyer.has_added(shortlist, product)
    traveller.move_to(LATER)

    [row] = table(buyer, shortlist)

    assert (row["state"], row["as_at"], row["outcome"]) == ("open", "2026-08-01T09:00:00Z", "on the list")
    assert row["badges_lost"] == "LTI 1.3 (Tool), certified, product's until 2026-07-01: expired on 1 July 2026"
    assert row["badges"] == ""


def test_an_empty_shortlist_is_one_row_and_json_is_what_is_given_unasked(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()

    [row] = table(buyer, shortlist)

    assert (row["need"], row["product"]) == (NEED, "")
    for accept in ("*/*", "application/json", "image/png"):
        headers = {**buyer.api.headers, "Accept": accept}
        answer = buyer.api.client.get(f"/api/v1/shortlists/{shortlist['id']}", headers=headers)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_spreadsheet_runs_what_somebody_wrote(town: Town, buyer: Somebody, start: str) -> None:
    shortlist = buyer.starts(need=f"x{start}1")
    product = town.product(title="=HYPERLINK(1)")
    buyer.has_added(shortlist, product, f'{start}cmd|"/c calc"!A1' if start != "\t" else "\t=1")

    [row] = table(buyer, shortlist)

    assert row["product"] == "'=HYPERLINK(1)"
    assert row["note"][0] == "'"
    assert row["need"] == f"x{start}1"


def test_the_name_of_somebody_erased_is_gone_from_a_closed_shortlist_too(town: Town, buyer: Somebody) -> None:
    product = town.product()
    shortlist = buyer.starts()
    buyer.has_added(shortlist, product)
    told(buyer.closes(shortlist, product))
    auditor = town.somebody("Al Audit", town.school, Role.AUDITOR)
    assert auditor.sees(shortlist)["as_ended"][0]["added_by_name"] == "Ada Byron"

    with town.db.write() as session:
        who = session.get_one(Person, buyer.id)
        erase_person(session, system("test"), who.id, "They asked by letter", now=clock.now())

    seen = auditor.sees(shortlist)
    names = [seen["created_by_name"], seen["ended_by_name"], seen["as_ended"][0]["added_by_name"]]
    assert names == [None, None, None]
    assert table(auditor, shortlist)[0]["added_by"] == ""
    assert "Ada Byron" not in str(everything(town.db)["shortlist"])
