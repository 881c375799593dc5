"""Whoever holds a badge cannot write it so that its proof holds while its end, status or names seem other."""

import json
from typing import Any

import pytest
from tests.compliance.openbadges.samples import NOW, OURS, signed, status_lists

from becta.compliance.openbadges.verifying import verify

W3C = "https://www.w3.org/2018/credentials#"
DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
Badge = dict[str, Any]


def problems(credential: Badge) -> list[tuple[str, str]]:
    verdict = verify(json.dumps(credential), at=NOW, resolver=OURS, statuses=status_lists(revoked=True))
    return [(problem.check, problem.message) for problem in verdict.problems]


def without(credential: Badge, *names: str) -> Badge:
    return {name: value for name, value in credential.items() if name not in names}


def included() -> Badge:
    """The end of validity beside the credential instead of in it."""
    credential = signed()
    return without(credential, "validUntil") | {
        "@included": [{"id": credential["id"], "validUntil": "2027-11-01T00:00:00Z"}]
    }


def spelt_out() -> Badge:
    """The end of validity under its whole IRI."""
    end = {"@value": "2027-11-01T00:00:00Z", "@type": DATE_TIME}
    return without(signed(), "validUntil") | {f"{W3C}validUntil": end}


def renamed(name: str) -> Badge:
    """A name of ours under an alias that the holder's own context defines."""
    credential = signed()
    kind = {"@type": DATE_TIME} if name.startswith("valid") else {"@type": "@id"}
    alias = {"alias": {"@id": f"{W3C}{name}", **kind}}
    changed = without(credential, name) | {"alias": credential[name]}
    return changed | {"@context": [*credential["@context"], alias]}


def swapped() -> Badge:
    """A context that lets a name of ours mean nothing, so that anything can stand under it."""
    credential = signed()
    return credential | {"@context": [*credential["@context"], {"name": None}]}


@pytest.mark.parametrize(
    ("_case", "credential", "check", "words"),
    [
        ("@included", included(), "context", "@included"),
        ("a whole IRI", spelt_out(), "proof", "validUntil that is written so that"),
        ("an alias of the end", renamed("validUntil"), "proof", "validUntil that is written so that"),
        ("an alias of the status", renamed("credentialStatus"), "proof", "credentialStatus that is written so that"),
        ("a name made to mean nothing", swapped(), "context", "defines name anew"),
        ("@graph", signed() | {"@graph": []}, "context", "@graph"),
        ("@reverse", signed() | {"@reverse": {"evidence": []}}, "context", "@reverse"),
    ],
)
def test_a_way_of_hiding_is_found(_case: str, credential: Badge, check: str, words: str) -> None:
    assert [found for found, message in problems(credential) if found == check and words in message] == [check]


@pytest.mark.parametrize("credential", [spelt_out(), renamed("validUntil"), renamed("credentialStatus")])
def test_these_ways_of_hiding_would_have_kept_the_signature(credential: Badge) -> None:
    assert not any("does not hold" in message for _, message in problems(credential))
