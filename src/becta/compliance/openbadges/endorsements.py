"""Finds the endorsements inside a credential: of the badge, its achievement, its issuer and other profiles."""

from becta.compliance.openbadges.reading import COMPACT_JWS, Json, JsonObject, as_list

MOST_ENDORSEMENTS = 10
NAMES = ("endorsement", "endorsementJwt")


def endorsements_of(credential: JsonObject) -> tuple[list[JsonObject | str], int]:
    """The endorsements, objects and compact JWTs, and how many were left out. Those of endorsements do not count."""
    given: list[Json] = []
    waiting: list[Json] = [credential]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            given += [entry for name in NAMES for entry in as_list(value.get(name))]
            waiting += [inner for name, inner in value.items() if name not in {*NAMES, "@context"}]
    fit: list[JsonObject | str] = [
        entry for entry in given if isinstance(entry, dict) or (isinstance(entry, str) and COMPACT_JWS.fullmatch(entry))
    ]
    return fit[:MOST_ENDORSEMENTS], len(given) - len(fit[:MOST_ENDORSEMENTS])
