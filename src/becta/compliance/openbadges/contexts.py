"""The JSON-LD contexts we carry, and which of them a credential must name. Nothing is ever fetched."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from becta.compliance.openbadges.reading import Json, JsonObject
from becta.compliance.openbadges.verdicts import shown

BUILT = Path(__file__).resolve().parent / "built" / "contexts.json"
NOT_BUILT = "The contexts of badges have not been built: run `python -m becta.market.web.assets`."

VCDM_2 = "https://www.w3.org/ns/credentials/v2"
VCDM_1 = "https://www.w3.org/2018/credentials/v1"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
"""The newest context of Open Badges 3.0, which we issue with."""
OPEN_BADGES_CONTEXTS = (
    OPEN_BADGES,
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
)
MOST_CONTEXTS = 10
"""Contexts in one `@context`."""


class ContextMissing(Exception):
    """A context is named that we do not carry."""

    def __init__(self, url: str) -> None:
        super().__init__(f"the context {shown(url)} is not one of those we carry, and contexts are never fetched")


@cache
def bundled_contexts() -> Mapping[str, JsonObject]:
    """Every context we carry, by its URL; raises FileNotFoundError with advice if they were not built."""
    try:
        found: dict[str, JsonObject] = json.loads(BUILT.read_text(encoding="utf-8"))["contexts"]
    except FileNotFoundError as error:
        raise FileNotFoundError(NOT_BUILT) from error
    return found


def is_version_2(credential: JsonObject) -> bool:
    """Whether the credential follows version 2.0 of the W3C data model, by its first context."""
    contexts = credential.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    return first == VCDM_2 or (first != VCDM_1 and "issuanceDate" not in credential)


def context_faults(credential: JsonObject, *, badge: bool) -> list[str]:
    """What is wrong with `@context`: order (VCDM 2.0 section 4.3; Open Badges 3.0), unknown contexts, their number.

    With `badge`, a context of Open Badges must come second, as for everything but a status list.
    """
    given = credential.get("@context")
    if given is None:
        return ["the @context is missing"]
    contexts: list[Json] = given if isinstance(given, list) else [given]
    if len(contexts) > MOST_CONTEXTS:
        return [f"the @context has more than {MOST_CONTEXTS} entries"]
    faults = []
    first = contexts[0] if contexts else None
    if first not in {VCDM_1, VCDM_2} if isinstance(first, str) else True:
        faults.append(f"the first context must be {VCDM_2} (or {VCDM_1}), not {shown(first)}")
    if badge and not any(context in OPEN_BADGES_CONTEXTS for context in contexts if isinstance(context, str)):
        faults.append(f"the context of Open Badges 3.0 is missing: {OPEN_BADGES}")
    elif badge and (len(contexts) < 2 or contexts[1] not in OPEN_BADGES_CONTEXTS):
        faults.append("the context of Open Badges 3.0 must be the second one")
    for context in contexts:
        if isinstance(context, str):
            if context not in bundled_contexts():
                faults.append(str(ContextMissing(context)))
        elif not isinstance(context, dict):
            faults.append("an entry of the @context is neither a URL nor an object")
    return faults
