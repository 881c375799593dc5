"""Facts become releases that the schema with its extensions takes, and releases become records."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.ocds.schema import check_package, check_release
from tests.support.shared import shared_data

from becta.market.ocds.facts import (
    AmendmentFacts,
    AwardFacts,
    ContractFacts,
    DocumentFacts,
    FrameworkFacts,
    ItemFacts,
    LotFacts,
    Money,
    PartyFacts,
    ProcurementFacts,
    Span,
)
from becta.market.ocds.merging import compiled, versioned
from becta.market.ocds.notices import KINDS, ForSchools, Occasion, notice_due
from becta.market.ocds.packages import Publisher, csv_row, record_package, release_package
from becta.market.ocds.reading import encoded, parsed
from becta.market.ocds.releases import release

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MONEY = Money(net_pence=123_450, gross_pence=148_140)
SPAN = Span(starts=NOW, ends=NOW + timedelta(days=30), months=1)
ITEM = ItemFacts(id="1", description="Laptops", cpv="30213100-6", lot="1", quantity=30, unit_price=MONEY)
AMENDMENT = AmendmentFacts(id="1", at=NOW, rationale="More time", description="Longer", value=MONEY, period=SPAN)
BUYER = PartyFacts(
    key="b",
    name="Larch Learning Trust",
    roles=("buyer", "procuringEntity"),
    identifiers=(("GB-UKPRN", "10012345"), ("GB-COH", "01234567")),
    street="Larch Lane 1",
    town="Exeter",
    postcode="EX1 1AA",
    is_authority=True,
)
SELLER = PartyFacts(key="s", name="Elm Ltd", roles=("supplier",))
FACTS = ProcurementFacts(
    ocid="ocds-xxxxxx-1",
    id="ocds-xxxxxx-1-1",
    at=NOW,
    tags=("award", "contract"),
    title="Devices",
    description="For all",
    buyer="b",
    parties=(BUYER, SELLER),
    status="complete",
    method="open",
    method_details="Open procedure",
    category="goods",
    is_above_threshold=True,
    lots=(
        LotFacts(
            id="1",
            title="Laptops",
            description="x",
            status="complete",
            judged="price 100 %.",
            value=MONEY,
            called_off="withReopeningCompetition",
            most_suppliers=6,
        ),
    ),
    items=(ITEM,),
    value=MONEY,
    published_at=NOW,
    tendering=SPAN,
    enquiries=SPAN,
    contract=SPAN,
    eligibility="insurance: two million pounds",
    has_questions=True,
    bidders=3,
    documents=(
        DocumentFacts(id="1", kind="tenderNotice", title="UK4", published_at=NOW, notice="UK4"),
        DocumentFacts(id="2", kind="clarifications", title="Question 1", description="?"),
        DocumentFacts(id="3", kind="awardNotice", title="UK6", notice="UK6"),
        DocumentFacts(id="4", kind="contractNotice", title="UK7", notice="UK7"),
        DocumentFacts(id="5", kind="plannedProcurementNotice", title="UK3", notice="UK3"),
    ),
    amendments=(AMENDMENT,),
    framework=FrameworkFacts(
        method="withAndWithoutReopeningCompetition",
        buyers="Schools in England",
        long_term_reason="Ten years to earn back the fibre",
        is_open=True,
        scheme_ends=NOW,
        levy=Decimal("0.015"),
    ),
    is_competitive=True,
    under_framework="ocds-xxxxxx-2",
    awards=(
        AwardFacts(
            id="1",
            title="Laptops",
            status="active",
            decided_at=NOW,
            suppliers=("s",),
            lots=("1",),
            value=MONEY,
            items=(ITEM,),
            contract=SPAN,
            standstill=SPAN,
            summaries_sent_at=NOW,
            description="x",
        ),
    ),
    contracts=(
        ContractFacts(
            id="1",
            award_id="1",
            title="Laptops",
            status="terminated",
            signed_at=NOW,
            value=MONEY,
            period=SPAN,
            amendments=(AMENDMENT, msgspec.structs.replace(AMENDMENT, id="2", is_proposed=True)),
            ended="Ended before its term.",
        ),
    ),
    planning="Schools are asked.",
)


def test_everything_a_release_can_say_is_known_to_the_schema() -> None:
    made = release(FACTS)

    check_release(made)
    assert made["tender"]["value"] == {
        "amount": Decimal("1234.50"),
        "amountGross": Decimal("1481.40"),
        "currency": "GBP",
    }
    assert '"amount":1234.50,' in encoded(made)
    assert made["parties"][0]["id"] == "GB-UKPRN-10012345"
    assert made["parties"][0]["additionalIdentifiers"][0]["scheme"] == "GB-COH"
    assert made["parties"][1]["id"] == "s"
    assert made["tender"]["contractPeriod"]["durationInMonths"] == 1
    assert made["awards"][0]["standstillPeriod"]["startDate"] == "2026-11-25T12:00:00Z"
    assert made["awards"][0]["assessmentSummariesDateSent"] == "2026-11-25T12:00:00Z"
    assert made["tender"]["techniques"]["frameworkAgreement"]["type"] == "open"
    assert made["tender"]["lots"][0]["techniques"]["frameworkAgreement"]["maximumParticipants"] == 6
    assert made["tender"]["participationFees"] == [
        {
            "id": "levy",
            "type": ["win"],
            "relativeValue": {"proportion": Decimal("0.015")},
            "description": "A levy of 1.5 % of the estimated value of each call-off, VAT excluded.",
        }
    ]
    assert made["relatedProcesses"][0]["relationship"] == ["framework"]
    places = [made["planning"], made["tender"], made["awards"][0], made["contracts"][0]]
    assert [[one.get("noticeType") for one in place["documents"]] for place in places] == [
        ["UK3"],
        ["UK4", None],
        ["UK6"],
        ["UK7"],
    ]


PENCE = st.integers(0, 10**13)
SOME = {
    "value": st.none()
    | st.builds(Money, net_pence=PENCE, gross_pence=st.none() | PENCE)
    | st.builds(Money, gross_pence=PENCE),
    "bidders": st.none() | st.integers(0, 50),
    "tendering": st.none() | st.just(SPAN),
    "contract": st.none() | st.just(Span(months=36)) | st.just(Span(ends=NOW)),
    "documents": st.just(()) | st.just(FACTS.documents),
    "amendments": st.just(()) | st.just(FACTS.amendments),
    "framework": st.none() | st.just(FACTS.framework),
    "under_framework": st.none() | st.just("ocds-xxxxxx-9"),
    "awards": st.just(()) | st.just(FACTS.awards),
    "contracts": st.just(()) | st.just(FACTS.contracts),
    "planning": st.none() | st.just("x"),
    "title": st.text(min_size=1, max_size=20),
    "description": st.text(max_size=20),
}


@given(st.fixed_dictionaries({}, optional=SOME))
@settings(max_examples=60)
def test_whatever_is_known_and_whatever_is_not_a_release_is_valid_and_says_nothing_empty(some: dict[str, Any]) -> None:
    check_release(release(msgspec.structs.replace(FACTS, **some)))


def test_the_standards_own_releases_come_to_the_standards_own_record() -> None:
    folder = shared_data("procurement/ocds-sample-data/fictional-example/1.1")
    releases = json.loads((folder / "ocds-213czf-000-00001.json").read_text("utf-8"))["releases"]
    path = folder / "record/ocds-213czf-000-00001-withversions.json"
    [record] = json.loads(path.read_text("utf-8"))["records"]

    assert compiled(releases) == record["compiledRelease"]
    assert versioned(releases) == record["versionedRelease"]


def test_a_later_null_takes_a_field_away_and_other_processes_are_refused() -> None:
    first = {
        "ocid": "x",
        "id": "1",
        "date": "2026-01-01T00:00:00Z",
        "tag": ["tender"],
        "tender": {"id": "1", "title": "a"},
    }
    second = {
        **first,
        "id": "2",
        "date": "2026-01-02T00:00:00Z",
        "tender": {"id": "1", "title": None, "value": {"amount": 1}},
    }

    assert compiled([first, second])["tender"] == {"id": "1", "value": {"amount": 1}}
    assert [one["value"] for one in versioned([first, second])["tender"]["title"]] == ["a", None]
    with pytest.raises(ValueError, match="merged by process"):
        compiled([first, {**second, "ocid": "y"}])
    with pytest.raises(ValueError, match="merged by process"):
        compiled([])


def test_packages_are_valid_and_name_publisher_licence_and_extensions() -> None:
    publisher = Publisher(name="Us", origin="https://us.example")
    later = release(msgspec.structs.replace(FACTS, id="ocds-xxxxxx-1-2", tags=("contractAmendment",)))
    bodies = [encoded(release(FACTS)), encoded(later)]

    package = parsed(release_package(bodies, publisher, uri="https://us.example/x", published=NOW))
    record = parsed(record_package([bodies], publisher, uri="https://us.example/y", published=NOW, with_versions=True))

    check_package(package, "release")
    check_package(record, "record")
    assert package["license"].startswith("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3")
    assert (package["publisher"]["name"], package["version"], len(package["extensions"])) == ("Us", "1.1", 4)
    assert record["records"][0]["compiledRelease"]["tag"] == ["compiled"]
    assert record["records"][0]["versionedRelease"]["tender"]["title"][0]["value"] == "Devices"


def test_a_row_of_the_table_runs_in_no_spreadsheet() -> None:
    row = csv_row(encoded(release(msgspec.structs.replace(FACTS, title="=cmd()"))), "UK4")

    assert row.startswith("ocds-xxxxxx-1,ocds-xxxxxx-1-1,2026-11-25T12:00:00Z,award;contract,UK4,GB-UKPRN-10012345,")
    assert ",'=cmd()," in row


def test_there_are_seventeen_notices_and_schools_give_all_but_two() -> None:
    assert list(KINDS) == [f"UK{number}" for number in range(1, 18)]
    assert [kind.number for kind in KINDS.values() if kind.for_schools is ForSchools.NO] == ["UK8", "UK17"]


@pytest.mark.parametrize(
    ("occasion", "to_all", "above", "number", "is_due", "days"),
    [
        (Occasion.PLANNED, True, True, "UK3", False, None),
        (Occasion.INVITED, True, True, "UK4", True, None),
        (Occasion.INVITED, False, True, None, False, None),
        (Occasion.AWARDED, False, True, "UK6", True, None),
        (Occasion.CONTRACTED, True, True, "UK7", True, 30),
        (Occasion.CONTRACTED, True, False, "UK7", False, None),
        (Occasion.MODIFIED, True, True, "UK10", True, None),
        (Occasion.ENDED, True, True, "UK11", True, 30),
        (Occasion.GIVEN_UP, True, True, "UK12", True, None),
        (Occasion.GIVEN_UP, False, True, None, False, None),
    ],
)
def test_a_step_calls_for_the_notice_that_the_act_asks_for(
    occasion: Occasion, to_all: bool, above: bool, number: str | None, is_due: bool, days: int | None
) -> None:
    due = notice_due(occasion, is_advertised_to_all=to_all, is_above_threshold=above, at=NOW)

    if due is None:
        assert number is None
        return
    assert (due.kind.number, due.is_due) == (number, is_due)
    assert due.by == (None if days is None else NOW + timedelta(days=days))
