"""The frameworks that the DfE listed in 2019, from its own open data: each can be set up here as it was."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from tests.market.frameworks.conftest import terms
from tests.support.shared import shared_data

from becta.kernel.clock import add_months
from becta.market.frameworks.faults import framework_faults
from becta.market.frameworks.rules import Dates, FrameworkState, Standing, standing
from becta.market.frameworks.terms import FrameworkTerms


def listed() -> list[dict[str, Any]]:
    """The records, in the form they are published in."""
    path = shared_data("procurement/dfe_frameworks/frameworks_2019.json")
    records: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return records


def test_every_framework_that_the_dfe_listed_can_be_set_up_and_expires_the_day_after_it_says() -> None:
    records = [one for one in listed() if one.get("expiry")]
    assert len(records) > 20

    for record in records:
        ends_on = date.fromisoformat(record["expiry"])
        starts_on = add_months(ends_on, -48) + timedelta(days=1)
        said = terms(
            reference=record["ref"],
            title=record["title"],
            description=record["descr"],
            starts_on=starts_on,
            ends_on=ends_on,
        )
        assert framework_faults(msgspec.convert(said, FrameworkTerms)) == [], record["ref"]
        dates = Dates(standstill_ends_on=starts_on, in_force_from=starts_on, last_on=ends_on)
        for days, where in ((0, Standing.IN_FORCE), (1, Standing.EXPIRED)):
            noon = datetime.combine(ends_on + timedelta(days=days), time(12), tzinfo=UTC)
            assert standing(FrameworkState.AWARDED, dates, now=noon) is where, record["ref"]


@pytest.mark.parametrize("field", ["ref", "title", "supplier", "cat"])
def test_every_record_names_what_we_keep(field: str) -> None:
    assert [one for one in listed() if not one.get(field)] == []
