"""Connections that keep to limits: only to checked addresses, within seconds and bytes counted here."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable

from httpcore2 import SOCKET_OPTION, ConnectError, ConnectTimeout, NetworkBackend, NetworkStream, SyncBackend
from msgspec import Struct

from becta.compliance.conformance.addresses import why_forbidden
from becta.compliance.conformance.reports import Refused

LARGEST_HEAD = 200_000
"""Bytes of headers and framing that an answer may have on top of its body."""

Resolver = Callable[[str, int], list[str]]


class WebLimits(Struct, frozen=True, kw_only=True):
    """What one run may cost. Seconds are of waiting for a byte, for a whole answer, and of the whole run."""

    wait_seconds: float = 5
    whole_seconds: float = 15
    largest_bytes: int = 5_000_000
    hops: int = 3
    requests: int = 300
    run_seconds: float = 120


class Budget:
    """What a run has left. The run's seconds count from here; an answer's from `begin`."""

    def __init__(self, limits: WebLimits) -> None:
        self._limits = limits
        self._run_until = time.monotonic() + limits.run_seconds
        self._until = self._run_until
        self._requests = 0
        self._bytes = 0

    def begin(self) -> None:
        """Start the seconds of one answer, its redirects included."""
        self._until = time.monotonic() + self._limits.whole_seconds

    def ask(self) -> None:
        """Count a request and start the bytes of its answer; raises Refused when there have been too many."""
        self._requests += 1
        if self._requests > self._limits.requests:
            raise Refused(f"the run asks more than {self._limits.requests} times")
        self._bytes = 0
        self.check()

    def spend(self, count: int) -> None:
        """Count bytes that arrived; raises Refused when there are too many."""
        self._bytes += count
        if self._bytes > self._limits.largest_bytes + LARGEST_HEAD:
            raise Refused(f"the answer is larger than {self._limits.largest_bytes:,} bytes")

    def check(self) -> None:
        """Raise Refused when the answer's or the run's seconds are over."""
        now = time.monotonic()
        if now >= self._run_until:
            raise Refused(f"the run takes longer than {self._limits.run_seconds:g} seconds")
        if now >= self._until:
            raise Refused(f"the answer takes longer than {self._limits.whole_seconds:g} seconds")

    def wait(self) -> float:
        """Seconds that may be waited for the next byte; raises Refused when the time is over."""
        self.check()
        return min(self._limits.wait_seconds, min(self._until, self._run_until) - time.monotonic())


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name as the system's resolver tells; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def place(host: str, port: int) -> str:
    """A host and port as `allowed` and our sentences write them: in lower case, IPv6 in brackets."""
    bare = host.lower().strip("[]")
    return f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"


class GuardedBackend(NetworkBackend):
    """Resolves a name once, refuses it if any of its addresses is forbidden, and connects to those very addresses."""

    def __init__(self, budget: Budget, *, allowed: frozenset[str], resolver: Resolver) -> None:
        self._budget = budget
        self._allowed = allowed
        self._resolver = resolver
        self._sockets = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the budget says how long
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Connect to the first address that answers; raises Refused, ConnectError or ConnectTimeout."""
        addresses = self._resolved(host, port)
        if place(host, port) not in self._allowed:
            for address in addresses:
                why = why_forbidden(address)
                if why is not None:
                    raise Refused(f"{place(host, port)} is at an address that may not be asked: {why}")
        failed: ConnectError | ConnectTimeout = ConnectError("the name has no address")
        for address in addresses:
            try:
                stream = self._sockets.connect_tcp(address, port, self._budget.wait(), local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failed = error
            else:
                return GuardedStream(stream, self._budget)
        raise failed

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> NetworkStream:
        """Never."""
        raise Refused(f"{path} is not on the internet")

    def _resolved(self, host: str, port: int) -> list[str]:
        found: list[str] = []
        failed: list[Exception] = []

        def look_up() -> None:
            try:
                found.extend(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                failed.append(error)

        seeker = threading.Thread(target=look_up, daemon=True)  # getaddrinfo knows no timeout
        seeker.start()
        seeker.join(self._budget.wait())
        if seeker.is_alive():
            raise ConnectTimeout("the name is not resolved in time")
        if failed or not found:
            raise ConnectError("the name has no address")
        return list(found)


class GuardedStream(NetworkStream):
    """A connection whose every read counts, so that neither a trickle nor a flood outlasts the budget."""

    def __init__(self, stream: NetworkStream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what there is; raises Refused when the budget is spent."""
        chunk = self._stream.read(max_bytes, self._budget.wait())
        self._budget.spend(len(chunk))
        return chunk

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Write all of it; raises Refused when the budget is spent."""
        self._stream.write(buffer, self._budget.wait())

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> NetworkStream:
        """Speak TLS with the peer under the name that was asked for."""
        return GuardedStream(self._stream.start_tls(ssl_context, server_hostname, self._budget.wait()), self._budget)

    def get_extra_info(self, info: str) -> object:
        """What httpcore2 asks of a connection."""
        return self._stream.get_extra_info(info)
