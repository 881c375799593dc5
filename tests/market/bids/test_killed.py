"""The server killed with SIGKILL in the last minute: every bid that was answered with a receipt is there and opens."""

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from tests.market.bids.conftest import Somebody, Tender, a_bid, told
from tests.support.apps import client_over

from becta.kernel import clock
from becta.market.audit.verify import verify
from becta.market.bench.serving import free_port, start, wait_until_ready
from becta.market.bids.receipts import Receipt
from becta.market.settings import Settings
from becta.market.wiring import House, build

SUPPLIERS, KILLS = 5, 2


@pytest.fixture
def kept(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """A marketplace with its database in its data folder, as a server of its own finds it."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "market.db")
    running = build(Settings(data_dir=folder, database_url=None))
    running.projection.heal()
    yield running
    running.close()


class Sender(threading.Thread):
    """Sends bid after bid for a supplier until the server is gone; keeps what it was answered."""

    def __init__(self, port: int, supplier: Somebody, path: str, first_price: int) -> None:
        super().__init__()
        self.port, self.supplier, self.path, self.price = port, supplier, f"/api/v1{path}/bids", first_price
        self.answered: list[tuple[dict[str, Any], int]] = []

    def run(self) -> None:
        headers = {**self.supplier.api.headers, "Content-Type": "application/json"}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            while True:
                self.price += 1
                connection.request("POST", self.path, msgspec.json.encode(a_bid(self.price)), headers)
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 201, body
                self.answered.append((msgspec.json.decode(body), self.price))
        except (OSError, HTTPException):
            return
        finally:
            connection.close()


def test_every_bid_with_a_receipt_is_there_after_the_server_was_killed_and_opens(kept: House) -> None:
    with client_over(kept) as client:
        _killed_and_opened(kept, client)


def _killed_and_opened(kept: House, client: TestClient[Any]) -> None:
    tender = Tender(kept, client)
    tender.ready()
    suppliers = [tender.supplier(f"supplier-{number}") for number in range(SUPPLIERS)]
    answered: list[tuple[dict[str, Any], int]] = []
    chance = random.Random(2026)
    for kill in range(KILLS):
        port = free_port()
        process = start(kept.settings.data_dir, port)
        try:
            wait_until_ready(port, process)
            first = 1_000_000 * (kill + 1)
            senders = [
                Sender(port, supplier, tender.path, first + 10_000 * place) for place, supplier in enumerate(suppliers)
            ]
            for sender in senders:
                sender.start()
            while not any(sender.answered for sender in senders):
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.8))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)
        for sender in senders:
            sender.join(timeout=30)
            answered += sender.answered

    states = {str(bid.id): bid for bid in tender.rows()}
    assert len(answered) >= KILLS
    for body, _ in answered:
        receipt = msgspec.convert(body["receipt"], Receipt)
        row = states[body["id"]]
        assert (row.sha256, row.received_at) == (receipt.sha256, receipt.received_at)
        assert kept.notary.is_ours(receipt)
    kept.sealer.seal()
    assert verify(kept.db, [kept.sealer.key]).findings == []
    tender.deadline(clock.now())
    time.sleep(0.01)
    tender.closes()
    assert told(tender.officers[0].gives(tender.codes[0]))["is_open"] is False
    done = told(tender.officers[1].gives(tender.codes[1]))

    assert (done["opened"], done["unreadable"]) == (sum(bid.sealed is not None for bid in states.values()), 0)
    items = {item["id"]: item for item in tender.buyer.sees()["items"]}
    newest = {body["receipt"]["supplier_id"]: (body, price) for body, price in answered}
    for supplier_id, (body, price) in newest.items():
        [standing] = [item for item in items.values() if item["supplier_id"] == supplier_id]
        asked = standing["content"]["lots"][0]["tiers"][0]["unit_price_pence"]
        assert asked >= price  # a later one may have been stored and its answer lost
        assert (standing["id"] == body["id"]) == (asked == price)
