"""Badge claims that are right, evidence for them, and the ways to an accepted one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.accounts.organisations import open_organisation
from becta.market.wiring import House
from tests.support.api import ROOT, Api
from tests.support.people import member, person, token_of

ISSUED_ON = clock.london_date(clock.now()) - timedelta(days=60)
"""Not long ago, whenever the tests run."""

CYBER: dict[str, Any] = {
    "standard": "cyber-essentials",
    "standard_version": "Willow",
    "level": "certified",
    "issued_on": str(ISSUED_ON),
    "expires_on": str(clock.add_months(ISSUED_ON, 12)),
    "certificate_reference": "CE-0042",
    "evidence_url": "https://registry.example.org/CE-0042",
}
LTI: dict[str, Any] = {**CYBER, "standard": "lti", "standard_version": "1.3", "role": "Tool"}
WCAG: dict[str, Any] = {
    **CYBER,
    "standard": "wcag",
    "standard_version": "2.2",
    "level": "self_declared",
    "certificate_reference": "",
}
"""A badge that two people must agree on."""
PDF = b"%PDF-1.7\n1 0 obj\n"


def accepted(api: Api, holder: str, **claim: Any) -> str:
    """Claim a badge for a holder's address and accept it; gives the claim's id."""
    made = api.made(f"{holder}/badge-claims", {**CYBER, **claim})
    answer = api.post(f"/badge-claims/{made['id']}/decision", {"decision": "accepted"})
    assert answer.status_code == 200, answer.text
    return str(made["id"])


def send_file(api: Api, claim_id: str, name: str = "certificate.pdf", content: bytes = PDF, note: str = "") -> Any:
    """Send a file as evidence of a claim."""
    return api.client.post(
        f"{ROOT}/badge-claims/{claim_id}/evidence/files",
        files={"file": (name, content, "application/octet-stream")},
        data={"note": note},
        headers=api.headers,
    )


def verifier(house: House, api: Api, name: str) -> Api:
    """The API as a verifier of ours sees it, a person of their own."""
    with house.db.write() as session:
        ours = open_organisation(session, "operator", now=clock.now())
        somebody = person(session, name, f"{name.lower()}@market.example")
        member(session, somebody, ours, Role.VERIFIER)
        return Api(api.client, token_of(session, somebody, ours))


def editor(house: House, api: Api, supplier_id: UUID, name: str = "Edda") -> Api:
    """The API as a person who edits a supplier's listings sees it."""
    with house.db.write() as session:
        theirs = open_organisation(session, f"supplier:{supplier_id}", now=clock.now())
        somebody = person(session, name, f"{name.lower()}@{supplier_id.hex[:8]}.example")
        member(session, somebody, theirs, Role.SUPPLIER_EDITOR)
        return Api(api.client, token_of(session, somebody, theirs))
