"""Hostile input ends in a verdict with a reason, soon, and never in an exception."""

import base64
import copy
import json
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.compliance.openbadges.samples import (
    DID,
    ISSUED,
    METHOD,
    NOW,
    OURS,
    REVOCATIONS,
    badge,
    self_issued,
    signed,
    status_lists,
)
from tests.support.shared import shared_data

from becta.compliance.openbadges import verifying
from becta.compliance.openbadges.baking import KEYWORD, PNG_SIGNATURE
from becta.compliance.openbadges.canonical import MOST_QUADS
from becta.compliance.openbadges.contexts import VCDM_2
from becta.compliance.openbadges.effort import MOST_STEPS, Effort
from becta.compliance.openbadges.status import build_list, status_entry, status_list_credential
from becta.compliance.openbadges.verifying import verify

GOOD = signed()
SOON = 5.0
"""Seconds of processor time, ten times what the worst of them takes, so that a slow machine passes."""
Badge = dict[str, Any]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes, width: int = 1) -> bytes:
    head = struct.pack(">IIBBBBB", width, width, 8, 6, 0, 0, 0)
    return PNG_SIGNATURE + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IEND", b"")


def with_evidence(evidence: Any) -> Badge:
    return {**GOOD, "evidence": evidence}


BOMB = zlib.compress(bytes(50_000_000))
KNOWS = "https://example.org/knows"
LABELLED = [{"id": f"_:b{n}", "type": ["Evidence"], KNOWS: [{"id": "_:b0"}]} for n in range(12)]
ALIKE = [{"type": ["Evidence"], KNOWS: [{"type": ["Evidence"]}] * 12}] * 2


def tree(wide: int, deep: int) -> Badge:
    """Nodes without id that are all alike, so that every order of them is tried."""
    return {"type": ["Evidence"], KNOWS: [tree(wide, deep - 1)] * wide} if deep else {"type": ["Evidence"]}


INLINE = [{"@context": {"n": "https://example.org/n"}, "id": f"urn:x:{n}", "type": ["Evidence"]} for n in range(150)]
FORGETFUL = [
    {"@context": [{f"n{n}": "https://example.org/n"}, *GOOD["@context"]], "type": ["Evidence"]} for n in range(30)
]
REPEATED = [{"id": "urn:x:1", "type": ["Evidence"], KNOWS: [str(n)] * 4} for n in range(60)]
XML = b'<svg xmlns="http://www.w3.org/2000/svg">'

HOSTILE: dict[str, tuple[Any, str, str]] = {
    "nothing": (b"", "format", "not JSON"),
    "web page": (b"<!DOCTYPE html><title>Badge</title>", "format", "web page"),
    "binary": (bytes(range(256)), "format", "neither UTF-8"),
    "NaN": ('{"id": NaN}', "format", "NaN"),
    "infinity": ('{"id": 1e999}', "format", "too large"),
    "a number of 10,000 digits": ('{"id": ' + "9" * 10_000 + "}", "format", "not JSON"),
    "a name twice": ('{"id": 1, "id": 2}', "format", "twice"),
    "half a surrogate pair": ('{"id": "\\ud800"}', "format", "surrogate"),
    "an array": ("[1]", "format", "not JSON, a compact"),
    "deep JSON": ('{"a":' * 100_000 + "1" + "}" * 100_000, "format", "deep"),
    "deep arrays": ('{"a":' + "[" * 900 + "]" * 900 + "}", "format", "levels"),
    "a huge text": (b'{"id": "' + b"x" * 2_000_000 + b'"}', "format", "longer"),
    "a huge file": (bytes(9_000_000), "format", "larger"),
    "10,000 contexts": (badge(**{"@context": [VCDM_2] * 10_000}), "format", "more than"),
    "a mapping that is no JSON": ({"id": object()}, "format", "not JSON"),
    "many values in arrays of arrays": (with_evidence([[{"id": "urn:x"}] * 50] * 50), "format", "more than"),
    "contexts everywhere": (with_evidence(INLINE), "proof", "contexts more than"),
    "nodes that look alike": (with_evidence(ALIKE), "proof", "look alike"),
    "nodes with labels": (with_evidence(LABELLED), "proof", "no absolute IRI"),
    "trees that look alike": (with_evidence([tree(3, 5)]), "proof", "more than 10000 steps"),
    "contexts that forget one another": (with_evidence(FORGETFUL), "proof", "more than 10000 steps"),
    "many values of one thing": (with_evidence(REPEATED), "proof", "more than 200 values"),
    "a poisoned context": (
        {**GOOD, "@context": [*GOOD["@context"], {f"a{n}": f"a{n + 1}:x" for n in range(900)}]}, "proof", "recursion",
    ),
    "a PNG of 60,000 pixels squared without credential": (png(chunk(b"IDAT", BOMB), width=60_000), "format", "no cred"),
    "a PNG with a bomb for a credential": (
        png(chunk(b"iTXt", KEYWORD + b"\0\1\0\0\0" + BOMB)), "format", "too large",
    ),
    "a PNG with two credentials": (png(chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0{}") * 2), "format", "2 credentials"),
    "a PNG cut short": (png()[:-6], "format", "ends"),
    "a PNG with a wrong checksum": (png()[:-1] + b"\0", "format", "checksum"),
    "an SVG without credential": (XML + b"</svg>", "format", "no cred"),
    "an SVG with entities": (b'<!DOCTYPE svg [<!ENTITY a "aa">]>' + XML + b"&a;</svg>", "format", "entities"),
    "an SVG that reads a file": (
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + XML + b"&a;</svg>", "format", "entities",
    ),
    "an SVG in a hiding encoding": (b'<?xml version="1.0" encoding="utf-7"?>' + XML + b"</svg>", "format", "UTF-8"),
    "a deep SVG": (XML + b"<a>" * 100_000, "format", "well-formed"),
    "another XML": (b"<feed/>", "format", "not an SVG"),
    "a JWT of nothing": ("..", "format", "not JSON"),
    "a JWT that is not base64": ("a.b.c", "format", "base64url"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_input_is_refused_with_a_reason(case: str) -> None:
    document, check, words = HOSTILE[case]
    began = time.process_time()
    verdict = verify(document, at=NOW, resolver=OURS, statuses=status_lists())

    assert time.process_time() - began < SOON
    assert not verdict.valid
    assert words in " ".join(problem.message for problem in verdict.problems if problem.check == check)


def steps_of(document: Any, monkeypatch: pytest.MonkeyPatch, **how: Any) -> int:
    """Steps of all that one verification does."""
    made: list[Effort] = []

    class Watched(Effort):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(verifying, "Effort", Watched)
    verify(document, at=NOW, resolver=OURS, **how)
    (effort,) = made
    return effort.spent


def endorsed(evidence: Any) -> Badge:
    """A badge and ten endorsements, each with five proofs of which none holds, and each with this evidence."""
    proofs = [{**GOOD["proof"], "created": f"2026-11-01T09:00:0{n}Z"} for n in range(1, 6)]
    kind = ["VerifiableCredential", "EndorsementCredential"]
    inner = [badge(type=kind, id=f"urn:x:{n}", evidence=evidence, proof=proofs) for n in range(10)]
    return badge(endorsement=inner, evidence=evidence, proof=proofs)


def test_a_hostile_form_is_made_canonical_once_and_not_for_each_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    one = steps_of(GOOD | {"evidence": ALIKE}, monkeypatch)
    five = steps_of(GOOD | {"evidence": ALIKE, "proof": [GOOD["proof"]] * 5}, monkeypatch)

    assert five == one


@pytest.mark.parametrize("evidence", [[tree(3, 3)], [tree(2, 4)], FORGETFUL[:5]])
def test_endorsements_share_the_steps_of_their_badge(evidence: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    most = MOST_STEPS + MOST_QUADS  # the last document may ask for more than was left

    assert steps_of(endorsed(evidence), monkeypatch) < most


def test_status_lists_share_the_steps_of_their_badge(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [status_entry(f"https://example.org/{n}", "revocation", n) for n in range(10)]
    hostile = json.dumps(status_list_credential("urn:x:1", DID, "revocation", build_list([]), valid_from=ISSUED) | {
        KNOWS: [tree(3, 5)], "proof": [GOOD["proof"]] * 5,
    }).encode()  # fmt: skip

    alone = steps_of(self_issued(credentialStatus=entries), monkeypatch)
    together = steps_of(self_issued(credentialStatus=entries), monkeypatch, statuses=lambda _: hostile)

    assert alone < together < MOST_STEPS + MOST_QUADS


def test_our_badge_takes_few_steps_and_1edtechs_largest_a_fifth_of_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    largest = shared_data("interop/openbadges/ob30/complete.json").read_bytes()

    assert steps_of(GOOD, monkeypatch) < MOST_STEPS / 10
    assert steps_of(largest, monkeypatch) < MOST_STEPS / 5


def test_a_name_that_stands_twice_among_many_is_found_in_one_pass() -> None:
    many = 50_000
    text = "{" + ",".join(f'"{n:x}":1' for n in range(many)) + f',"{many - 1:x}":1}}'
    began = time.process_time()

    assert "twice" in verify(text, at=NOW).problems[0].message
    assert time.process_time() - began < SOON


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return ([path] if path else []) + [place for name, entry in inner for place in places(entry, (*path, name))]


def changed(document: Badge, path: tuple[Any, ...], value: Any) -> Badge:
    document = copy.deepcopy(document)
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return document


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


STRINGS = [path for path in places(GOOD) if isinstance(at(GOOD, path), str)]
LISTS = status_lists()


def test_the_property_below_covers_every_text_of_a_badge() -> None:
    assert len(STRINGS) == 42


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(STRINGS), st.text(max_size=12), st.booleans())
@example(("proof", "proofValue"), " ", True)
def test_any_changed_text_in_a_badge_breaks_it(path: tuple[Any, ...], text: str, appended: bool) -> None:
    old = at(GOOD, path)
    new = old + (text or "x") if appended else text
    if new == old:
        return

    assert not verify(changed(GOOD, path, new), at=NOW, resolver=OURS, statuses=LISTS).valid


ODD = [None, True, 0, -1, 1.5, [], {}, [[]], [None], {"@value": 1}, {"@id": "x"}, "_:b", "@id", 10**30, ["x", {}]]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(places(GOOD)), st.sampled_from(ODD))
def test_a_value_of_any_other_kind_anywhere_breaks_a_badge_without_an_exception(path: Any, odd: Any) -> None:
    assert not verify(changed(GOOD, path, odd), at=NOW, resolver=OURS, statuses=LISTS).valid


NAMES = sorted(
    {step for path in places(GOOD) for step in path if isinstance(step, str)}
    | {"@id", "@type", "@value", "@list", "@context", "@language", "endorsement", "endorsementJwt", "vc", "exp", "nbf"}
)
SINGLE = st.sampled_from([*ODD, *NAMES, DID, VCDM_2, GOOD["id"]]) | st.integers() | st.floats() | st.text(max_size=6)
ANYTHING = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
LIST: Badge = json.loads(LISTS(REVOCATIONS) or b"")


def mutated(document: Badge, changes: list[tuple[int, str, Any]]) -> Badge:
    """The document with a few places changed, taken out or added to."""
    for number, name, value in changes:
        document = copy.deepcopy(document)
        spots = places(document)
        path = spots[number % len(spots)]
        holder = at(document, path[:-1])
        target = holder[path[-1]]
        if isinstance(target, dict) and number % 3:
            target[name] = value
        elif number % 2:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value
    return document


CHANGES = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(NAMES), ANYTHING), min_size=1, max_size=4)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES)
def test_no_mutated_badge_or_status_list_escapes_as_an_exception(changes: Any) -> None:
    with_endorsement = {**GOOD, "endorsement": [self_issued()]}
    listed = mutated(LIST, changes)
    for document in (mutated(GOOD, changes), mutated(with_endorsement, changes)):
        verify(document, at=NOW, resolver=OURS, statuses=LISTS)
        verify(token_of(document), at=NOW, resolver=OURS, statuses=LISTS)
    verify(GOOD, at=NOW, resolver=OURS, statuses=lambda _: json.dumps(listed).encode())


def token_of(claims: Any) -> str:
    """A JWT of whatever it is."""
    parts = (json.dumps(part).encode() for part in ({"alg": "EdDSA", "kid": METHOD}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, bytes(64)))


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_noise_is_refused(noise: bytes | str) -> None:
    assert not verify(noise, at=NOW).valid


def test_threads_do_not_disturb_one_another() -> None:
    documents = [GOOD, changed(GOOD, ("name",), "Another"), self_issued(), json.dumps(GOOD)] * 10
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda document: verify(document, at=NOW, resolver=OURS).valid, documents))

    assert found == [True, False, True, True] * 10
