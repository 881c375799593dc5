"""The trail over HTTP: hashes for anybody, events for those they concern."""

from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar.testing import TestClient
from tests.support import people
from tests.support.api import ROOT, Api, token_for
from tests.support.trail import NOW, THING, make_hashes_anew, person, recorded, unguarded
from tests.support.watching import everything, statements

from becta.kernel.actor import Actor, Role, Scope, system
from becta.kernel.events import record
from becta.market.audit.check_audit import root_by_inclusion, roots_by_consistency
from becta.market.audit.keys import verifier_from_text
from becta.market.audit.notes import read_note
from becta.market.audit.personal import erase_personal
from becta.market.wiring import House

ANYBODY = ("/audit/checkpoint", "/audit/checkpoints", "/audit/key", "/audit/events/0/inclusion")
KNOWN = ("/audit/events/0", "/audit/events/0/proof", f"/audit/objects/thing/{THING}")


@pytest.fixture
def stranger(client: TestClient) -> Api:
    """The API without a token."""
    return Api(client, None)


def acting(organisation_id: UUID) -> Actor:
    return Actor(kind="token", id="t", label="a token", scopes=frozenset(), organisation_id=organisation_id)


def make(house: House, actor: Actor, times: int = 1) -> None:
    """Something done to one thing by an actor, so many times."""
    for number in range(times):
        with house.db.write() as session:
            record(session, actor, "thing.changed", "thing", THING, now=NOW, after={"number": number})


def size_of(house: House) -> int:
    with house.db.read() as session:
        return session.connection().exec_driver_sql("SELECT size FROM audit_head").scalar_one()  # type: ignore[no-any-return]


def test_anybody_may_read_the_hashes_and_only_the_known_the_events(house: House, stranger: Api) -> None:
    recorded(house.db, 2)

    for path in ANYBODY:
        assert stranger.get(path).status_code == 200, path
    for path in KNOWN:
        assert stranger.get(path).status_code == 401, path
    without = Api(stranger.client, token_for(house.db, None, [Scope.LISTINGS_WRITE]))
    for path in KNOWN:
        assert without.get(path).status_code == 403, path


def test_what_anybody_may_read_names_nobody(house: House, stranger: Api) -> None:
    recorded(house.db, 3, person("Jo Bloggs"))

    for path in ANYBODY:
        told = stranger.get(path).text
        assert "Bloggs" not in told
        assert "thing" not in told
        assert str(UUID(int=1)) not in told


def test_a_checkpoint_is_of_the_whole_trail_and_fits_the_key(house: House, stranger: Api) -> None:
    assert stranger.get("/audit/checkpoint").status_code == 404
    recorded(house.db, 300)

    told = stranger.get("/audit/checkpoint").json()

    key = stranger.get("/audit/key").json()
    stated = read_note(told["note"], [verifier_from_text(key["verifier"])])
    assert (stated.size, stated.root.hex()) == (told["size"], told["root"]) == (300, told["root"])
    assert (key["jwk"]["kty"], key["jwk"]["crv"], key["jwk"]["kid"]) == ("OKP", "Ed25519", told["key_id"])
    assert urlsafe_b64decode(key["jwk"]["x"] + "=") == house.sealer.key.public


def test_checkpoints_are_listed_newest_first_in_pages(house: House, stranger: Api) -> None:
    for _ in range(5):
        recorded(house.db, 1)
        stranger.get("/audit/checkpoint")

    first = stranger.get("/audit/checkpoints", limit=3)
    rest = stranger.get("/audit/checkpoints", limit=3, cursor=first.json()["next"])

    assert [one["size"] for one in first.json()["items"]] == [5, 4, 3]
    assert [one["size"] for one in rest.json()["items"]] == [2, 1]
    assert rest.json()["next"] is None
    assert 'rel="next"' in first.headers["Link"]
    assert stranger.get("/audit/checkpoints", cursor="x").status_code == 400


def test_an_inclusion_proof_leads_to_the_signed_root(house: House, stranger: Api) -> None:
    recorded(house.db, 700)

    for position in (0, 255, 256, 640, 699):
        told = stranger.get(f"/audit/events/{position}/inclusion").json()
        path = [bytes.fromhex(one) for one in told["path"]]
        root = root_by_inclusion(bytes.fromhex(told["leaf_hash"]), position, 700, path)
        assert root.hex() == told["root"] == stranger.get("/audit/checkpoint").json()["root"]
    smaller = stranger.get("/audit/events/5/inclusion", size=6).json()
    assert (smaller["size"], len(smaller["path"])) == (6, 2)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/events/3/inclusion", 404),
        ("/audit/events/-1/inclusion", 404),
        (f"/audit/events/{2**70}/inclusion", 404),
        ("/audit/events/x/inclusion", 404),
        ("/audit/events/1/inclusion?size=1", 400),
        ("/audit/events/1/inclusion?size=4", 400),
        (f"/audit/events/1/inclusion?size={2**70}", 400),
        ("/audit/events/3/inclusion?size=3", 404),
        (f"/audit/events/{2**70}/inclusion?size=3", 404),
        ("/audit/consistency?first=0&second=2", 400),
        ("/audit/consistency?first=2&second=1", 400),
        ("/audit/consistency?first=1&second=4", 400),
        ("/audit/consistency?first=1", 400),
    ],
)
def test_proofs_that_cannot_be_are_refused(house: House, stranger: Api, path: str, status: int) -> None:
    recorded(house.db, 3)

    assert stranger.client.get(ROOT + path).status_code == status


def test_a_consistency_proof_leads_to_both_signed_roots(house: House, stranger: Api) -> None:
    roots = {}
    for size in (1, 3, 256, 300, 512):
        recorded(house.db, size - size_of(house))
        roots[size] = stranger.get("/audit/checkpoint").json()["root"]

    for first, second in ((1, 3), (3, 256), (256, 512), (300, 512), (1, 512)):
        told = stranger.get("/audit/consistency", first=first, second=second).json()
        path = [bytes.fromhex(one) for one in told["path"]]
        old, new = roots_by_consistency(first, second, bytes.fromhex(roots[first]), path)
        assert (old.hex(), new.hex()) == (roots[first], roots[second]) == (told["first_root"], told["second_root"])
    assert stranger.get("/audit/consistency", first=3, second=3).json()["path"] == []


def test_an_event_is_told_whole_with_the_text_that_is_hashed(house: House, api: Api) -> None:
    jo = person("Jo Bloggs")
    with house.db.write() as session:
        told = {UUID(int=2): {"email": "sam@larch.sch.uk"}}
        record(session, jo, "thing.sold", "thing", THING, now=NOW, before={"n": 1}, reason="why", personal=told)
    position = size_of(house) - 1

    event = api.get(f"/audit/events/{position}").json()

    assert event.pop("entry").startswith('{"acting_for":')
    assert len(event.pop("leaf_hash")) == 64
    assert event == {
        "position": position,
        "at": "2026-11-22T09:30:00Z",
        "actor_kind": "person",
        "actor_id": "session-1",
        "actor_label": "Jo Bloggs",
        "person_id": str(UUID(int=1)),
        "acting_for": str(UUID(int=500)),
        "action": "thing.sold",
        "object_type": "thing",
        "object_id": str(THING),
        "before": {"n": 1},
        "after": None,
        "reason": "why",
        "personal": {str(UUID(int=1)): {"label": "Jo Bloggs"}, str(UUID(int=2)): {"email": "sam@larch.sch.uk"}},
    }
    for unknown in (position + 1, -1, 2**70):
        assert api.get(f"/audit/events/{unknown}").status_code == 404


def test_an_erased_name_is_told_nowhere(house: House, api: Api) -> None:
    with house.db.write() as session:
        record(session, person("Jo Bloggs"), "thing.sold", "thing", THING, now=NOW)
    position = size_of(house) - 1
    with house.db.write() as session:
        erase_personal(session, UUID(int=1))

    for path in (f"/audit/events/{position}", f"/audit/events/{position}/proof", f"/audit/objects/thing/{THING}"):
        assert "Bloggs" not in api.get(path).text
    event = api.get(f"/audit/events/{position}").json()
    assert (event["actor_label"], event["personal"], event["person_id"]) == (None, {}, str(UUID(int=1)))


def test_the_history_of_a_thing_is_told_newest_first_in_pages_of_one_statement_each(house: House, api: Api) -> None:
    make(house, system("test"), 7)
    recorded(house.db, 3)
    with house.db.write() as session:
        record(session, system("test"), "other.made", "other", THING, now=NOW)

    numbers: list[int] = []
    cursor: Any = None
    for expected in (3, 3, 1):
        more = {} if cursor is None else {"cursor": cursor}
        page = api.get(f"/audit/objects/thing/{THING}", limit=3, **more).json()
        assert len(page["items"]) == expected
        numbers += [event["after"]["number"] for event in page["items"]]
        cursor = page["next"]

    assert numbers == [6, 5, 4, 3, 2, 1, 0]
    assert cursor is None
    with statements(house.db) as sent:
        api.get(f"/audit/objects/thing/{THING}", limit=3)
    assert sum("audit_event" in statement for statement in sent) == 1


def test_a_cursor_of_another_history_is_refused(house: House, api: Api) -> None:
    make(house, system("test"), 3)
    cursor = api.get(f"/audit/objects/thing/{THING}", limit=1).json()["next"]

    assert api.get(f"/audit/objects/other/{THING}", cursor=cursor).status_code == 400
    assert api.get(f"/audit/objects/thing/{uuid4()}", cursor=cursor).status_code == 400
    assert api.get(f"/audit/objects/thing/{uuid4()}").json() == {"items": [], "next": None}
    for unknown in ("Thing", "a%00b", "x" * 33):
        assert api.get(f"/audit/objects/{unknown}/{THING}").status_code == 404


def test_an_organisation_sees_what_was_done_for_it_and_the_operator_everything(house: House, api: Api) -> None:
    with house.db.write() as session:
        larch = people.trust(session, 2044)
        lane = people.school(session, 100_001, trust_uid=2044)
        rowan = people.school(session, 100_002, "Rowan Road School")
        tokens = {}
        for organisation in (larch, lane, rowan):
            auditor = people.person(session)
            people.member(session, auditor, organisation, Role.AUDITOR)
            tokens[organisation.id] = Api(api.client, people.token_of(session, auditor, organisation))
    first = size_of(house)
    for organisation_id in (larch.id, lane.id, lane.id, rowan.id):
        make(house, acting(organisation_id))
    make(house, system("test"))
    seen_by = {larch.id: [2, 1, 0], lane.id: [2, 1], rowan.id: [3]}

    def seen(by: Api) -> list[int]:
        return [one["position"] - first for one in by.get(f"/audit/objects/thing/{THING}").json()["items"]]

    assert {organisation_id: seen(token) for organisation_id, token in tokens.items()} == seen_by
    assert seen(api) == [4, 3, 2, 1, 0]
    for organisation_id, own in seen_by.items():
        for offset in range(5):
            for path in ("", "/proof"):
                answer = tokens[organisation_id].get(f"/audit/events/{first + offset}{path}")
                assert answer.status_code == (200 if offset in own else 404), (organisation_id, offset, path)
    # what may not be seen is refused in the very words of what does not exist
    hidden = tokens[larch.id].get(f"/audit/events/{first + 3}").json()
    unknown = tokens[larch.id].get("/audit/events/999999").json()
    assert hidden["detail"].replace(str(first + 3), "N") == unknown["detail"].replace("999999", "N")


def test_reading_changes_nothing_but_the_checkpoints(house: House, api: Api) -> None:
    recorded(house.db, 3)
    before = everything(house.db)

    for path in (*ANYBODY, *KNOWN, "/audit/consistency?first=1&second=2"):
        assert api.client.get(ROOT + path, headers=api.headers).status_code == 200

    after = everything(house.db)
    assert len(after.pop("audit_checkpoint")) == 1
    del before["audit_checkpoint"]
    tokens = "api_token"  # may note when it was last used
    assert {**after, tokens: []} == {**before, tokens: []}


def test_a_trail_that_was_bent_is_not_proved(house: House, api: Api) -> None:
    recorded(house.db, 3)
    assert api.get("/audit/checkpoint").status_code == 200
    with unguarded(house.db) as connection:
        connection.exec_driver_sql("DELETE FROM audit_event WHERE position = 1")
        make_hashes_anew(connection)
    recorded(house.db, 5)

    answer = api.get("/audit/checkpoint")

    assert answer.status_code == 409
    assert "does not agree with its last checkpoint" in answer.json()["detail"]
