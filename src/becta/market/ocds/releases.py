"""Facts of a procurement as an OCDS 1.1.5 release, with the extensions for lots, techniques, fees and the UK.

Only what is known is said: there are no nulls. Amounts are pounds ex VAT as exact decimals, `amountGross` with VAT.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from becta.market.ocds.facts import (
    AmendmentFacts,
    AwardFacts,
    ContractFacts,
    DocumentFacts,
    EngagementFacts,
    FrameworkFacts,
    ItemFacts,
    LotFacts,
    Money,
    PartyFacts,
    ProcurementFacts,
    Span,
)
from becta.market.ocds.notices import KINDS

Json = dict[str, Any]

EXTENSIONS = (
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_lots_extension/v1.1.5/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_techniques_extension/master/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_participationFee_extension/master/extension.json",
    "https://raw.githubusercontent.com/cabinetoffice/ocds_uk_extension/main/extension.json",
)
"""The extensions whose fields we use, as packages list them."""
SUB_CENTRAL = {
    "scheme": "UK_CA_TYPE",
    "id": "publicAuthoritySubCentralGovernment",
    "description": "Public authority - sub-central government",
}


def release(facts: ProcurementFacts) -> Json:
    """The release of a step: the whole process as it is after it, so that releases merge to the same."""
    by_key = {party.key: party for party in facts.parties}
    buyer = by_key[facts.buyer]
    documents = {part: _documents(facts.documents, part) for part in ("planning", "tender", "awards", "contracts")}
    return _said(
        ocid=facts.ocid,
        id=facts.id,
        date=instant(facts.at),
        tag=list(facts.tags),
        initiationType="tender",
        language="en",
        parties=[_party(party) for party in facts.parties],
        buyer=_reference(buyer),
        planning=_planning(facts, documents["planning"]),
        tender=_tender(facts, _reference(buyer), documents["tender"]),
        awards=[_award(award, facts, by_key, documents["awards"]) for award in facts.awards],
        contracts=[_contract(one, facts, documents["contracts"]) for one in facts.contracts],
        relatedProcesses=_related(facts),
    )


def instant(at: datetime) -> str:
    """An instant as OCDS writes it (RFC 3339), in UTC to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def value(money: Money | None) -> Json | None:
    """A sum in pounds."""
    if money is None:
        return None
    return _said(amount=_pounds(money.net_pence), amountGross=_pounds(money.gross_pence), currency="GBP")


def _pounds(pence: int | None) -> Decimal | None:
    return None if pence is None else Decimal(pence).scaleb(-2)


def _said(**fields: Any) -> Json:
    """What is said: fields without a value, empty texts, lists and objects are left out."""
    return {name: given for name, given in fields.items() if given is not None and given not in ("", [], {})}


def _planning(facts: ProcurementFacts, documents: list[Json]) -> Json:
    engagement = facts.engagement or EngagementFacts()
    milestone = _said(
        id="market-engagement",
        title="Preliminary market engagement",
        type="engagement",
        description=engagement.description,
        status="met" if engagement.is_done else "scheduled",
    )
    return _said(
        rationale=facts.planning,
        documents=documents,
        milestones=[] if engagement.description is None else [milestone],
        noEngagementNoticeRationale=engagement.no_notice_because,
    )


def _tender(facts: ProcurementFacts, buyer: Json, documents: list[Json]) -> Json:
    amendments = [_amendment(one, facts, is_of_tender=True) for one in facts.amendments]
    judged = facts.judged or " ".join(f"{lot.title}: {lot.judged}" for lot in facts.lots if lot.judged)
    return _said(
        id=facts.ocid,
        title=facts.title,
        description=facts.description,
        status=facts.status,
        procuringEntity=buyer,
        items=[_item(item) for item in facts.items],
        value=value(facts.value),
        procurementMethod=facts.method,
        procurementMethodDetails=facts.method_details,
        mainProcurementCategory=facts.category,
        eligibilityCriteria=facts.eligibility,
        awardCriteriaDetails=judged,
        submissionMethod=["electronicSubmission"] if facts.tendering else None,
        datePublished=None if facts.published_at is None else instant(facts.published_at),
        tenderPeriod=_period(facts.tendering),
        enquiryPeriod=_period(facts.enquiries),
        hasEnquiries=facts.has_questions,
        contractPeriod=_period(facts.contract),
        numberOfTenderers=facts.bidders,
        documents=documents,
        amendments=amendments,
        aboveThreshold=facts.is_above_threshold,
        lots=[_lot(lot) for lot in facts.lots],
        techniques=_techniques(facts.framework),
        participationFees=_fees(facts.framework),
        competitive=facts.is_competitive,
        finalStatusDate=instant(facts.at) if facts.status in {"cancelled", "unsuccessful"} else None,
    )


def _lot(lot: LotFacts) -> Json:
    return _said(
        id=lot.id,
        title=lot.title,
        description=lot.description,
        status=lot.status,
        value=value(lot.value),
        contractPeriod=_period(lot.contract),
        techniques=_of_lot(lot),
    )


def _of_lot(lot: LotFacts) -> Json | None:
    if lot.called_off is None:
        return None
    agreement = _said(method=lot.called_off, maximumParticipants=lot.most_suppliers)
    return {"hasFrameworkAgreement": True, "frameworkAgreement": agreement}


def _item(item: ItemFacts) -> Json:
    return _said(
        id=item.id,
        description=item.description,
        classification={"scheme": "CPV", "id": item.cpv.partition("-")[0]},
        quantity=item.quantity,
        unit=_said(name=item.unit, value=value(item.unit_price)),
        relatedLot=item.lot,
    )


def _award(award: AwardFacts, facts: ProcurementFacts, by_key: dict[str, PartyFacts], documents: list[Json]) -> Json:
    return _said(
        id=award.id,
        title=award.title,
        description=award.description,
        status=award.status,
        date=None if award.decided_at is None else instant(award.decided_at),
        value=value(award.value),
        suppliers=[_reference(by_key[key]) for key in award.suppliers],
        items=[_item(item) for item in award.items],
        contractPeriod=_period(award.contract),
        documents=documents,
        relatedLots=list(award.lots),
        standstillPeriod=_period(award.standstill),
        assessmentSummariesDateSent=None if award.summaries_sent_at is None else instant(award.summaries_sent_at),
        aboveThreshold=facts.is_above_threshold,
        mainProcurementCategory=facts.category,
    )


def _contract(contract: ContractFacts, facts: ProcurementFacts, documents: list[Json]) -> Json:
    made = [_amendment(one, facts) for one in contract.amendments if not one.is_proposed]
    proposed = [_amendment(one, facts) for one in contract.amendments if one.is_proposed]
    return _said(
        id=contract.id,
        awardID=contract.award_id,
        title=contract.title,
        description=contract.ended,
        status=contract.status,
        period=_period(contract.period),
        value=value(contract.value),
        dateSigned=None if contract.signed_at is None else instant(contract.signed_at),
        documents=documents,
        amendments=made,
        proposedAmendments=proposed,
        aboveThreshold=facts.is_above_threshold,
    )


def _amendment(amendment: AmendmentFacts, facts: ProcurementFacts, *, is_of_tender: bool = False) -> Json:
    return _said(
        id=amendment.id,
        date=instant(amendment.at),
        rationale=amendment.rationale,
        description=amendment.description,
        value=value(amendment.value),
        period=_period(amendment.period),
        releaseID=facts.id if is_of_tender and amendment.at == facts.at else None,
    )


def _techniques(framework: FrameworkFacts | None) -> Json | None:
    if framework is None:
        return None
    agreement = _said(
        method=framework.method,
        buyerCategories=framework.buyers,
        periodRationale=framework.long_term_reason,
        isOpenFrameworkScheme=framework.is_open,
        openFrameworkSchemeEndDate=None if framework.scheme_ends is None else instant(framework.scheme_ends),
        type="open" if framework.is_for_unlisted else "closed",
    )
    return {"hasFrameworkAgreement": True, "frameworkAgreement": agreement}


def _fees(framework: FrameworkFacts | None) -> list[Json]:
    """The levy, a fixed percentage of each call-off's estimated value (Procurement Act 2023 s.45(7))."""
    if framework is None or not framework.levy:
        return []
    said = f"A levy of {(framework.levy * 100).normalize():f} % of the estimated value of each call-off, VAT excluded."
    return [{"id": "levy", "type": ["win"], "relativeValue": {"proportion": framework.levy}, "description": said}]


def _related(facts: ProcurementFacts) -> list[Json]:
    if facts.under_framework is None:
        return []
    process = {"id": "framework", "relationship": ["framework"], "scheme": "ocid", "identifier": facts.under_framework}
    return [process]


def _documents(documents: Iterable[DocumentFacts], part: str) -> list[Json]:
    return [_document(one) for one in documents if _part_of(one) == part]


def _part_of(document: DocumentFacts) -> str:
    return "tender" if document.notice is None else KINDS[document.notice].part


def _document(document: DocumentFacts) -> Json:
    return _said(
        id=document.id,
        documentType=document.kind,
        title=document.title,
        description=document.description,
        datePublished=None if document.published_at is None else instant(document.published_at),
        language="en",
        noticeType=document.notice,
    )


def _party(party: PartyFacts) -> Json:
    identifiers = [{"scheme": scheme, "id": number, "legalName": party.name} for scheme, number in party.identifiers]
    return _said(
        id=party.id,
        name=party.name,
        identifier=identifiers[0] if identifiers else {"legalName": party.name},
        additionalIdentifiers=identifiers[1:],
        address=_said(
            streetAddress=party.street,
            locality=party.town,
            postalCode=party.postcode,
            country="GB" if party.postcode or party.town else None,
            countryName="United Kingdom" if party.postcode or party.town else None,
        ),
        roles=list(party.roles),
        details={"classifications": [SUB_CENTRAL]} if party.is_authority else None,
    )


def _reference(party: PartyFacts) -> Json:
    return {"id": party.id, "name": party.name}


def _period(span: Span | None) -> Json | None:
    if span is None:
        return None
    return _said(
        startDate=None if span.starts is None else instant(span.starts),
        endDate=None if span.ends is None else instant(span.ends),
        durationInMonths=span.months,
    )
