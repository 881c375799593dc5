"""Cursors continue the list they were made for, and nothing else is ever taken for one."""

from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from becta.kernel.errors import Fault, Invalid
from becta.kernel.paging import MEND, VERSION, decode_cursor, encode_cursor, fingerprint

LIST = fingerprint("products", "newest")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
positions = st.tuples(texts, st.integers(-(2**63), 2**63 - 1))


def raw(value: Any) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def refusal_or_position(cursor: str) -> UUID | Invalid:
    try:
        return decode_cursor(cursor, LIST, UUID)
    except Invalid as refusal:
        return refusal


@given(positions)
@example(("\\u0000", 0))
def test_a_cursor_gives_its_position_back(position: tuple[str, int]) -> None:
    assert decode_cursor(encode_cursor(LIST, position), LIST, tuple[str, int]) == position


def test_a_cursor_goes_into_an_address_as_it_is() -> None:
    cursor = encode_cursor(LIST, ("~" * 40 + "ÿ?>", 1))

    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = encode_cursor(fingerprint("products", "cheapest"), ("a", 1))

    with pytest.raises(Invalid) as refused:
        decode_cursor(cursor, LIST, tuple[str, int])

    assert refused.value.faults == (Fault(field="cursor", problem="belongs to another list", mend=MEND, value=cursor),)


def test_lists_that_differ_in_one_filter_have_different_fingerprints() -> None:
    assert fingerprint("products", ("a", "b")) != fingerprint("products", ("a", "c"))
    assert fingerprint("products", "1") != fingerprint("products", 1)
    assert fingerprint("products", "1") == fingerprint("products", "1")


def test_a_cursor_of_another_version_is_refused() -> None:
    with pytest.raises(Invalid, match="belongs to another list"):
        decode_cursor(raw((VERSION + 1, LIST, ("a", 1))), LIST, tuple[str, int])


@pytest.mark.parametrize(
    ("_case", "cursor"),
    [
        ("empty", ""),
        ("not base64", "!!!"),
        ("one character", "a"),
        ("not ASCII", "é"),
        ("a lone surrogate", "\ud800"),
        ("base64 of no JSON", "bm90IGpzb24"),
        ("JSON of another shape", raw({"a": 1})),
        ("too few parts", raw((VERSION, LIST))),
        ("a position of another type", raw((VERSION, LIST, ["a", "b"]))),
        ("a position nested without end", urlsafe_b64encode(b"[" * 100_000).decode()),
        ("text holding NUL", encode_cursor(LIST, ("a\0b", 1))),
    ],
)
def test_what_is_no_cursor_is_refused(_case: str, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_cursor(cursor, LIST, tuple[str, int])

    assert refused.value.faults == (Fault(field="cursor", problem="is not a cursor of ours", mend=MEND, value=cursor),)


@given(st.one_of(st.text(), st.binary().map(lambda b: urlsafe_b64encode(b).decode())), st.sampled_from([UUID, int]))
def test_garbage_is_refused_and_never_fails_otherwise(cursor: str, position_type: type) -> None:
    with pytest.raises(Invalid):
        decode_cursor(cursor, LIST, position_type)


@given(st.data())
def test_a_cursor_tampered_with_is_refused_or_still_holds_a_position(data: st.DataObject) -> None:
    cursor = encode_cursor(LIST, uuid4())
    at = data.draw(st.integers(0, len(cursor) - 1))
    tampered = cursor[:at] + data.draw(st.characters()) + cursor[at + 1 :]

    assert isinstance(refusal_or_position(tampered), UUID | Invalid)


@given(st.text(min_size=1, max_size=20).filter(lambda bound: bound != LIST))
def test_a_cursor_bound_to_anything_else_is_refused(bound: str) -> None:
    with pytest.raises(Invalid):
        decode_cursor(raw((VERSION, bound.encode("utf-8", "replace").decode(), 1)), LIST, int)
