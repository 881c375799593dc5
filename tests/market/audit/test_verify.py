"""Whoever owns the database may change it by hand; checking the whole trail says that they did, and where."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text
from tests.support.trail import NOW, make_hashes_anew, person, recorded, sealer, unguarded

from becta.kernel.actor import system
from becta.kernel.events import record
from becta.kernel.trail import TILE
from becta.market.audit.findings import Finding, Report
from becta.market.audit.keys import CheckpointSigner
from becta.market.audit.notes import signed_note
from becta.market.audit.personal import erase_personal
from becta.market.audit.sealing import Sealer
from becta.market.audit.verify import verify
from becta.market.db import Database

EVENTS = 600
SIGNED = (100, 300, 560, 600)


@pytest.fixture
def seal(db: Database, tmp_path: Path) -> Sealer:
    """A trail of 600 events, signed four times: two complete tiles and a part of a third."""
    made, start = sealer(db, tmp_path), 0
    for size in SIGNED:
        recorded(db, size - start, start=start)
        made.seal()
        start = size
    return made


def tamper(db: Database, *statements: str) -> None:
    with unguarded(db) as connection:
        for statement in statements:
            connection.execute(text(statement))


def found(report: Report) -> list[tuple[str, int, int]]:
    return [(finding.kind.value, finding.position, finding.until) for finding in report.findings]


def about(position: int) -> str:
    return f"thing.made of thing {UUID(int=1_000_000 + position)}"


def test_a_trail_nobody_touched_is_sound(db: Database, seal: Sealer) -> None:
    report = verify(db, [seal.key])

    assert report == Report(events=EVENTS, checkpoints=4, signed=EVENTS, erased=0, findings=[], more_findings=0)
    assert report.is_sound


def test_an_empty_trail_is_sound(db: Database) -> None:
    assert verify(db, []) == Report(events=0, checkpoints=0, signed=0, erased=0, findings=[], more_findings=0)


def test_an_event_after_the_last_checkpoint_is_said_not_to_be_signed_yet(db: Database, seal: Sealer) -> None:
    recorded(db, 1)

    report = verify(db, [seal.key])

    assert (report.is_sound, report.events, report.signed) == (True, EVENTS + 1, EVENTS)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'thing.sold'",
        "actor_label = 'somebody else'",
        "actor_id = 'x'",
        "acting_for = '00000000000000000000000000000001'",
        "object_id = '00000000000000000000000000000001'",
        "reason = 'an afterthought'",
        "before = '{}'",
        "after = '{\"number\": 1000}'",
        "after = NULL",
        "at = '2026-11-22 09:30:01.000000+00:00'",
        "commitments = '{}'",
        "person_id = '00000000000000000000000000000001'",
        "object_type = 'sold'",
        "actor_kind = 'person'",
    ],
)
def test_an_event_edited_in_any_column_is_named(db: Database, seal: Sealer, change: str) -> None:
    tamper(db, f"UPDATE audit_event SET {change} WHERE position = 130")

    report = verify(db, [seal.key])

    assert found(report) == [("altered", 130, 130)]
    assert report.findings[0].problem == "the row is not what was recorded"
    assert not report.is_sound


@pytest.mark.parametrize("position", [0, 255, 256, 511, 512, 599])
def test_an_event_edited_at_any_place_is_named(db: Database, seal: Sealer, position: int) -> None:
    tamper(db, f"UPDATE audit_event SET action = 'thing.sold' WHERE position = {position}")

    assert found(verify(db, [seal.key])) == [("altered", position, position)]


def test_a_finding_tells_place_object_and_what_is_wrong(db: Database, seal: Sealer) -> None:
    tamper(db, "UPDATE audit_event SET reason = 'x' WHERE position = 130")

    [finding] = verify(db, [seal.key]).findings

    assert str(finding) == f"position 130 ({about(130)}): the row is not what was recorded"


@pytest.mark.parametrize("position", [0, 130, 255, 256, 599])
def test_a_deleted_event_is_named(db: Database, seal: Sealer, position: int) -> None:
    tamper(db, f"DELETE FROM audit_event WHERE position = {position}")

    report = verify(db, [seal.key])

    assert found(report) == [("missing", position, position)]


def test_many_deleted_in_a_row_are_one_finding(db: Database, seal: Sealer) -> None:
    tamper(db, "DELETE FROM audit_event WHERE position BETWEEN 200 AND 399")

    [finding] = verify(db, [seal.key]).findings

    assert (finding.position, finding.until) == (200, 399)
    assert str(finding) == "positions 200-399: the event is missing"


SWAPS: list[Callable[[int, int], list[str]]] = [
    lambda a, b: [  # the rows change places with their hashes
        f"UPDATE audit_event SET position = -1 WHERE position = {a}",
        f"UPDATE audit_event SET position = {a} WHERE position = {b}",
        f"UPDATE audit_event SET position = {b} WHERE position = -1",
    ],
    lambda a, b: [  # what they say changes places, the hashes stay
        "CREATE TABLE kept AS SELECT position, leaf_hash FROM audit_event",
        f"UPDATE audit_event SET position = -1 WHERE position = {a}",
        f"UPDATE audit_event SET position = {a} WHERE position = {b}",
        f"UPDATE audit_event SET position = {b} WHERE position = -1",
        "UPDATE audit_event SET leaf_hash = (SELECT k.leaf_hash FROM kept k WHERE k.position = audit_event.position)",
        "DROP TABLE kept",
    ],
]


@pytest.mark.parametrize("swap", SWAPS, ids=["with their hashes", "without"])
@pytest.mark.parametrize(("one", "other"), [(3, 4), (10, 500), (590, 599), (255, 256)])
def test_swapped_events_are_both_named(
    db: Database, seal: Sealer, one: int, other: int, swap: Callable[[int, int], list[str]]
) -> None:
    tamper(db, *swap(one, other))

    report = verify(db, [seal.key])

    assert [finding for finding in report.findings if finding.kind != "rewritten"] == [
        Finding(
            kind=report.findings[0].kind.MOVED,
            position=here,
            until=here,
            object=about(there),
            problem=f"the event of position {there} was put here: rows were swapped or moved",
        )
        for here, there in ((one, other), (other, one))
    ]


def test_a_removed_end_is_told_by_what_was_signed(db: Database, seal: Sealer) -> None:
    tamper(db, "DELETE FROM audit_event WHERE position >= 590", "UPDATE audit_head SET size = 590")

    report = verify(db, [seal.key])

    assert found(report) == [("truncated", 590, 599)]
    assert report.signed == 560


def test_a_removed_end_whose_length_was_left_is_told_by_the_length(db: Database, seal: Sealer) -> None:
    tamper(db, "DELETE FROM audit_event WHERE position >= 590")

    assert found(verify(db, [seal.key])) == [("missing", 590, 599)]


def test_a_removed_end_with_its_checkpoints_is_told_by_one_kept_elsewhere(db: Database, seal: Sealer) -> None:
    newest = seal.seal()
    assert newest is not None
    tamper(
        db,
        "DELETE FROM audit_event WHERE position >= 560",
        "UPDATE audit_head SET size = 560",
        "DELETE FROM audit_checkpoint WHERE size > 560",
    )

    assert verify(db, [seal.key]).is_sound  # nobody inside can tell: that is why checkpoints are to be kept elsewhere
    report = verify(db, [seal.key], [newest.note])
    assert found(report) == [("truncated", 560, 599)]
    assert "a checkpoint kept elsewhere has 600 events, the trail 560" in report.findings[0].problem


@pytest.mark.parametrize(
    ("position", "first", "last"), [(0, 0, 99), (99, 0, 99), (100, 100, 299), (299, 100, 299), (580, 560, 599)]
)
def test_an_edit_with_every_hash_made_anew_is_told_by_what_was_signed(
    db: Database, seal: Sealer, position: int, first: int, last: int
) -> None:
    with unguarded(db) as connection:
        connection.execute(text(f"UPDATE audit_event SET action = 'thing.sold' WHERE position = {position}"))
        make_hashes_anew(connection)

    report = verify(db, [seal.key])

    assert found(report) == [("rewritten", first, last)]
    assert report.signed == first


def test_a_removed_event_with_the_rest_moved_up_is_told_by_what_was_signed(db: Database, seal: Sealer) -> None:
    with unguarded(db) as connection:
        connection.execute(text("DELETE FROM audit_event WHERE position = 400"))
        make_hashes_anew(connection)

    assert found(verify(db, [seal.key])) == [("rewritten", 300, 559), ("truncated", 599, 599)]


def test_a_history_made_anew_with_its_checkpoints_is_told_by_one_kept_elsewhere(db: Database, seal: Sealer) -> None:
    kept = seal.seal()
    assert kept is not None
    with unguarded(db) as connection:
        connection.execute(text("UPDATE audit_event SET action = 'thing.sold' WHERE position = 400"))
        make_hashes_anew(connection)
        connection.execute(text("DELETE FROM audit_checkpoint"))

    report = verify(db, [seal.key], [kept.note])

    assert found(report) == [("rewritten", 0, 599)]
    assert "checkpoint kept elsewhere" in report.findings[0].problem


def test_a_forged_checkpoint_is_named(db: Database, seal: Sealer) -> None:
    forger = CheckpointSigner("test-market", Ed25519PrivateKey.generate())
    note = signed_note(forger, size=580, root=bytes(32))
    with unguarded(db) as connection:
        connection.execute(
            text("INSERT INTO audit_checkpoint VALUES (580, :root, '2026-11-22 09:30:00+00:00', :key_id, :note)"),
            {"root": bytes(32).hex(), "key_id": forger.verifier.key_id, "note": note},
        )

    report = verify(db, [seal.key])

    assert found(report) == [("checkpoint", 579, 579)]
    assert report.findings[0].problem == (
        f"the checkpoint of 580 events is signed by no key we know (test-market {forger.verifier.key_id})"
    )


@pytest.mark.parametrize(
    ("_case", "change", "problem"),
    [
        ("another size", "note = replace(note, '300', '301')", "has a signature that is not of this text"),
        ("another root in the row", "root = replace(root, 'a', 'b')", "is signed for 300 with another root or key"),
        ("no note", "note = 'x'", "is not a checkpoint"),
    ],
)
def test_an_altered_checkpoint_is_named(db: Database, seal: Sealer, _case: str, change: str, problem: str) -> None:
    tamper(db, f"UPDATE audit_checkpoint SET {change} WHERE size = 300")

    report = verify(db, [seal.key])

    assert found(report) == [("checkpoint", 299, 299)]
    assert report.findings[0].problem == f"the checkpoint of 300 events {problem}"


def test_a_checkpoint_kept_elsewhere_that_nobody_signed_is_named(db: Database, seal: Sealer) -> None:
    report = verify(db, [seal.key], ["nonsense"])

    assert [finding.problem for finding in report.findings] == ["the checkpoint kept elsewhere is not a checkpoint"]


def test_without_the_key_no_checkpoint_counts(db: Database, seal: Sealer) -> None:
    report = verify(db, [])

    assert [finding.kind.value for finding in report.findings] == ["checkpoint"] * 4
    assert report.signed == 0


@pytest.mark.parametrize(
    ("_case", "statement", "expected"),
    [
        ("a tile changed", "UPDATE audit_tile SET hash = leaf_hash_of_nothing WHERE number = 1", ("tile", 256, 511)),
        ("a tile removed", "DELETE FROM audit_tile WHERE number = 0", ("tile", 0, 255)),
        (
            "a hash changed",
            "UPDATE audit_event SET leaf_hash = leaf_hash_of_nothing WHERE position = 5",
            ("altered", 5, 5),
        ),
        ("a hash that is none", "UPDATE audit_event SET leaf_hash = 'zz' WHERE position = 5", ("altered", 5, 5)),
        ("the length", "UPDATE audit_head SET size = 599", ("extra", 599, 599)),
    ],
)
def test_what_is_kept_beside_the_events_is_checked_too(
    db: Database, seal: Sealer, _case: str, statement: str, expected: tuple[str, int, int]
) -> None:
    tamper(db, statement.replace("leaf_hash_of_nothing", f"'{bytes(32).hex()}'"))

    assert expected in found(verify(db, [seal.key]))


def test_a_row_and_its_hash_changed_alike_is_told_by_the_tile(db: Database, seal: Sealer) -> None:
    with unguarded(db) as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT level, number, hash FROM audit_tile"))
        connection.execute(text("UPDATE audit_event SET action = 'thing.sold' WHERE position = 400"))
        make_hashes_anew(connection)
        connection.execute(text("DELETE FROM audit_tile"))
        connection.execute(text("INSERT INTO audit_tile SELECT level, number, hash FROM kept"))
        connection.execute(text("DROP TABLE kept"))

    assert ("tile", 256, 511) in found(verify(db, [seal.key]))


def test_a_trail_without_its_length_is_named(db: Database, seal: Sealer) -> None:
    tamper(db, "DELETE FROM audit_head")

    assert found(verify(db, [seal.key])) == [("head", 0, 0)]


def test_values_that_cannot_even_be_read_are_named(db: Database, seal: Sealer) -> None:
    if db.engine.dialect.name == "postgresql":
        statement = "UPDATE audit_event SET at = 'infinity' WHERE position = 300"
    else:
        statement = "UPDATE audit_event SET before = '{', at = 'soon' WHERE position = 300"
    tamper(db, statement)

    report = verify(db, [seal.key])

    assert found(report) == [("altered", 300, 300)]
    assert report.findings[0].problem == "the row holds values that cannot be read"


def personal_trail(db: Database, folder: Path) -> Sealer:
    made = sealer(db, folder)
    recorded(db, 3, person("Jo Bloggs", 1))
    recorded(db, 3, person("Sam Green", 2), personal={UUID(int=1): {"email": "jo@larch.sch.uk"}})
    recorded(db, 1, person("Jo Bloggs", 1))
    made.seal()
    return made


def erase(db: Database, number: int, *, says_so: bool = True) -> int:
    with db.write() as session:
        erased = erase_personal(session, UUID(int=number))
        if says_so:
            reason = "asked to be forgotten"
            record(session, system("test"), "person.erased", "person", UUID(int=number), now=NOW, reason=reason)
    return erased


def test_a_person_erased_leaves_the_trail_provable(db: Database, tmp_path: Path) -> None:
    made = personal_trail(db, tmp_path)

    assert erase(db, 1) == 7

    report = verify(db, [made.key])
    assert (report.is_sound, report.erased) == (True, 1)
    with db.read() as session:
        personal = session.connection().execute(text("SELECT personal FROM audit_event ORDER BY position")).scalars()
        told = "".join(map(str, personal))
    assert "Jo" not in told
    assert "jo@larch" not in told
    assert told.count("Sam Green") == 3


def test_fields_that_vanish_without_a_word_are_named(db: Database, tmp_path: Path) -> None:
    made = personal_trail(db, tmp_path)

    erase(db, 1, says_so=False)

    report = verify(db, [made.key])
    assert found(report) == [("erased", 0, 6)]
    assert report.findings[0].problem == (
        f"the personal fields of {UUID(int=1)} are gone, and no event says that they were erased"
    )


def test_an_erasure_does_not_cover_what_came_after_it(db: Database, tmp_path: Path) -> None:
    made = personal_trail(db, tmp_path)
    erase(db, 1)
    recorded(db, 1, person("Jo Bloggs", 1))

    erase(db, 1, says_so=False)

    assert [kind for kind, _, _ in found(verify(db, [made.key]))] == ["erased"]


@pytest.mark.parametrize(
    ("_case", "before", "after"),
    [("another name", "Jo Bloggs", "Jo Brown"), ("another field", '"label"', '"name"'), ("no salt", '"salt"', '"s"')],
)
def test_altered_personal_fields_are_named(db: Database, tmp_path: Path, _case: str, before: str, after: str) -> None:
    made = personal_trail(db, tmp_path)
    cast = "CAST(replace(CAST(personal AS TEXT), :before, :after) AS {})"
    kind = "JSONB" if db.engine.dialect.name == "postgresql" else "TEXT"
    with db.engine.begin() as connection:  # no trigger guards what can be erased
        change(connection, f"UPDATE audit_event SET personal = {cast.format(kind)} WHERE position = 1", before, after)

    report = verify(db, [made.key])

    assert found(report) == [("personal", 1, 1)]
    assert report.findings[0].problem == f"the personal fields of {UUID(int=1)} are not those that were recorded"


def change(connection: Connection, statement: str, before: str, after: str) -> None:
    assert connection.execute(text(statement), {"before": before, "after": after}).rowcount == 1


def test_personal_fields_of_no_known_shape_are_named(db: Database, tmp_path: Path) -> None:
    made = personal_trail(db, tmp_path)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE audit_event SET personal = '[1]' WHERE position = 1"))
        connection.execute(text("UPDATE audit_event SET personal = '{\"x\": 1}' WHERE position = 2"))

    assert [kind for kind, _, _ in found(verify(db, [made.key]))] == ["personal", "personal", "erased"]


def test_a_trail_longer_than_what_is_read_at_once_is_checked_over_the_seams(db: Database, tmp_path: Path) -> None:
    made = sealer(db, tmp_path)
    recorded(db, 40 * TILE + 3)
    made.seal()

    assert verify(db, [made.key]).is_sound
    tamper(db, f"DELETE FROM audit_event WHERE position BETWEEN {32 * TILE - 1} AND {32 * TILE}")

    assert found(verify(db, [made.key])) == [("missing", 32 * TILE - 1, 32 * TILE)]


def test_a_length_that_cannot_be_is_told_at_once(db: Database, seal: Sealer) -> None:
    tamper(db, f"UPDATE audit_head SET size = {10**15}")

    assert found(verify(db, [seal.key])) == [("missing", EVENTS, 10**15 - 1)]


def test_a_trail_of_one_event_without_its_length_is_still_read(db: Database) -> None:
    recorded(db, 1)
    tamper(db, "DELETE FROM audit_head", "UPDATE audit_event SET reason = 'x'")

    assert found(verify(db, [])) == [("head", 0, 0), ("altered", 0, 0)]
