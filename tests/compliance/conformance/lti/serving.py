"""Small web servers on loopback: each test's tool, and the platform's key set that the tool fetches."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from msgspec import Struct

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Asked(Struct, frozen=True, kw_only=True):
    """A request as a tool sees it."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    cookies: dict[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """Query and form together."""
        return self.query | self.form


class Told(Struct, frozen=True, kw_only=True):
    """An answer of a tool."""

    status: int = 200
    body: str = ""
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def moved(url: str, *headers: tuple[str, str]) -> Told:
    """A redirect."""
    return Told(status=302, headers=(("Location", url), *headers))


def app_of(answer: Callable[[Asked], Told]) -> App:
    """A WSGI application from a function; what it raises is a 500."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length).decode()
        cookies = {name: morsel.value for name, morsel in SimpleCookie(environ.get("HTTP_COOKIE", "")).items()}
        asked = Asked(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            query=dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)),
            form=dict(parse_qsl(body, keep_blank_values=True)),
            cookies=cookies,
        )
        try:
            told = answer(asked)
        except Exception as problem:
            told = Told(status=500, body=f"<h1>Broken</h1><p>{problem}</p>")
        start(f"{told.status} Told", [("Content-Type", told.kind), *told.headers])
        return [told.body.encode()]

    return app


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(app_at: Callable[[str], App]) -> Iterator[str]:
    """Serve an application that is made for its own origin; gives the origin."""
    server = make_server("127.0.0.1", 0, lambda *_: [], server_class=_Server, handler_class=_Quiet)
    origin = f"http://127.0.0.1:{server.server_port}"
    server.set_app(app_at(origin))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def place(origin: str) -> str:
    """The host:port of an origin."""
    return origin.partition("//")[2]
