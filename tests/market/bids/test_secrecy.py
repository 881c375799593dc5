"""Everything that is stored before the opening, down to the last byte, tells nothing of a bid: not a price, not a word.

What is sought is sought in every usual writing, and the search itself is proved on copies in which it was planted.
"""

import re
import zlib
from base64 import b32encode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import MetaData, select, update
from sqlmodel import col
from tests.market.bids.conftest import ANSWER, FILE, PRICE, Tender, a_bid, told

from becta.market.bids.codes import key_of, taken_over
from becta.market.bids.contents import NewBid, content_of, packed
from becta.market.bids.models import Bid, OpeningOfficer
from becta.market.bids.sealing import Occasion, Unopened, open_sealed
from becta.market.db import Database

WORDS = b"purple ribbon round every crate"
KEY = {"Idempotency-Key": "the-bid-of-larch"}


def dump(db: Database, folder: Path) -> bytes:
    """Every byte of the data folder and of SQLite's files, and every value of every table."""
    parts = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    metadata = MetaData()
    with db.engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                parts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    assert len(metadata.tables) > 50
    return b"\n".join(parts)


def writings(secret: bytes) -> set[bytes]:
    """A secret as it could be written."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode(), b32encode(secret).rstrip(b"=")}
    if secret.isascii():
        found |= {secret.decode().encode("utf-16-le"), secret.decode().encode("utf-16-be")}
    for shift in range(3):  # base64 looks different at each of three places
        encoded = b64encode(b"\0" * shift + secret)[4 if shift else 0 : -4]
        found |= {encoded, encoded.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def inflated(data: bytes) -> bytes:
    """All that could be read from places where zlib or raw DEFLATE of gzip may begin."""
    found = []
    for place in re.finditer(rb"x[\x01\x5e\x9c\xda]|\x1f\x8b\x08", data):
        wbits = 31 if place[0].startswith(b"\x1f") else 15
        try:
            found.append(zlib.decompressobj(wbits).decompress(data[place.start() :], 1 << 20))
        except zlib.error:
            continue
    return b"\n".join(found)


def secrets_of(body: dict[str, Any], procurement_id: UUID) -> dict[str, bytes]:
    """What nobody may find: prices, texts, files, and hashes by which a price could be guessed."""
    sent = msgspec.convert(body, NewBid)
    content = msgspec.json.encode(content_of(sent), order="deterministic")
    texts = {
        "request": msgspec.json.encode(sent),
        "request, sorted": msgspec.json.encode(sent, order="sorted"),
        "content": content,
        "packed": packed(sent),
        "asked": msgspec.json.encode(("bid", procurement_id, sent), order="sorted"),
        "price": str(PRICE).encode(),
        "tiers": msgspec.json.encode(sent.lots[0].tiers),
        "file": FILE,
    }
    hashes = {f"hash of {name}": sha256(text).digest() for name, text in texts.items()}
    binary = {f"price as 8 bytes, {order}": PRICE.to_bytes(8, order) for order in ("big", "little")}
    words = {"words": WORDS, "price": str(PRICE).encode(), "file": FILE[9:40]}
    return {**hashes, **binary, **words}


def found_in(data: bytes, sought: dict[str, bytes]) -> set[str]:
    """The names of what can be found, written in any way."""
    everything = data + inflated(data)
    return {name for name, secret in sought.items() if any(written in everything for written in writings(secret))}


def test_the_search_finds_what_is_there_however_it_is_written() -> None:
    assert found_in(b"\0" * 99, {"words": WORDS}) == set()
    for written in (*writings(WORDS), zlib.compress(WORDS), b64encode(b"ab" + WORDS + b"cd"), ANSWER.encode()):
        assert found_in(b"noise" + written + b"noise", {"words": WORDS}) == {"words"}


def test_nothing_of_a_bid_or_a_code_can_be_found_before_the_opening_and_it_is_there_afterwards(
    tender: Tender, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    body = a_bid()
    larch = tender.supplier()
    told(larch.bids(body, **KEY), 201)
    told(larch.bids(body, **KEY), 201)
    larch.has_bid(body)
    assert larch.bids({**body, "lots": [{**body["lots"][0], "capacity": -1}]}).status_code == 400
    rowan = tender.supplier("rowan-devices")
    rowan.withdraws(rowan.has_bid(body))
    keys = [key_of(code) for code in tender.codes]
    sought = secrets_of(body, tender.id)
    for number, (key, code) in enumerate(zip(keys, tender.codes, strict=True)):
        sought |= {f"key {number}": bytes(key), f"code {number}": code.encode()}
        sought |= {f"plain code {number}": code.replace("-", "").encode()}

    assert found_in(dump(tender.db, tmp_path), sought) == set()

    tender.closes()
    assert larch.bids(body).status_code == 409
    told(tender.officers[0].gives(tender.codes[0]))
    assert found_in(dump(tender.db, tmp_path), sought) == set()
    tender.house.sealer.seal()
    logged = "".join(capfd.readouterr()).encode()
    assert found_in(logged, sought) == set()

    told(tender.officers[1].gives(tender.codes[1]))

    seen = found_in(dump(tender.db, tmp_path), sought)
    assert {"words", "price", "file"} <= seen
    assert not {name for name in seen if "key" in name or "code" in name}


def test_with_all_of_the_database_one_officer_alone_opens_nothing(tender: Tender) -> None:
    tender.supplier().has_bid()
    tender.closes()
    told(tender.officers[0].gives(tender.codes[0]))
    [bid] = tender.rows()
    assert bid.sealed is not None
    occasion = occasion_of(bid)
    keys = [key_of(code) for code in tender.codes]
    handed = {name: text for duty in tender.duties() for name, text in (duty.handed_over or {}).items()}
    assert len(handed) == 2

    for key in keys:
        with pytest.raises(Unopened):
            open_sealed(bid.sealed, occasion, key, key)
    for sealed in handed.values():  # the first officer, who gave their code, still reads nothing of it
        assert taken_over(sealed.encode(), keys[0], bytes(keys[0].public_key)) is None
    assert b"unit_price_pence" in open_sealed(bid.sealed, occasion, keys[0], keys[2]).content


def occasion_of(bid: Bid) -> Occasion:
    return Occasion(
        procurement_id=bid.procurement_id,
        bid_id=bid.id,
        supplier_id=bid.organisation_id,
        received_at=bid.received_at,
    )


def unguarded(db: Database, table: str, *names: str) -> None:
    """Take triggers away, as whoever runs the database can."""
    with db.engine.begin() as connection:
        for name in names:
            on = "" if db.engine.dialect.name == "sqlite" else f" ON {table}"
            connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("byte", "its sealed bytes are not those of its receipt"),
        ("byte and hash", "its receipt is not the one that was given for it"),
        ("swap", "its sealed bytes are not those of its receipt"),
        ("date", "its receipt is not the one that was given for it"),
    ],
)
def test_what_the_database_administrator_changes_is_found_out_and_the_rest_is_opened(
    tender: Tender, change: str, reason: str
) -> None:
    larch, rowan = tender.supplier(), tender.supplier("rowan-devices")
    larch.has_bid()
    rowan.has_bid(a_bid(77_000))
    unguarded(tender.db, "bid", "guard_bid_made", "guard_bid_sealed")
    one, other = tender.rows()
    assert one.sealed is not None
    assert other.sealed is not None
    flipped = one.sealed[:-9] + bytes([one.sealed[-9] ^ 1]) + one.sealed[-8:]
    values: dict[str, Any] = {
        "byte": {"sealed": flipped},
        "byte and hash": {"sealed": flipped, "sha256": sha256(flipped).hexdigest()},
        "swap": {"sealed": other.sealed},
        "date": {"received_at": one.received_at.replace(microsecond=1)},
    }[change]
    with tender.db.write() as session:
        session.execute(update(Bid).where(col(Bid.id) == one.id).values(**values))
    tender.closes()

    assert tender.opens() == {"is_open": True, "opened": 1, "unreadable": 1}

    seen = {item["id"]: item for item in tender.buyer.sees()["items"]}
    assert (seen[str(one.id)]["state"], seen[str(one.id)]["reason"]) == ("unreadable", reason)
    assert seen[str(one.id)]["content"] is None
    assert seen[str(other.id)]["content"]["lots"][0]["tiers"][0]["unit_price_pence"] == 77_000
    [own] = larch.own()["items"]
    assert (own["state"], own["reason"]) == ("unreadable", reason)


def test_no_bid_is_sealed_to_a_key_that_somebody_wrote_into_the_database(tender: Tender) -> None:
    unguarded(tender.db, "opening_officer", "guard_officer_key")
    one, other = (duty.id for duty in tender.duties()[:2])
    with tender.db.write() as session:
        theirs = session.get_one(OpeningOfficer, other)
        session.execute(
            update(OpeningOfficer)
            .where(col(OpeningOfficer.id) == one)
            .values(public_key=theirs.public_key, key_signature=theirs.key_signature)
        )

    refused = tender.supplier().bids()

    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("an opening officer's key is not the one that was made here")
    assert tender.rows() == []


def test_what_was_handed_over_and_changed_is_asked_for_again(tender: Tender) -> None:
    tender.supplier().has_bid()
    tender.closes()
    one, two, _ = tender.officers
    told(one.gives(tender.codes[0]))
    with tender.db.write() as session:
        first = session.get_one(OpeningOfficer, tender.duties()[0].id)
        first.handed_over = dict.fromkeys(first.handed_over or {}, b64encode(b"x" * 80).decode())

    assert two.gives(tender.codes[1]).json()["detail"] == (
        "what the first officer gave was changed meanwhile; they must give their code again"
    )
    told(one.gives(tender.codes[0]))
    assert told(two.gives(tender.codes[1]))["opened"] == 1
