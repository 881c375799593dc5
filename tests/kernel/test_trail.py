"""The tree of hashes, against an independent library and against RFC 6962's own example."""

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from becta.kernel.trail import (
    EMPTY,
    LEVELS,
    TILE,
    Entry,
    Growing,
    Hashes,
    canonical,
    commitment,
    consistency_path,
    fold,
    inclusion_path,
    leaf_hash,
    node_hash,
    plain,
    root_of,
)
from becta.market.audit.check_audit import root_by_inclusion, roots_by_consistency

MANY = 1_400
"""Enough for several tiles and a part of one."""

ENTRY = Entry(
    position=7,
    at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    actor_kind="token",
    actor_id="t",
    person_id=None,
    actor_label="Larch's shop",
    acting_for=UUID(int=1),
    action="thing.made",
    object_type="thing",
    object_id=UUID(int=2),
    before=None,
    after={"z": 1, "a": ["é", None, True]},
    reason="because",
    commitments=None,
)


def data(number: int) -> bytes:
    return f"event {number}".encode()


LEAVES = [leaf_hash(data(number)) for number in range(MANY)]


def hashes_over(leaves: list[bytes]) -> Hashes:
    """Leaves and complete tiles, as the database would hold them."""
    levels = [leaves]
    for _ in range(LEVELS):
        below = levels[-1]
        levels.append([fold(below[at : at + TILE]) for at in range(0, len(below) // TILE * TILE, TILE)])

    def hashes(level: int, start: int, stop: int) -> list[bytes]:
        found = levels[level][start:stop]
        assert len(found) == stop - start
        return found

    return hashes


HASHES = hashes_over(LEAVES)


@pytest.fixture(scope="module")
def peer() -> InmemoryTree:
    """The independent library's tree over the same events."""
    tree = InmemoryTree(algorithm="sha256")
    for number in range(MANY):
        tree.append_entry(data(number))
    return tree


def peer_root(peer: InmemoryTree, size: int) -> bytes:
    root: bytes = peer.get_root(size)
    return root


def test_the_root_of_every_size_is_the_independent_librarys(peer: InmemoryTree) -> None:
    growing = Growing()
    for size in range(1, MANY + 1):
        growing.add(LEAVES[size - 1])
        assert root_of(HASHES, size) == peer_root(peer, size) == growing.root(), size


def test_a_tree_without_leaves_has_the_root_the_rfc_says() -> None:
    assert root_of(HASHES, 0) == Growing().root() == EMPTY == sha256(b"").digest()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_leaf_is_proved_to_be_in_every_tree_that_holds_it(peer: InmemoryTree, drawn: st.DataObject) -> None:
    size = drawn.draw(st.integers(1, MANY))
    index = drawn.draw(st.integers(0, size - 1))

    path = inclusion_path(HASHES, index, size)

    told: dict[str, Any] = peer.prove_inclusion(index + 1, size).serialize()
    assert [one.hex() for one in path] == told["path"][1:]  # the library's begins with the leaf itself
    assert root_by_inclusion(LEAVES[index], index, size, path) == peer_root(peer, size)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_tree_is_proved_to_have_grown_from_every_smaller_one(peer: InmemoryTree, drawn: st.DataObject) -> None:
    second = drawn.draw(st.integers(2, MANY))
    first = drawn.draw(st.integers(1, second - 1))

    path = consistency_path(HASHES, first, second)

    old, new = peer_root(peer, first), peer_root(peer, second)
    assert roots_by_consistency(first, second, old, path) == (old, new)
    shared = {one.hex() for one in path} & set(peer.prove_consistency(first, second).serialize()["path"])
    assert len(shared) >= len(path) - 1  # the library halves the node at which the older tree ends, the RFC does not


def test_the_proofs_of_the_rfcs_example_hold_the_nodes_it_names() -> None:
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, upper = node_hash(g, h), node_hash(i, j)

    assert inclusion_path(HASHES, 0, 7) == [b, h, upper]
    assert inclusion_path(HASHES, 3, 7) == [c, g, upper]
    assert inclusion_path(HASHES, 4, 7) == [f, j, k]
    assert inclusion_path(HASHES, 6, 7) == [i, k]
    assert consistency_path(HASHES, 3, 7) == [c, d, g, upper]
    assert consistency_path(HASHES, 4, 7) == [upper]
    assert consistency_path(HASHES, 6, 7) == [i, j, k]
    assert consistency_path(HASHES, 7, 7) == []


def test_a_growing_tree_tells_every_tile_and_goes_on_with_what_it_is_given_back() -> None:
    told: list[tuple[int, int, bytes]] = []

    def note(level: int, number: int, made: bytes) -> bytes:
        told.append((level, number, made))
        return made

    growing = Growing(note)
    for leaf in LEAVES:
        growing.add(leaf)
    assert [(level, number) for level, number, _ in told] == [(1, number) for number in range(MANY // TILE)]
    assert told[2][2] == HASHES(1, 2, 3)[0]

    other = Growing(lambda _level, _number, _made: bytes(32))
    for leaf in LEAVES[: 2 * TILE]:
        other.add(leaf)
    assert other.root() == node_hash(bytes(32), bytes(32))


def test_a_tile_of_the_second_level_stands_for_65536_leaves() -> None:
    leaves = [leaf_hash(b"")] * (TILE * TILE + 3)
    hashes = hashes_over(leaves)
    growing = Growing()
    for leaf in leaves:
        growing.add(leaf)

    assert root_of(hashes, len(leaves)) == growing.root()
    path = inclusion_path(hashes, TILE * TILE, len(leaves))
    assert root_by_inclusion(leaves[0], TILE * TILE, len(leaves), path) == growing.root()
    assert path[-1] == hashes(2, 0, 1)[0]


def test_an_entry_is_one_text_whatever_it_was_made_from() -> None:
    assert canonical(ENTRY).decode() == (
        '{"acting_for":"00000000-0000-0000-0000-000000000001","action":"thing.made","actor_id":"t",'
        '"actor_kind":"token","actor_label":"Larch\'s shop","after":{"a":["é",null,true],"z":1},'
        '"at":"2026-11-22T09:30:00Z","before":null,"commitments":null,'
        '"object_id":"00000000-0000-0000-0000-000000000002","object_type":"thing","person_id":null,"position":7,'
        '"reason":"because","v":1}'
    )
    assert leaf_hash(canonical(ENTRY)) == sha256(b"\0" + canonical(ENTRY)).digest()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
)


@given(PLAIN)
def test_the_one_text_of_a_value_is_the_one_pythons_own_json_makes(value: Any) -> None:
    told = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    assert canonical(value) == told
    assert canonical(json.loads(told)) == told
    assert plain(value) == value


@pytest.mark.parametrize(
    ("_case", "value"),
    [
        ("a fraction", {"price": 1.5}),
        ("a fraction deep within", {"a": [{"b": [1, 0.1]}]}),
        ("no number", {"a": float("nan")}),
        ("a number that is too large", {"a": 2**63}),
        ("a number that is too small", {"a": -(2**63) - 1}),
        ("a key that is not text", {"a": {1: 2}}),
        ("something else", {"a": object()}),
    ],
)
def test_what_two_databases_could_write_differently_is_refused(_case: str, value: Any) -> None:
    with pytest.raises(TypeError):
        plain(value)


def test_what_json_writes_as_text_is_taken_as_that_text() -> None:
    at = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=1)))

    assert canonical(plain({"at": at, "id": UUID(int=3), "of": (1, 2)})) == (
        b'{"at":"2026-11-22T10:30:00+01:00","id":"00000000-0000-0000-0000-000000000003","of":[1,2]}'
    )


def test_a_commitment_depends_on_the_salt_and_on_every_field_and_not_on_their_order() -> None:
    fields = {"label": "Jo Bloggs", "email": "jo@larch.sch.uk"}
    made = commitment(b"s" * 16, fields)

    assert made == commitment(b"s" * 16, dict(reversed(fields.items())))
    others = {
        commitment(b"t" * 16, fields),
        commitment(b"s" * 16, {**fields, "label": "Jo"}),
        commitment(b"s" * 16, {}),
    }
    assert made not in others
    assert len(others) == 3
