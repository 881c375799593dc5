"""Sealed bids by themselves: any two officers open one, nobody alone, and no byte of it can be changed unnoticed."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from becta.kernel.errors import Invalid
from becta.market.bids.codes import check_is_of, code_of, handed_over, key_of, new_key, taken_over
from becta.market.bids.sealing import (
    LARGE,
    SMALLEST,
    Occasion,
    SealedBid,
    Unopened,
    commitment_to,
    open_sealed,
    padded_size,
    seal,
)

KEYS = [PrivateKey(bytes([number]) * 32) for number in range(1, 6)]
OCCASION = Occasion(
    procurement_id=UUID(int=1),
    bid_id=UUID(int=2),
    supplier_id=UUID(int=3),
    received_at=datetime(2026, 11, 25, 11, 59, 59, 123456, tzinfo=UTC),
)
CONTENT = b'{"lots":[{"lot":1,"tiers":[{"from_quantity":1,"unit_price_pence":19900}]}]}'


def sealed(content: bytes = CONTENT, officers: int = 3) -> SealedBid:
    return seal(content, OCCASION, [bytes(key.public_key) for key in KEYS[:officers]])


@given(content=st.binary(max_size=20_000), officers=st.integers(2, 4))
def test_any_two_officers_open_what_was_sealed(content: bytes, officers: int) -> None:
    bid = sealed(content, officers)

    for one, other in combinations(KEYS[:officers], 2):
        opened = open_sealed(bid.data, OCCASION, other, one)
        assert (opened.content, opened.commitment) == (content, bid.commitment)


@pytest.mark.parametrize("officers", [2, 3, 4])
def test_one_officer_alone_opens_nothing_nor_with_a_stranger(officers: int) -> None:
    bid = sealed(officers=officers)

    for key in KEYS[:officers]:
        for stranger in (key, KEYS[4], new_key()):
            with pytest.raises(Unopened, match="was not sealed to these two officers"):
                open_sealed(bid.data, OCCASION, key, stranger)


@pytest.mark.parametrize("officers", [0, 1, 5])
def test_two_to_four_officers_open(officers: int) -> None:
    with pytest.raises(ValueError, match="2 to 4 officers"):
        seal(CONTENT, OCCASION, [bytes([number]) * 32 for number in range(officers)])


def test_an_officer_counts_once() -> None:
    with pytest.raises(ValueError, match="each with a key of their own"):
        seal(CONTENT, OCCASION, [bytes(KEYS[0].public_key)] * 2)


def test_every_flipped_byte_is_noticed_wherever_it_is() -> None:
    bid = sealed()
    header = bid.data.index(bytes(KEYS[2].public_key)) + 1_500  # well past the last key and half
    places = [*range(header), *range(header, len(bid.data), 61), *range(len(bid.data) - 40, len(bid.data))]
    assert len(bid.data) > header > 0

    for place in places:
        changed = bytearray(bid.data)
        changed[place] ^= 1
        with pytest.raises(Unopened):
            open_sealed(bytes(changed), OCCASION, KEYS[0], KEYS[1])


@given(st.data())
def test_any_change_or_cut_anywhere_is_noticed(data: st.DataObject) -> None:
    bid = sealed(data.draw(st.binary(max_size=9_000)), 2)
    place = data.draw(st.integers(0, len(bid.data) - 1))
    flips = data.draw(st.integers(1, 255))
    changed = bid.data[:place] + bytes([bid.data[place] ^ flips]) + bid.data[place + 1 :]

    for broken in (changed, bid.data[:place], bid.data + b"\0", bid.data[:place] + bid.data[place + 1 :]):
        with pytest.raises(Unopened):
            open_sealed(broken, OCCASION, KEYS[0], KEYS[1])


@given(st.binary(max_size=300))
def test_what_is_no_sealed_bid_is_refused(data: bytes) -> None:
    for given_data in (data, b"BECTA-BID-1\n" + data, b"BECTA-BID-1\n" + len(data).to_bytes(4) + data):
        with pytest.raises(Unopened):
            open_sealed(given_data, OCCASION, KEYS[0], KEYS[1])


@pytest.mark.parametrize(
    "change",
    [
        {"procurement_id": UUID(int=9)},
        {"bid_id": UUID(int=9)},
        {"supplier_id": UUID(int=9)},
        {"received_at": OCCASION.received_at + timedelta(microseconds=1)},
    ],
)
def test_a_bid_cannot_be_moved_swapped_given_to_another_or_re_dated(change: dict[str, object]) -> None:
    with pytest.raises(Unopened, match="is not the bid it is said to be"):
        open_sealed(sealed().data, msgspec.structs.replace(OCCASION, **change), KEYS[0], KEYS[1])


def test_the_same_instant_in_another_time_zone_is_the_same_bid() -> None:
    elsewhere = OCCASION.received_at.astimezone(timezone(timedelta(hours=5)))

    opened = open_sealed(sealed().data, msgspec.structs.replace(OCCASION, received_at=elsewhere), KEYS[0], KEYS[1])

    assert opened.content == CONTENT


def test_halves_of_two_bids_do_not_mix() -> None:
    one, other = sealed(), sealed()
    start = len(one.data) - SMALLEST - 24 - 16

    with pytest.raises(Unopened):
        open_sealed(one.data[:start] + other.data[start:], OCCASION, KEYS[0], KEYS[1])


def test_the_same_content_sealed_twice_shares_nothing_that_shows_it() -> None:
    one, other = sealed(), sealed()

    assert one.commitment != other.commitment
    assert one.sha256 != other.sha256
    assert len(one.data) == len(other.data)
    assert CONTENT not in one.data


@given(length=st.integers(0, 20_000_000))
def test_padding_tells_only_the_size_class(length: int) -> None:
    padded = padded_size(length)

    assert padded >= length
    assert padded == padded_size(padded)
    assert padded >= SMALLEST
    assert padded < 2 * max(length, SMALLEST)
    assert padded & (padded - 1) == 0 if padded <= LARGE else padded % LARGE == 0


def test_a_commitment_needs_its_salt() -> None:
    opened = open_sealed(sealed().data, OCCASION, KEYS[0], KEYS[1])

    assert commitment_to(opened.content, opened.salt) == opened.commitment
    assert commitment_to(opened.content, bytes(32)) != opened.commitment


@given(st.binary(min_size=32, max_size=32))
def test_a_code_is_read_however_it_is_written(secret: bytes) -> None:
    code = code_of(PrivateKey(secret))

    assert [len(group) for group in code.split("-")] == [4] * 14
    for written in (code, code.lower(), code.replace("-", " "), code.replace("-", "").replace("0", "o"), f" {code}\n"):
        assert bytes(key_of(written)) == secret


@given(secret=st.binary(min_size=32, max_size=32), place=st.integers(0, 55), other=st.sampled_from("0189ABCXYZU*é"))
def test_a_mistyped_code_is_told_from_a_right_one_and_never_repeated(secret: bytes, place: int, other: str) -> None:
    code = code_of(PrivateKey(secret)).replace("-", "")
    typed = code[:place] + other + code[place + 1 :]
    if typed == code:
        return

    with pytest.raises(Invalid) as refused:
        key_of(typed)

    [fault] = refused.value.faults
    assert (fault.field, fault.value) == ("code", None)
    assert fault.problem == "is not an opening code: something was mistyped"


@pytest.mark.parametrize("text", ["", "A", "-", "A" * 55, "A" * 57, "A" * 10_000, "=" * 56, "\0"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not an opening code"):
        key_of(text)


def test_another_officers_code_is_not_yours() -> None:
    check_is_of(KEYS[0], bytes(KEYS[0].public_key))

    with pytest.raises(Invalid, match="not yours for this procurement"):
        check_is_of(KEYS[1], bytes(KEYS[0].public_key))


def test_what_the_first_officer_hands_over_only_the_others_take() -> None:
    first, second, third = KEYS[:3]
    handed = handed_over(first, {"second": bytes(second.public_key), "third": bytes(third.public_key)})

    for name, key in (("second", second), ("third", third)):
        taken = taken_over(handed[name], key, bytes(first.public_key))
        assert taken is not None
        assert bytes(taken) == bytes(first)
    assert taken_over(handed["second"], third, bytes(first.public_key)) is None
    assert taken_over(handed["second"], second, bytes(third.public_key)) is None
    assert taken_over(handed["second"][:-1], second, bytes(first.public_key)) is None
