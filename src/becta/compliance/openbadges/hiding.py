"""Ways to write JSON-LD so that its signature holds while a reader of the JSON is told something else.

A Data Integrity proof signs statements. The same statements can be written with other names, so whoever holds a
credential could hide its end of validity or its status without breaking the proof. Data Integrity 1.0 (section 2.4.2,
"Context Validation") leaves it to applications to make sure that the names mean what they think.
"""

from collections.abc import Iterator

from becta.compliance.openbadges.reading import Json, JsonObject, as_list
from becta.compliance.openbadges.vocabulary import DATES

READ_BY_US = frozenset({
    "id", "type", "issuer", "name", "description", "credentialSubject", "identifier", "achievement", "criteria",
    "narrative", "evidence", "credentialSchema", "refreshService", "endorsement",
    "credentialStatus", "statusPurpose", "statusListIndex", "statusListCredential", "statusSize", "encodedList",
    "BitstringStatusListEntry", "StatusList2021Entry", "1EdTechRevocationList", "BitstringStatusList",
    "BitstringStatusListCredential", "StatusList2021", "StatusList2021Credential", "VerifiableCredential",
    "OpenBadgeCredential", "AchievementCredential", "EndorsementCredential", "AchievementSubject", "Achievement",
    "Profile", "EndorsementSubject",
})  # fmt: skip
"""Names that a verifier reads. If no context defines one of them, the signature does not cover it, and anyone may
change it. Dates are not here: they are read by the names of the data model's version, which its context defines.
Nor is `endorsementJwt`: no published context defines it (3.0 to 3.0.3), and each is signed by itself."""

VALUE_KEYWORDS = frozenset({"@value", "@language", "@direction", "@type"})


def keyword_faults(credential: JsonObject) -> list[str]:
    """JSON-LD keywords that move statements about, and contexts inside that give our names another meaning."""
    faults = []
    for name, value, parent in _members(credential):
        if name == "@context":
            if taken := sorted(_defined(value) & (READ_BY_US | DATES)):
                faults.append(f"a context inside the credential defines {', '.join(taken)} anew")
        elif name.startswith("@") and not ("@value" in parent and name in VALUE_KEYWORDS):
            faults.append(f"the context rules do not let a credential use the keyword {name[:40]}")
    return faults


def _members(value: Json) -> Iterator[tuple[str, Json, JsonObject]]:
    """Every member at every depth, with the object it is in; contexts are not entered."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            for name, inner in value.items():
                yield name, inner, value
                if name != "@context":
                    waiting.append(inner)


def _defined(context: Json) -> set[str]:
    """Every name inside inline contexts, at any depth."""
    return {name for name, _, _ in _members([entry for entry in as_list(context) if isinstance(entry, dict)])}
