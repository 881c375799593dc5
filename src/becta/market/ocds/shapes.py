"""What an OCDS 1.1 release is made of, as far as reading one needs it: each object's fields and their kinds.

Kinds: `text` and the like may be null, as the standard lets most fields be. `Name` is an object, `[Name]` a list of
objects no two of which are the same, `[Name]+` one that is not empty, `{Name}` a list that may repeat itself.
A word with `|` is a closed list of codes. Fields that are not named here are kept as they come: extensions add many.
"""

from collections.abc import Mapping

Shape = Mapping[str, str]

_STATUSES = "planning|planned|active|complete|cancelled|unsuccessful|withdrawn"
_ENDED = "complete|cancelled|unsuccessful"
_CATEGORIES = "goods|services|works"
_ORGANISATION = {
    "identifier": "Identifier",
    "additionalIdentifiers": "[Identifier]",
    "address": "Address",
    "contactPoint": "ContactPoint",
}

SHAPES: Mapping[str, Shape] = {
    "Release": {
        "ocid": "key",
        "id": "key",
        "date": "moment",
        "tag": "tags",
        "initiationType": "tender|",
        "parties": "[Organization]",
        "buyer": "OrganizationReference",
        "planning": "Planning",
        "tender": "Tender",
        "awards": "[Award]",
        "contracts": "[Contract]",
        "language": "text",
        "relatedProcesses": "[RelatedProcess]",
        "links": "[Link]",
        "publisher": "Identifier",
    },
    "Planning": {
        "id": "text",
        "rationale": "text",
        "budget": "Budget",
        "project": "Project",
        "finalStatus": "cancelled|unsuccessful",
        "finalStatusDetails": "text",
        "finalStatusDate": "instant",
        "documents": "{Document}",
        "milestones": "{Milestone}",
    },
    "Tender": {
        "id": "id",
        "identifiers": "[SimpleIdentifier]",
        "title": "text",
        "description": "text",
        "status": _STATUSES,
        "finalStatus": _ENDED,
        "finalStatusDetails": "text",
        "finalStatusDate": "instant",
        "procuringEntity": "OrganizationReference",
        "items": "[Item]",
        "value": "Value",
        "minValue": "Value",
        "maximumValue": "Value",
        "deliveryLocations": "[Location]",
        "deliveryAddresses": "[Address]",
        "procurementMethod": "open|selective|limited|direct",
        "procurementMethodDetails": "text",
        "procurementMethodRationale": "text",
        "mainProcurementCategory": _CATEGORIES,
        "additionalProcurementCategories": "texts",
        "awardCriteria": "text",
        "awardCriteriaDetails": "text",
        "submissionMethod": "texts",
        "submissionMethodDetails": "text",
        "submissionTerms": "SubmissionTerms",
        "datePublished": "instant",
        "expressionOfInterestDeadline": "instant",
        "tenderPeriod": "Period",
        "enquiryPeriod": "Period",
        "hasEnquiries": "flag",
        "eligibilityCriteria": "text",
        "exclusionGrounds": "Described",
        "selectionCriteria": "Described",
        "awardPeriod": "Period",
        "standstillPeriod": "Period",
        "contractPeriod": "Period",
        "numberOfTenderers": "whole",
        "tenderers": "[OrganizationReference]",
        "documents": "{Document}",
        "milestones": "{Milestone}",
        "amendments": "{Amendment}",
        "amendment": "Amendment",
    },
    "Award": {
        "id": "id",
        "title": "text",
        "description": "text",
        "status": "pending|active|cancelled|unsuccessful",
        "finalStatus": _ENDED,
        "finalStatusDetails": "text",
        "finalStatusDate": "instant",
        "date": "instant",
        "datePublished": "instant",
        "value": "Value",
        "maximumValue": "Value",
        "estimatedValue": "Value",
        "suppliers": "[OrganizationReference]",
        "items": "[Item]+",
        "contractPeriod": "Period",
        "documents": "[Document]",
        "amendments": "{Amendment}",
        "amendment": "Amendment",
    },
    "Contract": {
        "id": "id",
        "awardID": "id",
        "identifiers": "[SimpleIdentifier]",
        "title": "text",
        "description": "text",
        "status": "pending|active|terminated|cancelled",
        "finalStatus": "complete|incomplete|cancelled|unsuccessful",
        "finalStatusDetails": "text",
        "finalStatusDate": "instant",
        "dateSigned": "instant",
        "value": "Value",
        "maximumValue": "Value",
        "estimatedValue": "Value",
        "items": "[Item]+",
        "period": "Period",
        "documents": "[Document]",
        "implementation": "Implementation",
        "relatedProcesses": "[RelatedProcess]",
        "milestones": "{Milestone}",
        "amendments": "{Amendment}",
        "amendment": "Amendment",
    },
    "Implementation": {
        "transactions": "[Transaction]",
        "milestones": "[Milestone]",
        "documents": "[Document]",
    },
    "Milestone": {
        "id": "id",
        "title": "text",
        "type": "text",
        "description": "text",
        "code": "text",
        "dueAfterDate": "instant",
        "dueDate": "instant",
        "dateMet": "instant",
        "dateModified": "instant",
        "status": "scheduled|met|notMet|partiallyMet",
        "documents": "[Document]",
        "value": "Value",
    },
    "Document": {
        "id": "id",
        "documentType": "text",
        "title": "text",
        "description": "text",
        "url": "text",
        "datePublished": "instant",
        "dateModified": "instant",
        "format": "text",
        "languages": "texts",
        "language": "text",
        "relatedItems": "texts",
    },
    "Budget": {
        "id": "code",
        "description": "text",
        "amount": "Value",
        "project": "text",
        "projectID": "code",
        "uri": "text",
        "source": "text",
    },
    "Project": {
        "id": "words",
        "title": "words",
        "description": "words",
        "totalValue": "Value",
        "uri": "text",
        "sector": "Classification",
        "additionalClassifications": "[Classification]+",
        "locations": "[Location]+",
    },
    "Transaction": {
        "id": "id",
        "source": "text",
        "date": "instant",
        "value": "Value",
        "payer": "OrganizationReference",
        "payee": "OrganizationReference",
        "uri": "text",
        "amount": "Value",
        "providerOrganization": "Identifier",
        "receiverOrganization": "Identifier",
    },
    "OrganizationReference": {"name": "words", "id": "any", **_ORGANISATION},
    "Organization": {"name": "text", "id": "string", **_ORGANISATION, "roles": "texts", "details": "Details?"},
    "Details": {"scale": "micro|sme|small|medium|large|selfEmployed", "classifications": "[Classification]+"},
    "Item": {
        "id": "id",
        "description": "text",
        "classification": "Classification",
        "additionalClassifications": "[Classification]",
        "quantity": "number",
        "unit": "Unit",
        "immediateContainer": "Container",
        "deliveryLocations": "[Location]+",
        "deliveryAddresses": "[Address]+",
    },
    "Container": {"name": "words"},
    "Unit": {"scheme": "text", "id": "text", "name": "text", "value": "Value", "uri": "text"},
    "Amendment": {
        "date": "instant",
        "rationale": "text",
        "id": "text",
        "description": "text",
        "amendsReleaseID": "text",
        "releaseID": "text",
        "changes": "{Change}",
    },
    "Change": {"property": "string"},
    "Classification": {"scheme": "text", "id": "code", "description": "text", "uri": "text"},
    "Identifier": {"scheme": "text", "id": "code", "legalName": "text", "uri": "text"},
    "SimpleIdentifier": {"scheme": "text", "id": "text"},
    "Location": {"description": "text", "geometry": "Geometry", "gazetteer": "Gazetteer", "uri": "text"},
    "Geometry": {"type": "Point|MultiPoint|LineString|MultiLineString|Polygon|MultiPolygon"},
    "Gazetteer": {"scheme": "text", "identifiers": "texts"},
    "Address": {
        "streetAddress": "text",
        "locality": "text",
        "region": "text",
        "postalCode": "text",
        "country": "country",
        "countryName": "text",
        "description": "text",
    },
    "ContactPoint": {"name": "text", "email": "text", "telephone": "text", "faxNumber": "text", "url": "text"},
    "Value": {"amount": "number", "amountNet": "number", "amountGross": "number", "currency": "currency"},
    "Period": {"startDate": "instant", "endDate": "instant", "maxExtentDate": "instant", "durationInDays": "whole"},
    "RelatedProcess": {
        "id": "string",
        "relationship": "texts",
        "title": "text",
        "scheme": "text",
        "identifier": "text",
        "uri": "text",
    },
    "Link": {"rel": "string", "href": "string"},
    "SubmissionTerms": {"electronicSubmissionPolicy": "required|allowed|notAllowed"},
    "Described": {"description": "words"},
}

REQUIRED: Mapping[str, frozenset[str]] = {
    "Release": frozenset({"ocid", "id", "date", "tag", "initiationType"}),
    "Contract": frozenset({"id", "awardID"}),
    **{name: frozenset({"id"}) for name in ("Tender", "Award", "Milestone", "Document", "Transaction", "Item")},
}
"""Fields without which an object cannot be told from another; a required field is never null."""
NEVER_EMPTY = frozenset({"Described", "Project", "Container"})
"""Objects that say something or are left out."""

_TAGS = (
    "planning planningUpdate tender tenderAmendment tenderUpdate tenderCancellation award awardUpdate"
    " awardCancellation contract contractUpdate contractAmendment implementation implementationUpdate"
    " contractTermination compiled"
)
TAGS = frozenset(_TAGS.split())
"""The closed list `releaseTag` of OCDS 1.1.5."""
_CURRENCIES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF"
    " CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD"
    " GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP"
    " LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN"
    " PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND"
    " TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UZS VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF"
    " XPT XSU XTS XUA XXX YER ZAR ZMW ZWL"
)
CURRENCIES = frozenset(_CURRENCIES.split())
"""Codes of ISO 4217 in use, which the closed list `currency` starts from."""
