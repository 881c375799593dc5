"""A small HTTP load generator: one thread, several keep-alive connections, answers counted and checked."""

import selectors
import socket
import time
from collections.abc import Sequence
from itertools import cycle

from msgspec import Struct

CONNECTIONS = 16
HEADERS_END = b"\r\n\r\n"


class Load(Struct, frozen=True, kw_only=True):
    """What came back: answers a second, and how many were not 200."""

    per_second: float
    answers: int
    failures: int


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def send(self, path: str) -> None:
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def answered(self) -> bool | None:
        """Whether the answer is a 200, None while it is not whole."""
        self.buffer += self.socket.recv(262_144)
        end = self.buffer.find(HEADERS_END)
        if end < 0:
            return None
        head = bytes(self.buffer[:end]).lower()
        at = head.index(b"content-length:") + 15
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + length:
            return None
        self.buffer.clear()
        return head.startswith(b"http/1.1 200")


def load(port: int, paths: Sequence[str], *, seconds: float) -> Load:
    """Ask for the paths in turn over and over, for so many seconds on the loopback address."""
    selector = selectors.DefaultSelector()
    following = cycle(paths)
    for _ in range(CONNECTIONS):
        connection = _Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(next(following))
    answers = failures = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for key, _ in selector.select(timeout=1):
            outcome = key.data.answered()
            if outcome is None:
                continue
            answers += 1
            failures += not outcome
            key.data.send(next(following))
    took = time.perf_counter() - began
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    return Load(per_second=answers / took, answers=answers, failures=failures)
