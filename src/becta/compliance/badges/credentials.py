"""A badge of the ledger as an Open Badges 3.0 credential, not signed yet. Pure functions.

The subject is the supplier or the product, the achievement the standard with its version and role. What the badge rests
on is named by hash (VCDM 2.0, `relatedResource`), so that the credential proves the evidence too.
"""

from base64 import b64encode
from typing import Any
from uuid import UUID

from msgspec import Struct

from becta.compliance.badges.models import Badge, BadgeClaimRow
from becta.compliance.badges.rules import Level
from becta.compliance.openbadges.dates import write_date
from becta.compliance.openbadges.status import PURPOSES, status_entry
from becta.compliance.standards.registry import Holder, standards
from becta.kernel.clock import start_of_day

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
ISSUER_NAME = "BECTA 2.0 marketplace"

LEVEL_WORDS = {
    Level.CERTIFIED: "certified by somebody else, whose certificate we checked",
    Level.TESTED_BY_US: "tested by us",
    Level.SELF_DECLARED: "declared by the supplier, whose statement we read",
}


class Subject(Struct, frozen=True, kw_only=True):
    """Whose badge it is: a supplier or a product of one."""

    holder: Holder
    id: UUID
    name: str
    supplier_name: str


def unsigned_credential(
    claim: BadgeClaimRow, badge: Badge, subject: Subject, *, origin: str, issuer: str
) -> dict[str, Any]:
    """The credential of a badge; `origin` is where this marketplace is reached, `issuer` its DID."""
    here = f"{origin}/api/v1/badges/{claim.id}"
    credential: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "id": f"{here}/credential",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": badge_name(claim),
        "description": _held_by(claim, subject),
        "issuer": {"id": issuer, "type": ["Profile"], "name": ISSUER_NAME, "url": origin},
        "validFrom": write_date(start_of_day(claim.issued_on)),
        "awardedDate": write_date(badge.issued_at),
        "credentialSubject": {
            "id": f"{origin}/{'suppliers' if subject.holder is Holder.SUPPLIER else 'products'}/{subject.id}",
            "type": ["AchievementSubject"],
            "achievement": _achievement(claim, origin=origin),
            **({"role": claim.role} if claim.role else {}),
        },
        "evidence": _evidence(claim, badge, here),
        "relatedResource": [
            {"id": f"{here}/evidence-record", "digestSRI": digest_sri(badge.evidence_sha256)},
        ],
        "credentialStatus": [
            status_entry(status_list_address(purpose, badge.status_list, origin=origin), purpose, badge.status_index)
            for purpose in PURPOSES
        ],
    }
    if claim.expires_on is not None:
        credential["validUntil"] = write_date(start_of_day(claim.expires_on))
    return credential


def badge_name(claim: BadgeClaimRow) -> str:
    """How a badge names its standard, such as "LTI 1.3" or "Cyber Essentials"."""
    standard = standards()[claim.standard]
    return standard.label.format(name=standard.name, version=claim.standard_version)


def status_list_address(purpose: str, number: int, *, origin: str) -> str:
    """Where a status list is to be had."""
    return f"{origin}/api/v1/badge-status/{purpose}/{number}"


def digest_sri(sha256_hex: str) -> str:
    """A SHA-256 as Subresource Integrity writes it."""
    return f"sha256-{b64encode(bytes.fromhex(sha256_hex)).decode()}"


def _achievement(claim: BadgeClaimRow, *, origin: str) -> dict[str, Any]:
    standard = standards()[claim.standard]
    as_role = f", role {claim.role}" if claim.role else ""
    what = f"{standard.name} {claim.standard_version}{as_role}"
    return {
        "id": f"{origin}/standards/{claim.standard}",
        "type": ["Achievement"],
        "achievementType": "Certification" if claim.level is Level.CERTIFIED else "Badge",
        "name": badge_name(claim) + as_role,
        "description": f"{what}, published by {standard.publisher}: {LEVEL_WORDS[claim.level]}.",
        "criteria": {"id": f"{origin}/standards/{claim.standard}", "narrative": f"What {what} asks for."},
    }


def _evidence(claim: BadgeClaimRow, badge: Badge, here: str) -> list[dict[str, Any]]:
    kept = {
        "id": f"{here}/evidence-record",
        "type": ["Evidence"],
        "name": "What this badge rests on",
        "narrative": f"The record of the evidence that was accepted. Its SHA-256 is {badge.evidence_sha256}.",
    }
    if not claim.evidence_url:
        return [kept]
    shown = {"id": claim.evidence_url, "type": ["Evidence"], "name": "Where the supplier shows it"}
    return [kept, {**shown, "description": claim.evidence_note} if claim.evidence_note else shown]


def _held_by(claim: BadgeClaimRow, subject: Subject) -> str:
    if subject.holder is Holder.SUPPLIER:
        held = f"Held by {subject.name} as an organisation; it says nothing of a single product."
    else:
        held = f"Held by {subject.name} of {subject.supplier_name}, in this version and role only."
    return f"{held} Scope: {claim.scope}" if claim.scope else held
