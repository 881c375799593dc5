"""A badge that ends, is suspended or withdrawn goes from everywhere at once, and whom it concerns is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from tests.support.api import Api
from tests.support.badges import CYBER, LTI, accepted, editor
from tests.support.people import member, person, school, token_of

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.ledger.notices import give_notices
from becta.market.wiring import House

EARLIER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
"""1 July 2026 begins in London."""
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ENDS = {"issued_on": "2025-07-01", "expires_on": "2026-07-01"}


class Street:
    """A product with a badge of its own and one of its supplier, and a school that has it on a shortlist."""

    def __init__(self, house: House, api: Api) -> None:
        self.house, self.api = house, api
        self.supplier = api.supplier()
        self.product = api.published(self.supplier)
        self.edda = editor(house, api, self.supplier)
        self.cyber = accepted(api, f"/suppliers/{self.supplier}", **{**CYBER, **ENDS})
        self.lti = accepted(api, f"/products/{self.product}", **{**LTI, **ENDS})
        with house.db.write() as session:
            lane = school(session)
            self.bea_person = person(session, "Bea", "bea@larchlane.example")
            member(session, self.bea_person, lane, Role.BUYER)
            self.bea = Api(api.client, token_of(session, self.bea_person, lane))
        body = {"organisation": "urn:100001", "name": "Chromebooks for Year 4", "need": "30 for September"}
        self.shortlist = self.bea.made("/shortlists", body)["id"]
        self.bea.made(f"/shortlists/{self.shortlist}/entries", {"product_id": str(self.product), "note": "Rugged"})
        house.relay.drain()

    def seen(self) -> dict[str, set[str]]:
        """Where the two badges are to be seen as holding."""
        get = self.api.get
        search = get("/search", q="chromebook").json()
        [entry] = self.bea.get(f"/shortlists/{self.shortlist}").json()["entries"]
        verified = {
            badge
            for badge in (self.cyber, self.lti)
            if self.api.client.post(
                "/api/v1/badges/verify", content=self.api.client.get(f"/api/v1/badges/{badge}/credential").content
            ).json()["valid"]
        }
        names = {self.cyber: "cyber-essentials", self.lti: "lti"}
        client = self.api.client
        return {
            "product": {badge["standard"] for badge in get(f"/products/{self.product}").json()["badges"]},
            "supplier": {badge["standard"] for badge in get(f"/suppliers/{self.supplier}").json()["badges"]},
            "hit": {badge["code"] for hit in search["hits"] for badge in hit["badges"]},
            "facet": {count["value"] for count in search["facets"]["badge"]},
            "filter": {code for code in ("cyber-essentials", "lti") if get("/search", badge=code).json()["total"] == 1},
            "wish": {
                "lti"
                for _ in range(get("/search", badge_all="lti;version=1.3;role=Tool;level=certified").json()["total"])
            },
            "shortlist": {badge["standard"] for badge in entry["badges_now"]},
            "ledger": {
                names[badge]
                for badge in names
                if client.get(f"/api/v1/badges/{badge}").json()["standing"] in {"valid", "expiring"}
            },
            "credential": {names[badge] for badge in verified},
            "page": {
                names[badge] for badge in names if "does not hold today" not in client.get(f"/badges/{badge}").text
            },
            "picture": {
                names[badge] for badge in names if "VALID" not in client.get(f"/api/v1/badges/{badge}/image.svg").text
            },
            "product page": {
                "cyber-essentials"
                for _ in range("have no badges that hold today" not in client.get(f"/products/{self.product}").text)
            },
            "as of": {item["standard"] for item in get(f"/products/{self.product}/badges").json()["items"]},
        }

    def mails(self) -> list[tuple[str, str]]:
        """(to, subject) of what was mailed since the last look, in order."""
        self.house.relay.drain()
        found = sorted(self.house.settings.mail_dir.glob("*.eml"))
        mails: list[EmailMessage] = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]
        for path in found:
            path.unlink()
        return sorted((str(mail["To"]), str(mail["Subject"])) for mail in mails)


BOTH = {"cyber-essentials", "lti"}


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EARLIER, tick=False) as traveller:
        yield traveller


@pytest.fixture
def street(traveller: time_machine.Traveller, house: House, api: Api) -> Street:
    return Street(house, api)


def test_a_badge_is_gone_from_search_api_page_picture_credential_and_shortlist_at_the_same_second(
    traveller: time_machine.Traveller, street: Street
) -> None:
    traveller.move_to(MIDNIGHT - SECOND)
    seen = street.seen()
    assert {place: badges for place, badges in seen.items() if badges != BOTH} == {
        "supplier": {"cyber-essentials"},
        "wish": {"lti"},
        "product page": {"cyber-essentials"},
    }

    traveller.move_to(MIDNIGHT)  # no worker ran
    assert street.seen() == {place: set() for place in seen}
    [entry] = street.bea.get(f"/shortlists/{street.shortlist}").json()["entries"]
    assert {lost["badge"]["standard"] for lost in entry["badges_lost"]} == BOTH
    assert {lost["sentence"] for lost in entry["badges_lost"]} == {"expired on 1 July 2026"}


@pytest.mark.parametrize("turn", ["suspended", "revoked"])
def test_a_suspended_or_withdrawn_badge_goes_everywhere_as_soon_as_the_relay_has_run(street: Street, turn: str) -> None:
    for badge in (street.cyber, street.lti):
        body = {"decision": turn, "reasons": ["The register does not list it"]}
        assert street.api.post(f"/badge-claims/{badge}/decision", body).status_code == 200

    seen = street.seen()
    from_the_index = {"hit", "facet", "filter", "wish"}
    assert {place for place, badges in seen.items() if badges} == from_the_index
    street.house.relay.drain()
    assert street.seen() == {place: set() for place in seen}


def test_the_supplier_is_reminded_30_and_7_days_before_and_7_after_and_the_school_when_it_lapses(
    traveller: time_machine.Traveller, street: Street
) -> None:
    street.mails()
    told: dict[int, list[tuple[str, str]]] = {}
    for days in range(-40, 45):
        traveller.move_to(MIDNIGHT + days * DAY + timedelta(hours=9))
        give_notices(street.house.db, now=clock.now())
        give_notices(street.house.db, now=clock.now())
        if mails := street.mails():
            told[days] = mails

    supplier = f"edda@{street.supplier.hex[:8]}.example"
    soon = [(supplier, "Cyber Essentials ends on 1 July 2026"), (supplier, "LTI 1.3 ends on 1 July 2026")]
    assert told == {
        -30: soon,
        -7: soon,
        0: [
            ("bea@larchlane.example", "Larch Chromebook 11 no longer holds Cyber Essentials"),
            ("bea@larchlane.example", "Larch Chromebook 11 no longer holds LTI 1.3"),
        ],
        7: [(supplier, "Cyber Essentials ended on 1 July 2026"), (supplier, "LTI 1.3 ended on 1 July 2026")],
    }
    lapsed = street.api.get(f"/audit/objects/badge_claim/{street.cyber}").json()["items"]
    assert [event["action"] for event in lapsed].count("badge.lapsed") == 1


def test_nobody_is_reminded_of_a_badge_that_was_renewed(traveller: time_machine.Traveller, street: Street) -> None:
    traveller.move_to(MIDNIGHT - 40 * DAY)
    for holder, claim in ((f"/suppliers/{street.supplier}", CYBER), (f"/products/{street.product}", LTI)):
        accepted(street.api, holder, **{**claim, "issued_on": "2026-05-20", "expires_on": "2027-05-20"})
    street.mails()

    for days in (-30, -7, 0, 7):
        traveller.move_to(MIDNIGHT + days * DAY)
        assert give_notices(street.house.db, now=clock.now()) == 0
    assert street.mails() == []


def test_the_school_hears_at_once_of_a_badge_that_was_withdrawn_and_why(street: Street) -> None:
    street.mails()
    body = {"decision": "revoked", "reasons": ["IASME withdrew the certificate"]}
    street.api.post(f"/badge-claims/{street.cyber}/decision", body)

    street.house.relay.drain()
    [mail] = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in street.house.settings.mail_dir.glob("*.eml")
        if b"bea@larchlane.example" in path.read_bytes()
    ]
    text = str(mail.get_content())
    assert "On your shortlist “Chromebooks for Year 4” is Larch Chromebook 11." in text
    assert "IASME withdrew the certificate" in text
    assert f"/shortlists/{street.shortlist}" in text


def test_a_supplier_hears_what_became_of_its_claims(street: Street) -> None:
    supplier = f"edda@{street.supplier.hex[:8]}.example"
    assert (supplier, "LTI 1.3: accepted") in street.mails()
    claim: Any = street.edda.made(f"/suppliers/{street.supplier}/badge-claims", {**CYBER, **ENDS})

    for decision in ("returned", "refused"):
        if decision == "refused":
            street.edda.put(f"/badge-claims/{claim['id']}", {**CYBER, **ENDS})
        body = {"decision": decision, "reasons": ["The scope is missing"]}
        assert street.api.post(f"/badge-claims/{claim['id']}/decision", body).status_code == 200
        assert street.mails() == [(supplier, f"Cyber Essentials: {decision}")]


def test_a_lost_badge_concerns_only_those_who_have_it_on_an_open_list(
    traveller: time_machine.Traveller, street: Street
) -> None:
    other = street.api.published(street.supplier, "cb-14", title="Larch Chromebook 14")
    accepted(street.api, f"/products/{other}", **{**LTI, **ENDS})
    archived = street.bea.post(f"/shortlists/{street.shortlist}/archive", {"reason": "Bought elsewhere"})
    assert archived.status_code == 200, archived.text
    street.mails()

    traveller.move_to(MIDNIGHT)
    assert give_notices(street.house.db, now=clock.now()) == 3
    assert street.mails() == []
