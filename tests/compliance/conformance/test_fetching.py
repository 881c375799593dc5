"""The guarded web client against peers that misbehave: each request ends in time, and nobody forbidden is asked."""

import datetime as dt
import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from becta.compliance.conformance.addresses import why_forbidden
from becta.compliance.conformance.fetching import Unreachable, Web, WebLimits
from becta.compliance.conformance.reports import Refused
from becta.kernel import clock

LIMITS = WebLimits(wait_seconds=0.3, whole_seconds=1, largest_bytes=100_000, hops=2, requests=20, run_seconds=5)
SLACK = 1.0
"""Seconds beyond the limit before a request counts as hanging: the machine may be busy."""
PUBLIC = "93.184.215.14"


def http(body: bytes = b"", *, status: str = "200 OK", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body


class Peer:
    """A server on loopback that says what it is told to, once per connection, and remembers what it was asked."""

    def __init__(self, say: Callable[[socket.socket, bytes], None], *, tls: ssl.SSLContext | None = None) -> None:
        self._say = say
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.place}/"
        self.asked: list[bytes] = []
        self.connections = 0
        self.closing = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                while request := _read_request(connection):
                    self.asked.append(request)
                    self._say(connection, request)
        except OSError:
            connection.close()

    def close(self) -> None:
        self.closing.set()
        self._listening.close()


def _read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        request += chunk
    head, _, body = request.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


Listen = Callable[[Callable[[socket.socket, bytes], None]], Peer]


@pytest.fixture
def listen() -> Iterator[Listen]:
    peers: list[Peer] = []

    def make(say: Callable[[socket.socket, bytes], None]) -> Peer:
        peers.append(Peer(say))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


def always(answer: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, request: connection.sendall(answer)


def web_for(*peers: Peer, limits: WebLimits = LIMITS) -> Web:
    return Web(allowed=frozenset(peer.place for peer in peers), limits=limits)


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + SLACK


# What works.


def test_an_answer_tells_status_headers_cookies_and_json(listen: Listen) -> None:
    peer = listen(always(http(b'{"a": [1]}', status="201 Created", extra="X-A: 1\r\nx-a: 2\r\nSet-Cookie: s=1\r\n")))
    with web_for(peer) as web:
        answer = web.get(peer.url + "x?y=1")
    assert (answer.status, answer.headers["x-a"], answer.url) == (201, "1", peer.url + "x?y=1")
    assert answer.json() == {"a": [1]}
    assert answer.set_cookies == ("s=1",)
    assert peer.asked[0].startswith(b"GET /x?y=1 HTTP/1.1\r\n")


def test_a_form_json_and_basic_credentials_are_sent(listen: Listen) -> None:
    peer = listen(always(http()))
    with web_for(peer) as web:
        web.post(peer.url, form={"grant_type": "client credentials"}, auth=("me", "hush"))
        web.post(peer.url, json={"a": 1})
    form, sent = peer.asked
    assert b"authorization: Basic bWU6aHVzaA==" in form
    assert form.endswith(b"\r\n\r\ngrant_type=client+credentials")
    assert json.loads(sent.partition(b"\r\n\r\n")[2]) == {"a": 1}


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 50_000, b"\xff\xfe", b'{"a":'])
def test_what_is_not_json_is_a_value_error(listen: Listen, body: bytes) -> None:
    peer = listen(always(http(body)))
    with web_for(peer) as web, pytest.raises(ValueError, match="not JSON"):
        web.get(peer.url).json()


def test_a_packed_answer_is_unpacked(listen: Listen) -> None:
    peer = listen(always(http(gzip.compress(b"hello"), extra="Content-Encoding: gzip\r\n")))
    with web_for(peer) as web:
        assert web.get(peer.url).body == b"hello"


def test_cookies_come_back_to_the_host_that_set_them_secure_ones_too(listen: Listen) -> None:
    def say(connection: socket.socket, request: bytes) -> None:
        connection.sendall(http(extra="Set-Cookie: state=abc; Secure; HttpOnly; SameSite=None; Path=/\r\n"))

    peer = listen(say)
    with web_for(peer) as web:
        web.get(peer.url)
        web.get(peer.url)
    assert b"cookie" not in peer.asked[0].lower()
    assert b"\r\ncookie: state=abc\r\n" in peer.asked[1].lower()


def test_a_flood_of_cookies_is_not_kept(listen: Listen) -> None:
    flood = "".join(f"Set-Cookie: c{number}=1\r\n" for number in range(200)) + f"Set-Cookie: long={'x' * 5000}\r\n"
    peer = listen(always(http(extra=flood)))
    with web_for(peer) as web:
        assert len(web.get(peer.url).set_cookies) == 201
        web.get(peer.url)
    assert peer.asked[1].count(b"=1") == 50
    assert b"long" not in peer.asked[1]


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [("301 M", "POST", b"GET"), ("302 F", "POST", b"GET"), ("303 S", "POST", b"GET"), ("307 T", "POST", b"POST")],
)
def test_redirects_are_followed_as_a_browser_does(listen: Listen, status: str, method: str, becomes: bytes) -> None:
    def say(connection: socket.socket, request: bytes) -> None:
        moved = request.split(b" ")[1] == b"/"
        connection.sendall(http(status=status, extra="Location: /there\r\n") if moved else http(b"here"))

    peer = listen(say)
    with web_for(peer) as web:
        answer = web.send(method, peer.url, form={"a": "1"}, headers={"Authorization": "Bearer t"})
    assert (answer.body, answer.url) == (b"here", peer.url + "there")
    assert peer.asked[1].startswith(becomes + b" /there")
    assert peer.asked[1].endswith(b"a=1" if becomes == b"POST" else b"\r\n\r\n")
    assert b"authorization: Bearer t" in peer.asked[1]


def test_a_redirect_is_an_answer_when_it_is_not_to_be_followed(listen: Listen) -> None:
    peer = listen(always(http(status="302 Found", extra="Location: https://10.0.0.1/\r\n")))
    with web_for(peer) as web:
        answer = web.get(peer.url, follow=False)
    assert (answer.status, answer.headers["location"]) == (302, "https://10.0.0.1/")


def test_a_redirect_to_another_origin_loses_the_authorization(listen: Listen) -> None:
    other = listen(always(http(b"other")))
    peer = listen(always(http(status="302 Found", extra=f"Location: {other.url}\r\n")))
    with web_for(peer, other) as web:
        assert web.get(peer.url, headers={"Authorization": "Bearer t"}).body == b"other"
    assert b"authorization" in peer.asked[0].lower()
    assert b"authorization" not in other.asked[0].lower()


def test_a_body_is_not_taken_to_another_origin(listen: Listen) -> None:
    other = listen(always(http()))
    peer = listen(always(http(status="307 Temporary Redirect", extra=f"Location: {other.url}\r\n")))
    with web_for(peer, other) as web, pytest.raises(Refused, match="with its body"):
        web.post(peer.url, form={"client_secret": "hush"})
    assert other.connections == 0


# Peers that misbehave.


def hang(connection: socket.socket, request: bytes) -> None:
    time.sleep(3)


def trickle(pieces: bytes, head: bytes) -> Callable[[socket.socket, bytes], None]:
    def say(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head)
        for _ in range(60):
            connection.sendall(pieces)
            time.sleep(0.05)

    return say


def endless(piece: bytes, head: bytes) -> Callable[[socket.socket, bytes], None]:
    def say(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return say


def reset(connection: socket.socket, request: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


def hang_up(connection: socket.socket, request: bytes) -> None:
    connection.close()


def half(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    connection.close()


LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(b"\0" * 20_000_000)
TWICE = http(gzip.compress(BOMB), extra="Content-Encoding: gzip, gzip\r\n")

MISBEHAVIOUR: dict[str, tuple[Callable[[socket.socket, bytes], None], type[Exception], str]] = {
    "hangs before the headers": (hang, Refused, "is silent for 0.3 seconds"),
    "hangs within the headers": (lambda c, r: (c.sendall(b"HTTP/1.1 200 OK\r\nA:"), hang(c, r))[1], Refused, "silent"),
    "hangs within the body": (lambda c, r: (c.sendall(LONG + b"a"), hang(c, r))[1], Refused, "is silent"),
    "trickles headers": (trickle(b"a", b"HTTP/1.1 200 OK\r\nA: "), Refused, "takes longer than 1 seconds"),
    "trickles a body": (trickle(b"a", LONG), Refused, "takes longer than 1 seconds"),
    "trickles early answers": (trickle(b"HTTP/1.1 103 Early Hints\r\n\r\n", b""), Refused, "takes longer than 1"),
    "announces too much and sends it": (endless(b"a" * 10_000, LONG), Refused, "larger than 100,000 bytes"),
    "sends without end": (endless(b"ffff\r\n" + b"a" * 65_535 + b"\r\n", CHUNKED), Refused, "larger than 100,000"),
    "early answers without end": (endless(b"HTTP/1.1 103 E\r\n\r\n" * 99, b""), Refused, "larger|longer"),
    "trailers without end": (endless(b"A: b\r\n" * 999, CHUNKED + b"0\r\n"), Unreachable, "headers that are too long"),
    "a gzip bomb": (always(http(BOMB, extra="Content-Encoding: gzip\r\n")), Refused, "larger than 100,000 bytes"),
    "a bomb in a bomb": (always(TWICE), Refused, "packed more than once"),
    "a header without end": (
        endless(b"a" * 10_000, b"HTTP/1.1 200 OK\r\nA: "),
        Unreachable,
        "headers that are too long",
    ),
    "headers without end": (endless(b"A: b\r\n" * 999, b"HTTP/1.1 200 OK\r\n"), Unreachable, "headers that are too"),
    "not HTTP": (always(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), Unreachable, "does not answer in HTTP"),
    "a status of letters": (always(b"HTTP/1.1 two hundred\r\n\r\n"), Unreachable, "does not answer in HTTP"),
    "two lengths": (always(http(b"a", extra="Content-Length: 2\r\n")), Unreachable, "does not answer in HTTP"),
    "a broken chunk": (always(CHUNKED + b"zz\r\n"), Unreachable, "does not answer in HTTP"),
    "not what it says it packed": (always(http(b"aaaa", extra="Content-Encoding: gzip\r\n")), Unreachable, "wrongly"),
    "a packing nobody asked for": (always(http(b"a", extra="Content-Encoding: br\r\n")), Unreachable, "not asked for"),
    "resets": (reset, Unreachable, "broke the connection off"),
    "hangs up": (hang_up, Unreachable, "does not answer in HTTP"),
    "hangs up half-way": (half, Unreachable, "does not answer in HTTP"),
}


@pytest.mark.parametrize("_case", MISBEHAVIOUR)
def test_a_peer_that_misbehaves_ends_in_time_with_a_clear_sentence(_case: str, listen: Listen) -> None:
    say, ends, sentence = MISBEHAVIOUR[_case]
    peer = listen(say)
    with web_for(peer) as web, in_time(LIMITS.whole_seconds), pytest.raises(ends, match=sentence) as told:
        web.get(peer.url + "?token=hush", headers={"Authorization": "Bearer hush"})
    assert "hush" not in str(told.value)


def test_nobody_listening_is_unreachable(listen: Listen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        Web(allowed=frozenset({f"127.0.0.1:{port}"}), limits=LIMITS) as web,
        pytest.raises(Unreachable, match=f"127.0.0.1:{port} takes no connection: Connection refused"),
    ):
        web.get(f"http://127.0.0.1:{port}/")


def test_redirects_without_end_are_refused(listen: Listen) -> None:
    peer = listen(always(http(status="302 Found", extra="Location: /again\r\n")))
    with web_for(peer) as web, pytest.raises(Refused, match="redirects more than 2 times"):
        web.get(peer.url)
    assert len(peer.asked) == 3


def test_a_run_that_asks_too_often_is_refused(listen: Listen) -> None:
    peer = listen(always(http()))
    with web_for(peer, limits=WebLimits(requests=3)) as web:
        for _ in range(3):
            web.get(peer.url)
        with pytest.raises(Refused, match="asks more than 3 times"):
            web.get(peer.url)
    assert len(peer.asked) == 3


def test_a_run_that_takes_too_long_is_refused(listen: Listen) -> None:
    peer = listen(lambda connection, request: (time.sleep(0.2), connection.sendall(http()))[1])
    with web_for(peer, limits=WebLimits(run_seconds=0.5)) as web:
        web.get(peer.url)
        time.sleep(0.4)
        with in_time(0.1), pytest.raises(Refused, match=r"the run takes longer than 0\.5 seconds"):
            web.get(peer.url)


def test_a_header_that_cannot_be_sent_is_refused(listen: Listen) -> None:
    peer = listen(always(http()))
    with web_for(peer) as web:
        for token in ("a\r\nX-Evil: 1", "naïve\N{SNOWMAN}"):
            with pytest.raises(Refused, match="HTTP can"):
                web.get(peer.url, headers={"Authorization": token})
    assert peer.asked == []


# Forbidden addresses.

FORBIDDEN_ADDRESSES: dict[str, str] = {
    "0.0.0.0": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "shared by carriers",
    "127.0.0.1": "loopback",
    "127.9.9.9": "loopback",
    "168.63.129.16": "Azure",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "for protocols",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarks",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "not global unicast",
    "::1": "loopback",
    "::7f00:1": "not global unicast",
    "::ffff:10.0.0.1": "private",
    "::ffff:127.0.0.1": "loopback",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a9fe:a9fe": "link-local",
    "64:ff9b:1::1": "not global unicast",
    "100::1": "not global unicast",
    "2001::1": "Teredo",
    "2001:db8::1": "documentation",
    "2002:7f00:1::1": "6to4",
    "2002:5db8:d70e::1": "6to4",
    "3fff::1": "documentation",
    "5f00::1": "not global unicast",
    "fc00::1": "not global unicast",
    "fd00:ec2::254": "not global unicast",
    "fe80::1": "not global unicast",
    "fe80::1%eth0": "not global unicast",
    "fec0::1": "not global unicast",
    "ff02::1": "not global unicast",
    "nonsense": "not an internet address",
}


@pytest.mark.parametrize(("address", "why"), FORBIDDEN_ADDRESSES.items())
def test_an_address_that_is_not_global_is_forbidden(address: str, why: str) -> None:
    assert why in (why_forbidden(address) or "allowed")


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_global_address_is_not(address: str) -> None:
    assert why_forbidden(address) is None


FORBIDDEN_URLS: dict[str, str] = {
    "https://127.0.0.1/": "loopback",
    "https://127.1/": "loopback",
    "https://2130706433/": "loopback",
    "https://0x7f000001/": "loopback",
    "https://0177.1/": "loopback",
    "https://0177.0.0.1/": "not a web address",
    "https://017700000001/": "loopback",
    "https://0/": "this network",
    "https://localhost/": "loopback",
    "https://[::1]/": "loopback",
    "https://[::ffff:127.0.0.1]/": "loopback",
    "https://[::ffff:a9fe:a9fe]/": "link-local",
    "https://[64:ff9b::7f00:1]/": "loopback",
    "https://169.254.169.254/latest/meta-data/": "link-local",
    "https://2852039166/": "link-local",
    "https://10.0.0.1/": "private",
    "http://1.1.1.1/": "only https is asked",
    "https://1.1.1.1:22/": "only port 443 is asked",
    "https://1.1.1.1:8443/": "only port 443 is asked",
    "https://1.1.1.1:99999/": "only port 443 is asked",
    "https://user:hush@1.1.1.1/": "holds a user name or password",
    "https://hush@1.1.1.1/": "holds a user name or password",
    "file:///etc/passwd": "only https is asked, not file",
    "gopher://127.0.0.1:70/_x": "only https is asked, not gopher",
    "ftp://1.1.1.1/": "only https is asked, not ftp",
    "data:text/plain,hello": "only https is asked, not data",
    "javascript:alert(1)": "only https is asked, not javascript",
    "//1.1.1.1/": "only https is asked",
    "/relative": "only https is asked",
    "https://": "has no host",
    "https:///path": "has no host",
    "https://[::1": "not a web address",
    "https://a\x00b/": "not a web address",
    "": "only https is asked",
}
NOT_AS_REDIRECT = {"//1.1.1.1/", "/relative", "", "https://", "https:///path"}
"""Relative references: from a redirect they mean another address."""


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every address that a connection was tried to."""
    tried: list[tuple[str, int]] = []
    real = socket.create_connection

    def create_connection(address: tuple[str, int], *args: object, **named: object) -> socket.socket:
        tried.append(address)
        return real(address, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return tried


@pytest.mark.parametrize(("url", "why"), FORBIDDEN_URLS.items())
def test_a_forbidden_address_is_refused_unasked(url: str, why: str, connected: list[tuple[str, int]]) -> None:
    with Web(limits=LIMITS) as web, pytest.raises(Refused, match=why) as told:
        web.get(url)
    assert connected == []
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [case for case in FORBIDDEN_URLS.items() if case[0] not in NOT_AS_REDIRECT and "\x00" not in case[0]],
)
def test_a_redirect_to_a_forbidden_address_is_refused_unasked(
    url: str, why: str, listen: Listen, connected: list[tuple[str, int]]
) -> None:
    peer = listen(always(http(status="302 Found", extra=f"Location: {url}\r\n")))
    with web_for(peer) as web, pytest.raises(Refused, match=why):
        web.get(peer.url)
    assert connected == [("127.0.0.1", peer.port)]


def test_allowing_one_port_allows_no_other(listen: Listen) -> None:
    private = listen(always(http(b"secret")))
    peer = listen(always(http(status="302 Found", extra=f"Location: {private.url}\r\n")))
    with web_for(peer) as web:
        with pytest.raises(Refused, match="only https is asked"):
            web.get(peer.url)
        with pytest.raises(Refused, match="only port 443 is asked"):
            web.get(f"https://{private.place}/")
    assert private.connections == 0


def test_a_name_with_a_private_address_among_public_ones_is_refused(connected: list[tuple[str, int]]) -> None:
    with (
        Web(limits=LIMITS, resolver=lambda host, port: [PUBLIC, "2606:4700::1111", "10.0.0.1"]) as web,
        pytest.raises(Refused, match=r"tool\.example:443 is at an address that may not be asked: private"),
    ):
        web.get("https://tool.example/")
    assert connected == []


def test_a_name_nobody_knows_is_unreachable() -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with Web(limits=LIMITS, resolver=resolver) as web, pytest.raises(Unreachable, match="the name has no address"):
        web.get("https://tool.example/")


def test_a_resolver_that_hangs_is_unreachable_in_time() -> None:
    def resolver(host: str, port: int) -> list[str]:
        time.sleep(3)
        return []

    with (
        Web(limits=LIMITS, resolver=resolver) as web,
        in_time(LIMITS.wait_seconds),
        pytest.raises(Unreachable, match=r"takes no connection within 0\.3 seconds"),
    ):
        web.get("https://tool.example/")


# TLS and rebinding, at a public address that the test leads to loopback below the guard.


class Authority:
    """Makes certificates for the tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0), "ca")

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, constraints: x509.BasicConstraints, name: str
    ) -> bytes:
        now = clock.now()
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        builder = builder.add_extension(constraints, critical=True).add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def server(self, name: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self._folder / f"{name}.pem"
        file.write_bytes(pem + self._sign(x509.Name([]), key, x509.BasicConstraints(ca=False, path_length=None), name))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self._certificate.decode())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def lead_to(monkeypatch: pytest.MonkeyPatch, port: int) -> list[str]:
    """Let connections to the public address end at a port of loopback; gives the addresses that were wanted."""
    wanted: list[str] = []
    real = socket.create_connection

    def create_connection(address: tuple[str, int], *args: object, **named: object) -> socket.socket:
        wanted.append(address[0])
        assert address == (PUBLIC, 443)
        return real(("127.0.0.1", port), *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return wanted


def test_the_certificate_and_the_host_header_are_for_the_name_not_for_the_address(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = Peer(always(http(b"hello")), tls=authority.server("tool.example"))
    wanted = lead_to(monkeypatch, peer.port)
    with Web(limits=LIMITS, resolver=lambda host, port: [PUBLIC], trust=authority.trust()) as web:
        assert web.get("https://tool.example/").body == b"hello"
    peer.close()
    assert wanted == [PUBLIC]
    assert b"\r\nhost: tool.example\r\n" in peer.asked[0].lower()


@pytest.mark.parametrize(("name", "trusted"), [("other.example", True), ("tool.example", False)])
def test_a_certificate_for_another_name_or_from_nobody_is_unreachable(
    name: str, trusted: bool, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = Peer(always(http(b"hello")), tls=authority.server(name))
    lead_to(monkeypatch, peer.port)
    trust = authority.trust() if trusted else None
    with (
        Web(limits=LIMITS, resolver=lambda host, port: [PUBLIC], trust=trust) as web,
        pytest.raises(Unreachable, match=r"tool\.example:443 has a TLS certificate that does not hold"),
    ):
        web.get("https://tool.example/")
    peer.close()
    assert peer.asked == []


def test_a_peer_that_answers_without_tls_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        lead_to(monkeypatch, listening.getsockname()[1])

        def answer_at_once() -> None:
            connection, _ = listening.accept()
            connection.sendall(http(b"plain"))
            connection.recv(65536)
            connection.close()

        threading.Thread(target=answer_at_once, daemon=True).start()
        with (
            Web(limits=LIMITS, resolver=lambda host, port: [PUBLIC]) as web,
            pytest.raises(Unreachable, match=r"tool\.example:443 does not speak TLS that we accept"),
        ):
            web.get("https://tool.example/")


def test_a_peer_that_hangs_in_the_tls_handshake_is_unreachable_in_time(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = listen(hang)
    lead_to(monkeypatch, peer.port)
    with (
        Web(limits=LIMITS, resolver=lambda host, port: [PUBLIC]) as web,
        in_time(LIMITS.wait_seconds),
        pytest.raises(Unreachable, match=r"takes no connection within 0\.3 seconds"),
    ):
        web.get("https://tool.example/")


def test_a_name_that_turns_private_between_two_look_ups_is_never_followed_there(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    looked_up: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return next(answers)

    peer = Peer(always(http(b"hello", extra="Connection: close\r\n")), tls=authority.server("tool.example"))
    wanted = lead_to(monkeypatch, peer.port)
    with Web(limits=LIMITS, resolver=resolver, trust=authority.trust()) as web:
        assert web.get("https://tool.example/").body == b"hello"
        assert looked_up == ["tool.example"]  # checked and connected from one look-up
        with pytest.raises(Refused, match="may not be asked: loopback"):
            web.get("https://tool.example/")
    peer.close()
    assert wanted == [PUBLIC]
    assert ip_address(wanted[0]).is_global


def test_proxies_of_the_environment_are_not_used(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = listen(always(http(b"proxy")))
    peer = listen(always(http(b"peer")))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    with web_for(peer) as web:
        assert web.get(peer.url).body == b"peer"
    assert proxy.connections == 0
