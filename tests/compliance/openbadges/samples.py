"""Badges of our own kind, keys from fixed seeds, and the documents that go with them."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from becta.compliance.openbadges.contexts import OPEN_BADGES, VCDM_2, bundled_contexts
from becta.compliance.openbadges.data_integrity import sign_credential
from becta.compliance.openbadges.did import IssuerKey, did_document, did_key, did_web, method_id
from becta.compliance.openbadges.keys import SigningKey
from becta.compliance.openbadges.resolving import DocumentResolver
from becta.compliance.openbadges.status import build_list, status_entry, status_list_credential

ADDRESS = "http://127.0.0.1:8000"
KEY = SigningKey.from_seed(bytes(range(32)))
OTHER_KEY = SigningKey.from_seed(bytes(range(1, 33)))
DID = did_web(ADDRESS)
METHOD = method_id(DID, KEY.public)
DOCUMENT = did_document(DID, [IssuerKey(key=KEY.public)])
OURS = DocumentResolver({DID: DOCUMENT})
ISSUED = datetime(2026, 11, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
REVOCATIONS, SUSPENSIONS = f"{ADDRESS}/badges/status/1", f"{ADDRESS}/badges/status/2"
INDEX = 94_567


def badge(did: str = DID, /, **changes: Any) -> dict[str, Any]:
    """An unsigned badge such as the marketplace issues."""
    credential = {
        "@context": [VCDM_2, OPEN_BADGES],
        "id": f"{ADDRESS}/badges/018f3b52-0000-7000-8000-000000000001",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Cyber Essentials Plus",
        "issuer": {"id": did, "type": ["Profile"], "name": "BECTA 2.0"},
        "validFrom": "2026-11-01T09:00:00Z",
        "validUntil": "2027-11-01T00:00:00Z",
        "credentialSubject": {
            "id": f"{ADDRESS}/suppliers/tynecastle",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": f"{ADDRESS}/standards/cyber-essentials-plus/danzell",
                "type": ["Achievement"],
                "name": "Cyber Essentials Plus",
                "description": "The organisation's five controls were tested by an assessor.",
                "criteria": {
                    "id": f"{ADDRESS}/standards/cyber-essentials-plus",
                    "narrative": "Certified by a body that IASME licensed. Scope: whole organisation — naïve “quotes”.",
                },
            },
        },
        "evidence": [
            {
                "id": f"{ADDRESS}/evidence/42",
                "type": ["Evidence"],
                "name": "Certificate",
                "narrative": "Certificate IASME-CEP-012345",
            }
        ],
        "relatedResource": [
            {"id": f"{ADDRESS}/evidence/42/file", "digestSRI": "sha384-" + "A" * 64, "mediaType": "application/pdf"}
        ],
        "credentialStatus": [
            status_entry(REVOCATIONS, "revocation", INDEX),
            status_entry(SUSPENSIONS, "suspension", INDEX),
        ],
    }
    return copy.deepcopy(credential | changes)


def signed(credential: dict[str, Any] | None = None, *, key: SigningKey = KEY, method: str = METHOD) -> dict[str, Any]:
    """The badge with our Data Integrity proof."""
    return sign_credential(credential or badge(), key, method=method, created=ISSUED)


def self_issued(**changes: Any) -> dict[str, Any]:
    """A badge whose issuer is a did:key, signed with it: it verifies with no resolver."""
    did = did_key(OTHER_KEY.public)
    method = f"{did}#{OTHER_KEY.public.multibase}"
    return signed(badge(did, **changes), key=OTHER_KEY, method=method)


def status_lists(*, revoked: bool = False, suspended: bool = False) -> Callable[[str], bytes | None]:
    """A StatusResolver over our two lists, signed."""
    served = {}
    for url, purpose, marked in ((REVOCATIONS, "revocation", revoked), (SUSPENSIONS, "suspension", suspended)):
        bits = build_list([INDEX] if marked else [])
        served[url] = json.dumps(signed(status_list_credential(url, DID, purpose, bits, valid_from=ISSUED))).encode()
    return served.get


def documents() -> dict[str, Any]:
    """Everything an independent verifier may ask for, by URL."""
    key = did_key(OTHER_KEY.public)
    found: dict[str, Any] = dict(bundled_contexts())
    for did, public in ((DID, KEY.public), (key, OTHER_KEY.public)):
        document = did_document(did, [IssuerKey(key=public)])
        found[did] = document
        method: Any = document["verificationMethod"]
        found[method[0]["id"]] = {"@context": "https://w3id.org/security/multikey/v1", **method[0]}
    return found
