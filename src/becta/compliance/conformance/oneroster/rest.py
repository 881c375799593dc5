"""The runners `oneroster-rest-1.1` and `oneroster-rest-1.2`: a provider's REST service, read and never written."""

from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import quote

from becta.compliance.conformance.fetching import Unreachable, Web
from becta.compliance.conformance.oneroster.rest_checks import checks_for
from becta.compliance.conformance.oneroster.rest_collections import COLLECTIONS, Seen, read_collection, read_one
from becta.compliance.conformance.oneroster.rest_objects import Reference
from becta.compliance.conformance.oneroster.rest_provider import Provider, unreachable
from becta.compliance.conformance.oneroster.rest_queries import ask_in_every_way
from becta.compliance.conformance.oneroster.rest_schemas import Version
from becta.compliance.conformance.reports import Recorder
from becta.compliance.conformance.runner import EndpointRunner

MOST_UNREACHABLE = 3
"""After this many collections that do not answer the run ends."""
MOST_LOOKED_UP = 5
"""References of a kind that are looked up because what they point at was not among what was read."""

PATHS = {
    "academicSession": "academicSessions",
    "class": "classes",
    "course": "courses",
    "org": "orgs",
    "user": "users",
}
"""Where an object of a kind is read by its sourcedId."""

SETTINGS = {
    "base_url": "where the collections are, up to /ims/oneroster/rostering/v1p2 (1.2) or /ims/oneroster/v1p1 (1.1)",
    "token_url": "the OAuth 2 token endpoint",
    "client_id": "the client's name",
    "client_secret": "the client's secret, for this run only",
    "scope": "scopes to ask for, separated by spaces",
    "sample": "how many objects to ask for at a time: 1 to 100, 20 unless given",
}


def look(version: Version, given: Mapping[str, str], web: Web, recorder: Recorder) -> None:
    """Look at a whole provider; raises Refused where a limit is broken or a setting is unusable."""
    provider = Provider(version, given, web, recorder)
    try:
        if not provider.sign_in():
            return
    except Unreachable as problem:
        unreachable(recorder, provider.token_place, problem)
        return
    try:
        provider.check_locked("orgs")
    except Unreachable as problem:
        unreachable(recorder, provider.place("orgs"), problem)
        return
    seen: dict[str, set[str]] = {kind: set() for kind in PATHS}
    references: list[Reference] = []
    failed = 0
    for collection in COLLECTIONS:
        found = Seen()
        try:
            found = read_collection(provider, collection)
            if found.objects:
                read_one(provider, collection, found.objects)
                ask_in_every_way(provider, collection, found.objects)
        except Unreachable as problem:
            unreachable(recorder, provider.place(collection.path), problem)
            failed += 1
            if failed == MOST_UNREACHABLE:
                return
        recorder.facts[collection.path] = len(found.objects)
        references += found.references
        known = {str(item.get("sourcedId")) for item in found.objects}
        seen.setdefault(collection.kind, set()).update(known)
    _check_references(provider, references, seen)


def _check_references(provider: Provider, references: Sequence[Reference], seen: Mapping[str, set[str]]) -> None:
    """Look up a few of what is referred to and was not read; raises Refused."""
    recorder = provider.recorder
    missing: dict[tuple[str, str], Reference] = {}
    for reference in references:
        if reference.sourced_id not in seen[reference.kind]:
            missing.setdefault((reference.kind, reference.sourced_id), reference)
    recorder.facts["references"] = len(references)
    for kind, path in PATHS.items():
        asked = [reference for (of, _), reference in missing.items() if of == kind]
        for reference in asked[:MOST_LOOKED_UP]:
            try:
                answer = provider.get(f"{path}/{quote(reference.sourced_id, safe='')}")
            except Unreachable as problem:
                unreachable(recorder, provider.place(path), problem)
                return
            if answer.status == 404:
                message = f"the {kind} it refers to is not found"
                mend = "refer to what the provider also serves"
                recorder.find("reference", message, mend=mend, file=reference.file, field=reference.field)


def _runner(version: Version) -> EndpointRunner:
    return EndpointRunner(
        code=f"oneroster-rest-{version}",
        version="1",
        title=f"OneRoster {version} REST service",
        standard="oneroster",
        standard_version=str(version),
        role="Provider",
        settings=SETTINGS,
        secret=frozenset({"client_secret"}),
        optional=frozenset({"scope", "sample"}),
        checks=checks_for(version),
        look=partial(look, version),
    )


RUNNERS = tuple(_runner(version) for version in Version)
"""The runners of this module, oldest version first."""
