"""A real server on loopback for the length of a measurement or a test."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

READY_SECONDS = 60
UNLIMITED = {"RATE_LIMIT_TOKEN": "", "RATE_LIMIT_ADDRESS": "", "RATE_LIMIT_SIGN_IN": ""}
"""A measurement asks more often than anybody may."""


@contextmanager
def serving(data_dir: Path, *, target: str = "becta.market.app:create_app") -> Iterator[int]:
    """Serve the application over `data_dir` with one worker; yields the port once it answers."""
    port = free_port()
    process = start(data_dir, port, target=target)
    try:
        wait_until_ready(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=READY_SECONDS)


def start(data_dir: Path, port: int, *, target: str = "becta.market.app:create_app") -> subprocess.Popen[bytes]:
    """Start a server and return at once."""
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws", "--log-level", "warning"]
    environment = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), **UNLIMITED}  # noqa: TID251 - handed on, not read
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*command, "--host", "127.0.0.1", "--port", str(port), target], env=environment, start_new_session=True
    )


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait for the first answer; raises RuntimeError if the server ends or stays silent."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("the server did not answer in time")
