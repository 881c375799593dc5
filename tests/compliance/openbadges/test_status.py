"""A status list holds a bit for each badge, as Bitstring Status List 1.0 lays it out."""

import base64
import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compliance.openbadges.samples import ISSUED

from becta.compliance.openbadges.status import (
    FEWEST_ENTRIES,
    MOST_BYTES,
    BadStatusList,
    build_list,
    decode_list,
    encode_list,
    is_marked,
    status_entry,
    status_list_credential,
)


def encoded(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@given(st.sets(st.integers(0, FEWEST_ENTRIES - 1), max_size=20), st.integers(0, FEWEST_ENTRIES - 1))
def test_exactly_the_marked_entries_are_marked_after_encoding_and_decoding(marked: set[int], asked: int) -> None:
    bits = decode_list(encode_list(build_list(marked)))

    assert len(bits) * 8 == FEWEST_ENTRIES
    assert all(is_marked(bits, index) for index in marked)
    assert is_marked(bits, asked) is (asked in marked)


def test_the_first_entry_is_the_leftmost_bit() -> None:
    assert build_list([0])[0] == 0b1000_0000
    assert build_list([7])[0] == 0b0000_0001
    assert build_list([8])[:2] == b"\x00\x80"


def test_the_same_bits_give_the_same_text() -> None:
    assert encode_list(build_list([5])) == encode_list(build_list([5]))
    assert encode_list(build_list([])).startswith("uH4sI")


def test_the_list_of_the_specifications_example_is_read() -> None:
    # Bitstring Status List 1.0, example of a status list credential: no entry is set
    text = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"

    assert decode_list(text) == bytes(16_384)
    assert decode_list(text.removeprefix("u")) == bytes(16_384)


@pytest.mark.parametrize("index", [-1, FEWEST_ENTRIES])
def test_an_entry_outside_the_list_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        build_list([index])
    with pytest.raises(BadStatusList, match="outside"):
        is_marked(build_list([]), index)


@pytest.mark.parametrize("entries", [0, FEWEST_ENTRIES - 8, FEWEST_ENTRIES + 1])
def test_a_list_too_short_to_hide_in_is_not_built(entries: int) -> None:
    with pytest.raises(ValueError, match="at least 131072"):
        build_list([], entries=entries)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ends too early"),
        ("u!!", "not compressed"),
        (encoded(b"not gzip"), "not compressed"),
        (encoded(gzip.compress(bytes(16_384))[:-9]), "ends too early"),
        (encoded(gzip.compress(bytes(100))), "fewer than"),
        (encoded(gzip.compress(bytes(MOST_BYTES + 1))), "larger than"),
        (encoded(gzip.compress(bytes(100_000_000), 1)), "larger than"),
    ],
    ids=["empty", "no base64", "no gzip", "cut off", "too short", "too long", "a bomb"],
)
def test_a_list_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadStatusList, match=words):
        decode_list(text)


def test_the_credential_and_the_entry_point_at_each_other() -> None:
    url = "https://example.org/status/1"
    credential: Any = status_list_credential(
        url, "did:web:example.org", "revocation", build_list([3]), valid_from=ISSUED
    )

    assert status_entry(url, "revocation", 3) == {
        "id": f"{url}#3",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "3",
        "statusListCredential": credential["id"],
    }
    assert credential["credentialSubject"]["statusPurpose"] == "revocation"
    assert credential["credentialSubject"]["id"] == f"{url}#list"
    assert is_marked(decode_list(credential["credentialSubject"]["encodedList"]), 3)
    with pytest.raises(ValueError, match="purpose"):
        status_entry(url, "gossip", 3)
