"""Rate limits: how often a token, an address or somebody signing in may ask in a minute; one count in each process.

It stands before everything else, so that what is refused costs next to nothing, and knows a token only by how the
application answered to it: one that was let in is counted by itself, any other by its address.
"""

import ipaddress
import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import parse_qsl

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from becta.market.problems import KINDS, MEDIA_TYPE, TOKEN_IN_ADDRESS, Problem
from becta.market.settings import Settings

WINDOW = 60
BAD_TOKENS = 30
"""A bad token costs its address a thirtieth of all it may ask."""
MOST_KEYS = 100_000
"""Most tokens and addresses counted at a time. Beyond it all start afresh: nobody holds memory without end."""
MOST_KNOWN = 20_000
"""Most tokens remembered as good."""
API, SIGN_IN = "/api/", "/sign-in"
STATIC, HEALTH = "/static/", "/health"
TOKEN_NAMES = frozenset({"access_token", "token", "api_token", "api_key", "apikey", "api-key", "bearer"})
_SLASHES = re.compile("/{2,}")
_SECRET = re.compile(r"becta_[\w-]{40}", re.ASCII)
HINTS = (b"token", b"key", b"bearer", b"becta_", b"%")
"""Without one of these no query can name a token."""
_PAGE = """<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Too many requests</title></head>
<body><main><h1>Too many requests</h1><p>Wait {seconds} seconds and try again.</p></main></body></html>"""

Key = int | str | tuple[str, str]


class Policy(Struct, frozen=True):
    """How many requests one key may make in a window; None is no limit, 0 is nothing."""

    name: str
    quota: int | None

    @property
    def header(self) -> bytes:
        """The policy as the IETF's draft-ietf-httpapi-ratelimit-headers-11 writes it."""
        return f'"{self.name}";q={self.quota};w={WINDOW}'.encode()


class RateLimits:
    """The application with rate limits before it. Windows are fixed, and the same for everybody."""

    def __init__(self, app: ASGIApp, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Limit `app` as the settings say."""
        self._app = app
        self._clock = clock
        self._token = Policy("token", settings.rate_limit_token)
        self._address = Policy("address", settings.rate_limit_address)
        self._sign_in = Policy("sign-in", settings.rate_limit_sign_in)
        self._headers = {policy.name: policy.header for policy in (self._token, self._address, self._sign_in)}
        self._proxies = trusted(settings.trusted_proxies)
        self._bad_token = max(1, (settings.rate_limit_address or 0) // BAD_TOKENS)
        self._counts: dict[Key, int] = {}
        self._known: dict[int, bool] = {}
        self._ends = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request, and answer it with 429 where it is one too many."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if "//" in path:  # the application reads them as one
            path = _SLASHES.sub("/", path)
        is_api = path.startswith(API)
        if not is_api and (path.startswith(STATIC) or path == HEALTH):
            await self._app(scope, receive, send)
            return
        token, address = self._who(scope)
        is_known = token is not None and token in self._known
        policy = self._token if is_known else self._address
        key: Key = token if is_known and token is not None else address
        if self._is_over(policy, key):
            await self._refuse(scope, send, policy)
            return
        if path.startswith(SIGN_IN) and scope["method"] == "POST" and self._is_over(self._sign_in, ("", address)):
            await self._refuse(scope, send, self._sign_in)
            return
        if is_api and (policy.quota is not None or token is not None):
            send = self._telling(scope, send, policy, key, token)
        if is_api and scope["query_string"] and names_token(scope["query_string"]):
            await _refuse_token(scope, send)
            return
        await self._app(scope, receive, send)

    def _is_over(self, policy: Policy, key: Key) -> bool:
        """Count one more, and whether that is one too many."""
        if policy.quota is None:
            return False
        now = self._clock()
        if now >= self._ends:
            self._counts.clear()
            self._ends = now + WINDOW
        counts = self._counts
        count = counts.get(key, 0) + 1
        if count == 1 and len(counts) >= MOST_KEYS:
            counts.clear()
        if count > policy.quota:
            return True
        counts[key] = count
        return False

    def _telling(self, scope: Scope, send: Send, policy: Policy, key: Key, token: int | None) -> Send:
        """A `send` that adds what is left to the answer, and learns from it whether the token is good."""

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                if token is not None:
                    self._learn(token, message["status"], scope, policy, key)
                if policy.quota is not None:
                    message["headers"] = [*message["headers"], *self._told(policy, self._counts.get(key, 0))]
            await send(message)

        return tell

    def _learn(self, token: int, status: int, scope: Scope, policy: Policy, key: Key) -> None:
        if status == 401:
            if not self._known.pop(token, False) and policy.quota is not None:
                self._counts[key] = self._counts.get(key, 0) + self._bad_token - 1
        elif policy is self._address and status < 400 and needs_token(scope):
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[token] = True

    def _told(self, policy: Policy, count: int) -> list[tuple[bytes, bytes]]:
        left = max(0, (policy.quota or 0) - count)
        now = f'"{policy.name}";r={left};t={self._seconds_left()}'
        return [(b"ratelimit-policy", self._headers[policy.name]), (b"ratelimit", now.encode())]

    def _seconds_left(self) -> int:
        return max(1, int(self._ends - self._clock() + 0.999))

    def _who(self, scope: Scope) -> tuple[int | None, str]:
        """The token that came with a request, not checked and as a hash only, and the address to count by."""
        token, forwarded = None, []
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                token = hash(value[7:].strip())
            elif name == b"x-forwarded-for":
                forwarded.append(value.decode("latin-1"))
        client = scope["client"]
        host = "" if client is None else client[0]
        if forwarded and self._proxies and _is_in(host, self._proxies):
            host = first_untrusted(forwarded, self._proxies) or host
        return token, counted_as(host)

    async def _refuse(self, scope: Scope, send: Send, policy: Policy) -> None:
        seconds = self._seconds_left()
        headers = [(b"retry-after", str(seconds).encode()), *self._told(policy, policy.quota or 0)]
        detail = f"at most {policy.quota} requests a minute are taken here; wait {seconds} seconds"
        await _answer(scope, send, 429, KINDS[429], detail, headers, page=_PAGE.format(seconds=seconds))


def needs_token(scope: Scope) -> bool:
    """Whether the route that a request was taken to asks for a token, so that having got in says that it is good."""
    handler = scope.get("route_handler")
    access = None if handler is None else handler.opt.get("access")
    return access is not None and bool(access.signed_in)


def names_token(query: bytes) -> bool:
    """Whether the query of an address holds a token, or something meant as one."""
    lower = query.lower()
    if not any(hint in lower for hint in HINTS):
        return False
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return any(name.strip().lower() in TOKEN_NAMES or bool(_SECRET.search(value)) for name, value in pairs)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def trusted(listed: str) -> tuple[Network, ...]:
    """The networks of the proxies named, comma-separated; raises ValueError for what is no address."""
    return tuple(ipaddress.ip_network(one.strip(), strict=False) for one in listed.split(",") if one.strip())


def first_untrusted(forwarded: Iterable[str], proxies: tuple[Network, ...]) -> str | None:
    """The address that the outermost proxy of ours saw: the right-most one that is no proxy of ours.

    None where one of ours passed on something that is no address.
    """
    host = None
    for host in reversed([one.strip() for one in ",".join(forwarded).split(",")]):
        if _parsed(host) is None:
            return None
        if not _is_in(host, proxies):
            return host
    return host


@lru_cache(maxsize=10_000)
def counted_as(host: str) -> str:
    """What an address is counted as: of IPv6 the network of 64 bits, of which a customer has one at least."""
    if ":" not in host:
        return host
    address = _parsed(host)
    if not isinstance(address, ipaddress.IPv6Address):
        return host if address is None else str(address)
    return address.packed[:8].hex()


def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def _is_in(host: str, networks: tuple[Network, ...]) -> bool:
    address = _parsed(host)
    return address is not None and any(address in network for network in networks)


async def _refuse_token(scope: Scope, send: Send) -> None:
    detail = "send the token in the header Authorization, and rotate it: addresses are kept in logs and histories"
    await _answer(scope, send, 400, TOKEN_IN_ADDRESS, detail, [])


async def _answer(
    scope: Scope,
    send: Send,
    status: int,
    kind: tuple[str, str],
    detail: str,
    headers: list[tuple[bytes, bytes]],
    *,
    page: str | None = None,
) -> None:
    """Answer at once: a problem, or a page for somebody at a browser."""
    slug, title = kind
    problem = Problem(type=f"/problems/{slug}", title=title, status=status, detail=detail, instance=scope["path"])
    body, media_type = msgspec.json.encode(problem), MEDIA_TYPE
    accepts = dict(scope["headers"]).get(b"accept", b"")
    if page is not None and b"text/html" in accepts and not scope["path"].startswith(API):
        body, media_type = page.encode(), "text/html; charset=utf-8"
    start = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body, "more_body": False})
