"""Badge claims that are right, and the way to an accepted one."""

from datetime import timedelta
from typing import Any

from becta.kernel import clock
from tests.support.api import Api

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


def accepted(api: Api, holder: str, **claim: Any) -> str:
    """Claim a badge for a holder's address and accept it; gives the claim's id."""
    made = api.made(f"{holder}/badge-claims", {**CYBER, **claim})
    answer = api.post(f"/badge-claims/{made['id']}/decision", {"decision": "accepted"})
    assert answer.status_code == 200, answer.text
    return str(made["id"])
