"""What a release says in short, for lists, alerts and prices: read from what it says, the release itself is kept."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import Struct

from becta.kernel.money import MAX_PENCE
from becta.market.ocds.checking import instant, is_meant

PUBLISHERS: Mapping[str, str] = {
    "ocds-h6vhtk": "Find a Tender",
    "ocds-b5fd17": "Contracts Finder",
    "ocds-kuma6s": "Sell2Wales",
    "ocds-r6ebe6": "Public Contracts Scotland",
}
"""Who publishes under a registered prefix of `ocid`, where no package says so."""
OPEN_GOVERNMENT = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
"""The licence of what these publish, the Open Government Licence 3.0."""


class Stage(StrEnum):
    """How far a process has come by its own words."""

    PLANNING = "planning"
    TENDER = "tender"
    AWARD = "award"
    CONTRACT = "contract"
    IMPLEMENTATION = "implementation"
    ENDED = "ended"
    CANCELLED = "cancelled"


_STAGES: Mapping[str, Stage] = {
    "planning": Stage.PLANNING,
    "planningUpdate": Stage.PLANNING,
    "tender": Stage.TENDER,
    "tenderAmendment": Stage.TENDER,
    "tenderUpdate": Stage.TENDER,
    "award": Stage.AWARD,
    "awardUpdate": Stage.AWARD,
    "contract": Stage.CONTRACT,
    "contractUpdate": Stage.CONTRACT,
    "contractAmendment": Stage.CONTRACT,
    "implementation": Stage.IMPLEMENTATION,
    "implementationUpdate": Stage.IMPLEMENTATION,
    "contractTermination": Stage.ENDED,
}
_CPV = re.compile(r"(\d{8})(-\d)?$", re.ASCII)
MOST_TITLE, MOST_TEXT, MOST_CODES = 1_000, 10_000, 200
"""How much of a title, a description and the codes is told in short: characters and codes."""
_CALLED_OFF = frozenset({"cancelled", "unsuccessful", "withdrawn"})


class Amount(Struct, frozen=True, kw_only=True):
    """A sum as it was given: digits and currency; `pence` where it is whole pence of sterling that can be meant."""

    digits: str | None
    currency: str | None
    pence: int | None


UNSAID = Amount(digits=None, currency=None, pence=None)
"""Where no sum was given."""


class AwardShort(Struct, frozen=True, kw_only=True):
    """An award in short; `suppliers` by name, or by identifier where no name was given."""

    award_id: str
    title: str
    status: str
    date: datetime | None
    value: Amount | None
    suppliers: tuple[str, ...]


class NoticeShort(Struct, frozen=True, kw_only=True):
    """A release in short. `cpv` holds the codes of the tender, the main one first, then those of its items."""

    ocid: str
    release_id: str
    date: datetime
    tags: tuple[str, ...]
    stage: Stage
    title: str
    description: str
    buyer: str
    cpv: tuple[str, ...]
    value: Amount | None
    published_at: datetime | None
    deadline: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    awards: tuple[AwardShort, ...]


def in_short(release: Mapping[str, Any]) -> NoticeShort:
    """A checked release in short; nothing is guessed, what is not there stays None or empty."""
    tender = release.get("tender") or {}
    date = instant(release["date"])
    assert date is not None  # it was checked
    return NoticeShort(
        ocid=release["ocid"],
        release_id=release["id"],
        date=date,
        tags=tuple(release["tag"]),
        stage=_stage(release),
        title=(_text(tender.get("title")) or _text(release.get("title")))[:MOST_TITLE],
        description=(_text(tender.get("description")) or _text(release.get("description")))[:MOST_TEXT],
        buyer=_buyer(release)[:MOST_TITLE],
        cpv=tuple(dict.fromkeys(_cpv(tender)))[:MOST_CODES],
        value=_amount(tender.get("value")),
        published_at=_instant(tender.get("datePublished")),
        deadline=_of_period(tender, "tenderPeriod", "endDate"),
        starts_at=_of_period(tender, "contractPeriod", "startDate"),
        ends_at=_of_period(tender, "contractPeriod", "endDate"),
        awards=tuple(_award(award, release) for award in release.get("awards", ())),
    )


def publisher_of(ocid: str) -> str:
    """Who publishes under the prefix of an `ocid`: a name we know, else the prefix itself."""
    prefix = "-".join(ocid.split("-")[:2])
    return PUBLISHERS.get(prefix, prefix)


def _stage(release: Mapping[str, Any]) -> Stage:
    tags = release["tag"]
    status = (release.get("tender") or {}).get("status")
    if "tenderCancellation" in tags or status in _CALLED_OFF:
        return Stage.CANCELLED
    reached = [_STAGES[tag] for tag in tags if tag in _STAGES]
    if not reached:  # compiled, or an award that was cancelled
        for part, stage in (("contracts", Stage.CONTRACT), ("awards", Stage.AWARD), ("tender", Stage.TENDER)):
            if release.get(part):
                return stage
        return Stage.PLANNING
    return max(reached, key=list(Stage).index)


def _award(award: Mapping[str, Any], release: Mapping[str, Any]) -> AwardShort:
    named = {party.get("id"): _text(party.get("name")) for party in release.get("parties", ())}
    suppliers = (
        _text(one.get("name")) or named.get(one.get("id")) or str(one.get("id", ""))
        for one in award.get("suppliers", ())
    )
    return AwardShort(
        award_id=str(award["id"]),
        title=_text(award.get("title")),
        status=_text(award.get("status")),
        date=_instant(award.get("date")),
        value=_amount(award.get("value")),
        suppliers=tuple(name for name in suppliers if name),
    )


def _buyer(release: Mapping[str, Any]) -> str:
    buyer = release.get("buyer") or {}
    for party in release.get("parties", ()):
        if not buyer.get("name") and (party.get("id") == buyer.get("id") or "buyer" in (party.get("roles") or ())):
            return _text(party.get("name"))
    return _text(buyer.get("name"))


def _cpv(tender: Mapping[str, Any]) -> Iterator[str]:
    for place in (tender, *tender.get("items", ())):
        for found in (place.get("classification"), *place.get("additionalClassifications", ())):
            if found and found.get("scheme") == "CPV" and (code := _CPV.match(str(found.get("id")))):
                yield code[1]


def _amount(value: Mapping[str, Any] | None) -> Amount | None:
    given = None if value is None else value.get("amount")
    if value is None or given is None:
        return None
    amount, currency = Decimal(given), value.get("currency")
    pence = amount * 100
    is_pence = currency == "GBP" and abs(pence) <= MAX_PENCE and pence == pence.to_integral_value()
    return Amount(digits=f"{amount:f}", currency=currency, pence=int(pence) if is_pence else None)


def _of_period(tender: Mapping[str, Any], period: str, end: str) -> datetime | None:
    return _instant((tender.get(period) or {}).get(end))


def _instant(text: str | None) -> datetime | None:
    at = None if text is None else instant(text)
    return at if at is not None and is_meant(at) else None


def _text(value: str | None) -> str:
    return (value or "").strip()
