"""Many connections that each send a request of their own and wait for the answer: how long each took, and what it was.

`load` asks for the same things over and over; here every request is another one and is sent once.
"""

import selectors
import socket
from collections import Counter, deque
from collections.abc import Sequence
from statistics import quantiles
from time import perf_counter

from msgspec import Struct

from becta.market.bench.load import HEADERS_END


class Request(Struct, frozen=True):
    """A POST of JSON with a token."""

    path: str
    token: str
    body: bytes

    def encoded(self) -> bytes:
        """The request as it goes over the wire."""
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n"
        ).encode() + self.body


class Posted(Struct, frozen=True, kw_only=True):
    """What came back: answers a second, milliseconds until the answer, and how many answers of each status."""

    per_second: float
    p50: float
    p95: float
    p99: float
    statuses: dict[int, int]

    def __str__(self) -> str:
        """One line for a table."""
        statuses = ", ".join(f"{count:,} x {status}" for status, count in sorted(self.statuses.items()))
        return (
            f"{self.per_second:,.0f}/s, p50 {self.p50:,.0f}, p95 {self.p95:,.0f}, p99 {self.p99:,.0f} ms ({statuses})"
        )


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.due = 0.0

    def send(self, request: Request, due: float) -> None:
        self.due = due
        self.socket.sendall(request.encoded())

    def status(self) -> int | None:
        """The status of the answer, None while it is not whole."""
        self.buffer += self.socket.recv(262_144)
        end = self.buffer.find(HEADERS_END)
        if end < 0:
            return None
        head = bytes(self.buffer[:end]).lower()
        length = int(head[head.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + length:
            return None
        self.buffer.clear()
        return int(head.split(b" ", 2)[1])


def post_all(ports: Sequence[int], requests: Sequence[Request], *, connections: int, rate: float | None) -> Posted:
    """Send every request once over so many open connections, spread over the servers at `ports`.

    With a `rate` so many become due each second, and the time one waits for a free connection counts; without, each
    connection sends its next as soon as it is answered.
    """
    selector = selectors.DefaultSelector()
    idle: deque[_Connection] = deque()
    for number in range(connections):
        connection = _Connection(ports[number % len(ports)])
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        idle.append(connection)
    waiting, took = deque(enumerate(requests)), list[float]()
    statuses: Counter[int] = Counter()
    began = perf_counter()
    while len(took) < len(requests):
        while waiting and idle:
            due = perf_counter() if rate is None else began + waiting[0][0] / rate
            if due > perf_counter():
                break
            idle.popleft().send(waiting.popleft()[1], due)
        for key, _ in selector.select(timeout=0.001 if waiting and idle else 1):
            status = key.data.status()
            if status is not None:
                took.append(perf_counter() - key.data.due)
                statuses[status] += 1
                idle.append(key.data)
    seconds = perf_counter() - began
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    cuts = quantiles(took, n=100)
    p50, p95, p99 = (cuts[place - 1] * 1_000 for place in (50, 95, 99))
    return Posted(per_second=len(took) / seconds, p50=p50, p95=p95, p99=p99, statuses=dict(statuses))
