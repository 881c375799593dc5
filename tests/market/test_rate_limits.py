"""Rate limits: by token, by address, when signing in; told in headers, cheap, and bounded in memory."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.support.api import token_for
from tests.support.watching import everything

from becta.market import limits
from becta.market.app import create_app
from becta.market.limits import RateLimits, counted_as, first_untrusted, names_token, trusted
from becta.market.settings import Settings
from becta.market.wiring import House

POLICY = {"token": '"token";q=600;w=60', "address": '"address";q=300;w=60'}


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Limited:
    """Rate limits before an application that answers as it is told."""

    def __init__(self, **settings: Any) -> None:
        given = {"rate_limit_token": None, "rate_limit_address": None, "rate_limit_sign_in": None, **settings}
        self.clock, self.status, self.signed_in, self.reached = Clock(), 200, True, 0
        self.app = RateLimits(self._answer, Settings(**given), clock=self.clock)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached += 1
        access = type("Access", (), {"signed_in": self.signed_in})
        scope["route_handler"] = type("Handler", (), {"opt": {"access": access}})
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def ask(
        self,
        path: str = "/api/v1/products",
        *,
        token: str | None = None,
        address: str | None = "192.0.2.1",
        method: str = "GET",
        query: str = "",
        **headers: str,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request."""
        sent: list[Any] = []
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["authorization"] = f"Bearer {token}"
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": None if address is None else (address, 1),
        }

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, None, send))  # type: ignore[arg-type]
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], told, sent[1]["body"]

    def statuses(self, many: int, **request: Any) -> list[int]:
        """How many requests ended."""
        return [self.ask(**request)[0] for _ in range(many)]


def test_an_address_is_told_what_is_left_refused_beyond_it_and_starts_afresh_after_a_minute() -> None:
    limited = Limited(rate_limit_address=3)

    told = []
    for _ in range(3):
        status, headers, _ = limited.ask()
        told.append((status, headers["ratelimit-policy"], headers["ratelimit"]))
        limited.clock.now += 10
    assert told == [
        (200, '"address";q=3;w=60', '"address";r=2;t=60'),
        (200, '"address";q=3;w=60', '"address";r=1;t=50'),
        (200, '"address";q=3;w=60', '"address";r=0;t=40'),
    ]

    status, headers, body = limited.ask()
    assert (status, headers["retry-after"], headers["ratelimit"]) == (429, "30", '"address";r=0;t=30')
    assert headers["content-type"] == "application/problem+json"
    assert body == (
        b'{"type":"/problems/too-many-requests","title":"Too many requests","status":429,'
        b'"detail":"at most 3 requests a minute are taken here; wait 30 seconds",'
        b'"instance":"/api/v1/products","errors":[]}'
    )
    assert limited.reached == 3
    assert limited.ask(address="192.0.2.2")[0] == 200

    limited.clock.now += 30
    assert limited.ask()[0] == 200


def test_a_token_is_counted_by_itself_once_it_was_let_in_and_only_then() -> None:
    limited = Limited(rate_limit_token=5, rate_limit_address=2)

    assert limited.ask(token="good")[1]["ratelimit"] == '"address";r=1;t=60'
    assert [limited.ask(token="good")[1]["ratelimit"] for _ in range(5)] == [
        f'"token";r={left};t=60' for left in (4, 3, 2, 1, 0)
    ]
    assert limited.ask(token="good")[0] == 429
    # another address does not help the token, nor the token's end the address
    assert limited.ask(token="good", address="192.0.2.9")[0] == 429
    assert limited.statuses(2) == [200, 429]


def test_a_made_up_token_on_a_public_route_is_counted_by_its_address() -> None:
    limited = Limited(rate_limit_token=100, rate_limit_address=3)
    limited.signed_in = False

    assert [limited.ask(token=f"made-up-{number}")[0] for number in range(5)] == [200, 200, 200, 429, 429]


def test_thirty_bad_tokens_in_a_minute_close_an_address_but_not_to_a_good_token() -> None:
    limited = Limited(rate_limit_token=600, rate_limit_address=300)
    assert limited.ask(token="good")[0] == 200
    limited.clock.now += 60
    limited.status = 401

    assert [limited.ask(token=f"guess-{number}")[0] for number in range(31)] == [401] * 30 + [429]
    assert limited.ask()[0] == 429
    limited.status = 200
    assert limited.ask(token="good")[0] == 200
    assert limited.ask(address="192.0.2.2")[0] == 200


def test_a_refusal_without_a_token_costs_no_more_than_any_request() -> None:
    limited = Limited(rate_limit_address=300)
    limited.status = 401
    assert limited.statuses(301) == [401] * 300 + [429]


def test_a_token_that_stops_being_good_is_counted_by_its_address_again() -> None:
    limited = Limited(rate_limit_token=600, rate_limit_address=300)
    limited.ask(token="was-good")
    limited.status = 401
    assert limited.ask(token="was-good")[1]["ratelimit"].startswith('"token"')
    assert limited.ask(token="was-good")[1]["ratelimit"] == '"address";r=289;t=60'


def test_signing_in_is_tried_ten_times_a_minute_from_an_address() -> None:
    limited = Limited(rate_limit_sign_in=10, rate_limit_address=300)

    assert limited.statuses(11, path="/sign-in/link", method="POST") == [200] * 10 + [429]
    assert limited.ask("/sign-in/link/use", method="POST")[0] == 429
    assert limited.ask("/sign-in/link")[0] == 200
    assert limited.ask("/sign-in/link", method="POST", address="192.0.2.2")[0] == 200
    status, headers, body = limited.ask("/sign-in/link", method="POST", accept="text/html,*/*")
    assert (status, headers["content-type"], headers["retry-after"]) == (429, "text/html; charset=utf-8", "60")
    assert b"Wait 60 seconds and try again." in body


def test_more_slashes_in_an_address_get_past_no_limit() -> None:
    limited = Limited(rate_limit_sign_in=10, rate_limit_address=300)

    assert limited.statuses(10, path="//sign-in///link", method="POST") == [200] * 10
    assert limited.ask("/sign-in/link", method="POST")[0] == 429
    assert limited.ask("//api//v1/me", query="token=x")[0] == 400


def test_none_is_no_limit_and_0_is_nothing_at_all() -> None:
    unlimited = Limited()
    status, headers, _ = unlimited.ask()
    assert (status, headers) == (200, {})
    assert set(unlimited.statuses(1_000, token="t")) == {200}

    closed = Limited(rate_limit_address=0)
    assert closed.ask()[0] == 429
    assert closed.reached == 0


@pytest.mark.parametrize("path", ["/static/built/main.css", "/health"])
def test_what_machines_and_pages_fetch_by_themselves_is_not_counted(path: str) -> None:
    limited = Limited(rate_limit_address=1)
    assert limited.statuses(5, path=path) == [200] * 5
    assert limited.ask("/search")[0] == 200
    assert limited.ask("/search")[0] == 429
    assert limited.ask("/healthy")[0] == 429


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("2001:db8:1:2::1", "20010db800010002"),
        ("2001:db8:1:3::1", "20010db800010003"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80000000000000"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_of_ipv6_a_network_counts_as_one_address(address: str, counted: str) -> None:
    assert counted_as(address) == counted


def test_nobody_holds_memory_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 50)
    monkeypatch.setattr(limits, "MOST_KNOWN", 5)
    limited = Limited(rate_limit_address=3, rate_limit_token=3)
    for number in range(500):
        limited.ask(address=f"10.0.{number // 250}.{number % 250}", token=f"good-{number}")
        assert len(limited.app._counts) <= 50
        assert len(limited.app._known) <= 5


def test_a_forwarded_address_is_believed_only_of_a_proxy_of_ours() -> None:
    limited = Limited(rate_limit_address=1, trusted_proxies="192.0.2.1, 10.0.0.0/8,2001:db8::/32")

    assert limited.ask(x_forwarded_for="203.0.113.7")[0] == 200
    assert limited.ask(x_forwarded_for="203.0.113.7, 10.1.2.3")[0] == 429
    assert limited.ask(x_forwarded_for="198.51.100.1, 203.0.113.7")[0] == 429, "the left is whatever was sent to us"
    assert limited.ask(x_forwarded_for="203.0.113.8")[0] == 200
    # somebody else's word counts for nothing
    assert limited.ask(address="203.0.113.99", x_forwarded_for="1.1.1.1")[0] == 200
    assert limited.ask(address="203.0.113.99", x_forwarded_for="2.2.2.2")[0] == 429


def test_without_trusted_proxies_a_forwarded_address_counts_for_nothing() -> None:
    limited = Limited(rate_limit_address=1)
    assert limited.ask(x_forwarded_for="203.0.113.7")[0] == 200
    assert limited.ask(x_forwarded_for="203.0.113.8")[0] == 429


def test_the_address_is_the_rightmost_that_is_no_proxy_of_ours() -> None:
    ours = trusted("10.0.0.0/8, 2001:db8::1")

    assert first_untrusted(["1.1.1.1, 2.2.2.2, 10.0.0.1"], ours) == "2.2.2.2"
    assert first_untrusted(["1.1.1.1", "2.2.2.2, 10.0.0.1"], ours) == "2.2.2.2"
    assert first_untrusted(["10.0.0.2, 10.0.0.1"], ours) == "10.0.0.2"
    assert first_untrusted(["1.1.1.1, nonsense, 10.0.0.1"], ours) is None
    assert first_untrusted([""], ours) is None
    assert trusted("") == ()
    with pytest.raises(ValueError, match="does not appear"):
        trusted("my-proxy")


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("access_token=x", True),
        ("q=a&token=x", True),
        ("TOKEN=x", True),
        ("api_key=", True),
        ("%74oken=x", True),
        ("q=becta_p_" + "0" * 49, True),
        ("whatever=becta%5Fo_" + "0" * 49, True),
        ("whatever=becta_" + "-" * 43, True),
        ("q=token", False),
        ("q=key+stage+2&limit=5", False),
        ("q=becta_stands_for", False),
        ("tokens=3", False),
        ("cursor=abc%3D", False),
        ("", False),
    ],
)
def test_a_token_in_the_address_is_recognised(query: str, holds: bool) -> None:
    assert names_token(query.encode()) is holds


def test_a_token_in_the_address_counts_as_any_request_and_reaches_nothing() -> None:
    limited = Limited(rate_limit_address=2)
    answers = [limited.ask(query="token=x") for _ in range(3)]

    assert [status for status, _, _ in answers] == [400, 400, 429]
    assert answers[0][1]["ratelimit"] == '"address";r=1;t=60'
    assert limited.reached == 0


@pytest.mark.parametrize(
    ("given", "limit"), [("", None), ("0", 0), ("25", 25), (None, 300)], ids=["empty", "nought", "a number", "unset"]
)
def test_an_empty_setting_is_no_limit(monkeypatch: pytest.MonkeyPatch, given: str | None, limit: int | None) -> None:
    monkeypatch.delenv("RATE_LIMIT_ADDRESS", raising=False)
    if given is not None:
        monkeypatch.setenv("RATE_LIMIT_ADDRESS", given)
    assert Settings().rate_limit_address == limit


def test_out_of_the_box_everything_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RATE_LIMIT_TOKEN", "RATE_LIMIT_ADDRESS", "RATE_LIMIT_SIGN_IN"):
        monkeypatch.delenv(name, raising=False)
    found = Settings()
    assert (found.rate_limit_token, found.rate_limit_address, found.rate_limit_sign_in) == (600, 300, 10)
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Settings(rate_limit_token=-1)


@pytest.fixture
def limited_client(house: House, tmp_path: Path) -> Iterator[TestClient]:
    """The whole application with small limits."""
    told = {"rate_limit_token": 600, "rate_limit_address": 300, "rate_limit_sign_in": 10}
    running = replace(house, settings=house.settings.model_copy(update=told))
    with TestClient(create_app(running, relay=False)) as client:
        yield client


def test_every_answer_of_the_api_tells_the_limit_errors_too(limited_client: TestClient, house: House) -> None:
    headers = {"Authorization": f"Bearer {token_for(house.db, None)}"}

    for path, status in (("/products", 200), ("/nowhere", 404), ("/products?limit=0", 400), ("/me", 401)):
        answer = limited_client.get(f"/api/v1{path}")
        assert (answer.status_code, answer.headers["ratelimit-policy"]) == (status, POLICY["address"])
        assert answer.headers["ratelimit"].startswith('"address";r=')
    first, second = (limited_client.get("/api/v1/me", headers=headers) for _ in range(2))
    assert first.headers["ratelimit-policy"] == POLICY["address"]
    assert second.headers["ratelimit-policy"] == POLICY["token"]
    assert second.headers["ratelimit"].startswith('"token";r=599;t=')
    assert "ratelimit" not in limited_client.get("/health").headers


def test_guessing_tokens_ends_in_429_and_a_problem(limited_client: TestClient) -> None:
    statuses = []
    for number in range(31):
        answer = limited_client.get("/api/v1/me", headers={"Authorization": f"Bearer becta_o_{number}"})
        statuses.append(answer.status_code)

    assert statuses == [401] * 30 + [429]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/too-many-requests"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert limited_client.get("/health").status_code == 200


def test_a_token_in_the_address_is_refused_good_or_bad_on_every_route(client: TestClient, house: House) -> None:
    secret = token_for(house.db, None)
    stored = everything(house.db)

    for method, path in (
        ("GET", f"/products?access_token={secret}"),
        ("GET", "/products?access_token=nonsense"),
        ("GET", f"/search?q={secret}"),
        ("POST", f"/suppliers?token={secret}"),
        ("GET", "/nowhere?api_key=1"),
        ("GET", f"/me?token={secret}"),
    ):
        answer = client.request(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/token-in-address")
        assert "rotate it" in answer.json()["detail"]
        assert secret not in answer.text
    assert client.get("/problems/token-in-address").status_code == 200
    assert everything(house.db) == stored


def test_a_token_in_a_cookie_means_nothing(client: TestClient, house: House) -> None:
    secret = token_for(house.db, None)
    for name in ("token", "access_token", "Authorization", "session"):
        answer = client.get("/api/v1/me", headers={"Cookie": f"{name}={secret}"})
        assert answer.status_code == 401
