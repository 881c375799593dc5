"""The guarded web client of the runners. Whatever a peer does, a request ends: answered, refused or unreachable.

Only https on port 443 of global addresses is asked; what `allowed` names may also be private, plain http or another
port. Addresses are checked where the connection is made: the address checked is the address connected to.
"""

import ssl
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpcore2
import httpx2
import msgspec
from msgspec import Struct

from becta.compliance.conformance.guarded_network import Budget, GuardedBackend, Resolver, WebLimits, place, resolve
from becta.compliance.conformance.reports import Refused

__all__ = ["Answer", "Unreachable", "Web", "WebLimits"]

AGENT = "becta-conformance/1"
PORTS = {"https": 443, "http": 80}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PACKINGS = frozenset({"", "identity", "gzip", "x-gzip"})
MOST_COOKIES = 50
"""Cookies of one answer that are kept."""
MOST_KEPT = 200
"""Cookies that are kept in all."""
LONGEST_COOKIE = 4096
"""Bytes; RFC 6265 6.1 asks no more of a browser."""
_SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")
_BODY_HEADERS = ("content-length", "content-type", "transfer-encoding")


class Unreachable(Exception):
    """No connection, a TLS failure, a reset or broken HTTP: a finding for the runner, not a refusal."""


class Answer(Struct, frozen=True, kw_only=True):
    """What came back. Header names are in lower case, with the first value; `url` is where it came from in the end.

    `set_cookies` are the raw Set-Cookie headers of this answer, not of redirects before it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    set_cookies: tuple[str, ...] = ()

    def json(self) -> object:
        """The body read as JSON; raises ValueError for anything else, or for JSON nested too deep."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise ValueError("the body is not JSON") from None


class Web:
    """The web as one run sees it. A context manager; not shared between threads; keeps cookies as a browser does.

    `allowed` holds the "host:port" pairs that may be reached although private, loopback or plain http. `resolver`
    and `trust` (the TLS authorities) are the system's unless given.
    """

    def __init__(
        self,
        *,
        allowed: frozenset[str] = frozenset(),
        limits: WebLimits = WebLimits(),  # noqa: B008 - a frozen value
        resolver: Resolver = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = frozenset(place(*_split(entry)) for entry in allowed)
        self._limits = limits
        self._budget = Budget(limits)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or _authorities(),
            network_backend=GuardedBackend(self._budget, allowed=self._allowed, resolver=resolver),
        )
        # A browser sends Secure cookies to loopback over plain http too, and nothing else is asked without TLS.
        policy = DefaultCookiePolicy(secure_protocols=("https", "http"))
        self._cookies = httpx2.Cookies(CookieJar(policy))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections."""
        self._pool.close()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        auth: tuple[str, str] | None = None,
        follow: bool = True,
    ) -> Answer:
        """GET; raises as `send` does."""
        return self.send("GET", url, headers=headers, auth=auth, follow=follow)

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        form: Mapping[str, str] | None = None,
        json: object = None,
        auth: tuple[str, str] | None = None,
        follow: bool = True,
    ) -> Answer:
        """POST a form or JSON; raises as `send` does."""
        return self.send("POST", url, headers=headers, form=form, json=json, auth=auth, follow=follow)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        form: Mapping[str, str] | None = None,
        json: object = None,
        auth: tuple[str, str] | None = None,
        follow: bool = True,
    ) -> Answer:
        """Ask, following redirects unless told not to. Raises Refused where a limit is broken, else Unreachable.

        A redirect to another origin loses Authorization, and is refused if it would take a body along.
        """
        self._budget.begin()
        given = {"user-agent": AGENT, "accept": "*/*", "accept-encoding": "gzip"}
        given |= {name.lower(): value for name, value in headers.items()}
        if auth is not None:
            given["authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
        request = _request(method, self._checked(url), given, form=form, json=json)
        for _ in range(self._limits.hops + 1):
            answer = self._exchange(request)
            if not follow or answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer
            request = self._redirected(request, answer)
        raise Refused(f"{_place(request.url)} redirects more than {self._limits.hops} times")

    def _checked(self, url: str) -> httpx2.URL:
        try:
            parsed = httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError, TypeError):
            raise Refused("this is not a web address") from None
        if parsed.scheme not in PORTS:
            raise Refused(f"only https is asked, not {parsed.scheme[:20] or 'an address without a scheme'}")
        if parsed.userinfo:
            raise Refused("the address holds a user name or password")
        if not parsed.host:
            raise Refused("the address has no host")
        if _place(parsed) not in self._allowed:
            if parsed.scheme != "https":
                raise Refused(f"only https is asked, and {_place(parsed)} is named with {parsed.scheme}")
            if parsed.port not in {None, PORTS["https"]}:
                raise Refused(f"only port {PORTS['https']} is asked, and {_place(parsed)} is named")
        return parsed

    def _redirected(self, request: httpx2.Request, answer: Answer) -> httpx2.Request:
        try:
            there = str(request.url.join(answer.headers["location"]))
        except (httpx2.InvalidURL, ValueError):
            raise Refused(f"{_place(request.url)} redirects to what is not a web address") from None
        url = self._checked(there)
        headers = {name: value for name, value in request.headers.items() if name not in {"host", "cookie"}}
        crosses = (url.scheme, _place(url)) != (request.url.scheme, _place(request.url))
        if crosses:
            headers = {name: value for name, value in headers.items() if name not in _SECRET_HEADERS}
        becomes_get = answer.status == 303 or (answer.status in {301, 302} and request.method == "POST")
        if becomes_get:
            headers = {name: value for name, value in headers.items() if name not in _BODY_HEADERS}
            return _request("HEAD" if request.method == "HEAD" else "GET", url, headers)
        if crosses and request.content:
            raise Refused(f"{_place(request.url)} redirects a request with its body to {_place(url)}")
        return _request(request.method, url, headers, content=request.content or None)

    def _exchange(self, request: httpx2.Request) -> Answer:
        self._budget.ask()
        self._cookies.set_cookie_header(request)
        where = _place(request.url)
        try:
            return self._answer(request)
        except httpcore2.TimeoutException as error:
            self._budget.check()
            if isinstance(error, httpcore2.ConnectTimeout):
                problem = f"{where} takes no connection within {self._limits.wait_seconds:g} seconds"
                raise Unreachable(problem) from None
            raise Refused(f"{where} is silent for {self._limits.wait_seconds:g} seconds") from None
        except httpcore2.ConnectError as error:
            raise Unreachable(f"{where} {_why_unconnected(error)}") from None
        except httpcore2.NetworkError:
            raise Unreachable(f"{where} broke the connection off") from None
        except httpcore2.LocalProtocolError:
            raise Refused("the request holds what HTTP cannot carry") from None
        except httpcore2.ProtocolError:
            raise Unreachable(f"{where} does not answer in HTTP, or with headers that are too long") from None
        except httpx2.DecodingError:
            raise Unreachable(f"{where} packs its answer wrongly") from None

    def _answer(self, request: httpx2.Request) -> Answer:
        url = request.url
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        asked = httpcore2.Request(request.method, target, headers=request.headers.raw, content=request.content)
        raw = self._pool.handle_request(asked)
        try:
            response = httpx2.Response(raw.status, headers=raw.headers, stream=_Body(raw.iter_stream()))
            body = self._body(response)
        finally:
            raw.close()
        headers: dict[str, str] = {}
        for name, value in response.headers.multi_items():
            headers.setdefault(name.lower(), value)
        cookies = tuple(response.headers.get_list("set-cookie"))
        self._keep(cookies, request)
        return Answer(status=raw.status, headers=headers, body=body, url=str(url), set_cookies=cookies)

    def _body(self, response: httpx2.Response) -> bytes:
        packing = response.headers.get("content-encoding", "").strip().lower()
        if "," in packing:
            raise Refused("the answer is packed more than once")
        if packing not in PACKINGS:
            raise Unreachable("the answer is packed in a way that was not asked for")
        body = bytearray()
        for chunk in response.iter_bytes():  # unpacked a megabyte at a time
            body += chunk
            if len(body) > self._limits.largest_bytes:
                raise Refused(f"the answer is larger than {self._limits.largest_bytes:,} bytes")
            self._budget.check()
        return bytes(body)

    def _keep(self, cookies: Iterable[str], request: httpx2.Request) -> None:
        if len(self._cookies) >= MOST_KEPT:
            return
        short = [cookie for cookie in cookies if len(cookie) <= LONGEST_COOKIE][:MOST_COOKIES]
        told = httpx2.Response(200, headers=[("set-cookie", cookie) for cookie in short], request=request)
        self._cookies.extract_cookies(told)


class _Body(httpx2.SyncByteStream):
    """What httpx2 unpacks, from what httpcore2 reads."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


@cache
def _authorities() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _split(entry: str) -> tuple[str, int]:
    host, _, port = entry.rpartition(":")
    return host, int(port)


def _place(url: httpx2.URL) -> str:
    return place(url.raw_host.decode("ascii"), url.port or PORTS.get(url.scheme, 0))


def _request(
    method: str,
    url: httpx2.URL,
    headers: Mapping[str, str],
    *,
    form: Mapping[str, str] | None = None,
    json: object = None,
    content: bytes | None = None,
) -> httpx2.Request:
    try:
        return httpx2.Request(method, url, headers=dict(headers), data=form, json=json, content=content)
    except UnicodeError:
        raise Refused("a header holds letters that HTTP cannot carry") from None


def _why_unconnected(error: httpcore2.ConnectError) -> str:
    cause = error.args[0] if error.args else None  # httpcore2 wraps the system's error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"has a TLS certificate that does not hold: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return "does not speak TLS that we accept"
    return f"takes no connection: {cause.strerror or 'refused'}" if isinstance(cause, OSError) else f"fails: {error}"
