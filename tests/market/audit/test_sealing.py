"""Checkpoints: signed notes that others can keep, made by any number of processes, never over a trail that was bent."""

import stat
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from tests.support.trail import recorded, sealer, unguarded

from becta.kernel.errors import Conflict, NotFound
from becta.market.audit.keys import CheckpointSigner, UnusableKey, signer_of, verifier_from_text, verifier_of
from becta.market.audit.notes import BadNote, read_note, signed_note
from becta.market.audit.sealing import checkpoints
from becta.market.db import Database


def test_a_checkpoint_is_a_signed_note_of_origin_size_and_root(db: Database, tmp_path: Path) -> None:
    seal = sealer(db, tmp_path)
    recorded(db, 5)

    made = seal.seal()

    assert made is not None
    origin, size, root, gap, signature = made.note.split("\n")[:-1]
    assert (origin, size, b64decode(root).hex(), gap) == ("test-market", "5", made.root, "")
    dash, name, blob = signature.split(" ")
    assert (dash, name, b64decode(blob)[:4].hex()) == ("—", "test-market", seal.key.key_id)
    assert len(b64decode(blob)) == 68
    stated = read_note(made.note, [seal.key])
    assert (stated.size, stated.root.hex(), stated.key_id) == (5, made.root, made.key_id)


def test_nothing_is_signed_of_an_empty_trail_and_nothing_twice(db: Database, tmp_path: Path) -> None:
    seal = sealer(db, tmp_path)

    assert seal.seal() is None
    recorded(db, 1)
    first = seal.seal()
    assert seal.seal() == first
    recorded(db, 1)
    second = seal.seal()

    assert first is not None
    assert second is not None
    with db.read() as session:
        assert checkpoints(session.connection(), before=None, limit=9) == [second, first]


def test_processes_that_sign_at_once_make_one_checkpoint(db: Database, tmp_path: Path) -> None:
    recorded(db, 300)

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: sealer(db, tmp_path).seal(), range(6)))

    assert len({one.note for one in made if one is not None}) == 1
    assert None not in made
    with db.read() as session:
        assert len(checkpoints(session.connection(), before=None, limit=9)) == 1


def test_an_event_not_covered_yet_is_covered_when_asked_for(db: Database, tmp_path: Path) -> None:
    seal = sealer(db, tmp_path)
    recorded(db, 2)

    assert seal.covering(1).size == 2
    recorded(db, 1)
    assert seal.covering(1).size == 2
    assert seal.covering(2).size == 3
    for unknown in (3, -1, 2**70):
        with pytest.raises(NotFound):
            seal.covering(unknown)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE audit_event SET leaf_hash = '{bytes(32).hex()}' WHERE position = 3",
        "UPDATE audit_head SET size = 4",
        "DELETE FROM audit_event WHERE position = 3",
    ],
)
def test_a_trail_that_was_bent_is_not_signed_again(db: Database, tmp_path: Path, statement: str) -> None:
    seal = sealer(db, tmp_path)
    recorded(db, 5)
    seal.seal()
    with unguarded(db) as connection:
        connection.execute(text(statement))
    if "head" not in statement:
        recorded(db, 1)

    with pytest.raises(Conflict, match="see market audit verify"):
        seal.seal()

    with db.read() as session:
        assert [one.size for one in checkpoints(session.connection(), before=None, limit=9)] == [5]


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit.pem"

    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: signer_of(path, "test-market").verifier, range(8)))

    assert len(set(keys)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_key_is_read_from_each_of_its_forms(tmp_path: Path) -> None:
    path = tmp_path / "audit.pem"
    key = signer_of(path, "test-market").verifier
    line = tmp_path / "audit.pub"
    line.write_text(f"{key.text}\n")

    assert verifier_of(path, "test-market") == key
    assert verifier_of(line, "any") == key
    assert verifier_from_text(key.text) == key
    assert key.jwk["kid"] == key.key_id
    public = Ed25519PrivateKey.generate().public_key()
    other = tmp_path / "other.pem"
    other.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert verifier_of(other, "test-market").public == public.public_bytes(Encoding.Raw, PublicFormat.Raw)


@pytest.mark.parametrize("given", ["", "a+b", "a+00000000+AAAA", "-----BEGIN PRIVATE KEY-----\nx\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, given: str) -> None:
    path = tmp_path / "key"
    path.write_text(given)

    with pytest.raises(UnusableKey):
        verifier_of(path, "test-market")


def test_an_altered_note_is_refused_with_the_reason() -> None:
    signer = CheckpointSigner("test-market", Ed25519PrivateKey.generate())
    other = CheckpointSigner("test-market", Ed25519PrivateKey.generate())
    namesake = CheckpointSigner("other-market", Ed25519PrivateKey.generate())
    note = signed_note(signer, size=7, root=bytes(32))

    assert read_note(note, [other.verifier, signer.verifier]).size == 7
    for altered, reason in (
        (note.replace("\n7\n", "\n8\n"), "has a signature that is not of this text"),
        (note.replace("test-market\n7", "best-market\n7"), "has a signature that is not of this text"),
        (note.replace("AAAA", "AAAB", 1), "has a signature that is not of this text"),
        (note.replace("\n7\n", "\n-7\n"), "is not a checkpoint"),
        (note.replace("\n7\n", "\n７\n"), "is not a checkpoint"),
        (note.partition("\n\n")[0], "is not a checkpoint"),
        (note.partition("—")[0], "is signed by no key we know (nobody)"),
        (signed_note(other, size=7, root=bytes(32)), "is signed by no key we know (test-market "),
        (signed_note(namesake, size=7, root=bytes(32)), "is signed by no key we know (other-market "),
        (signed_note(signer, size=7, root=b"short"), "states no root"),
    ):
        with pytest.raises(BadNote) as refused:
            read_note(altered, [signer.verifier])
        assert str(refused.value).startswith(reason)
