"""Hostile input ends in a verdict with a reason, soon, and never in an exception."""

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
from tests.compliance.openbadges.samples import NOW, OURS, badge, self_issued, signed, status_lists

from becta.compliance.openbadges.baking import KEYWORD, PNG_SIGNATURE
from becta.compliance.openbadges.contexts import VCDM_2
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
CLIQUE = [
    {"id": f"_:b{n}", "type": ["Evidence"], KNOWS: [{"id": f"_:b{m}"} for m in range(12) if m != n]} for n in range(12)
]
INLINE = [{"@context": {"n": "https://example.org/n"}, "id": f"urn:x:{n}", "type": ["Evidence"]} for n in range(150)]
XML = b'<svg xmlns="http://www.w3.org/2000/svg">'

HOSTILE: dict[str, tuple[Any, str, str]] = {
    "nothing": (b"", "format", "not JSON"),
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
    "nodes that look alike": (with_evidence(CLIQUE), "proof", "look alike"),
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
    "another XML": (b"<html/>", "format", "not an SVG"),
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


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_noise_is_refused(noise: bytes | str) -> None:
    assert not verify(noise, at=NOW).valid


def test_threads_do_not_disturb_one_another() -> None:
    documents = [GOOD, changed(GOOD, ("name",), "Another"), self_issued(), json.dumps(GOOD)] * 10
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda document: verify(document, at=NOW, resolver=OURS).valid, documents))

    assert found == [True, False, True, True] * 10
