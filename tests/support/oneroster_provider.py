"""A small OneRoster provider on loopback that keeps to the specification until a test bends it."""

import json
import re
import socket
import struct
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit

from becta.compliance.conformance.oneroster.rest_schemas import Version, fields_of

CLIENT, SECRET, TOKEN = "becta", "a secret: with/odd+signs", "token-of-this-provider"
ROOTS = {Version.V11: "/ims/oneroster/v1p1", Version.V12: "/ims/oneroster/rostering/v1p2"}

Objects = list[dict[str, Any]]


@dataclass
class Asked:
    """A request, as the provider sees it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    form: dict[str, str] = field(default_factory=dict)


@dataclass
class Reply:
    """What it answers: JSON unless `raw` is set; `reset` breaks the connection instead."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    reset: bool = False


ENDPOINTS: dict[str, tuple[str, str, Callable[[dict[str, Any]], bool]]] = {
    "orgs": ("orgs", "org", lambda item: True),
    "schools": ("orgs", "org", lambda item: item["type"] == "school"),
    "academicSessions": ("academicSessions", "academicSession", lambda item: True),
    "terms": ("academicSessions", "academicSession", lambda item: item["type"] == "term"),
    "gradingPeriods": ("academicSessions", "academicSession", lambda item: item["type"] == "gradingPeriod"),
    "courses": ("courses", "course", lambda item: True),
    "classes": ("classes", "class", lambda item: True),
    "enrollments": ("enrollments", "enrollment", lambda item: True),
    "users": ("users", "user", lambda item: True),
    "teachers": ("users", "user", lambda item: "teacher" in roles_of(item)),
    "students": ("users", "user", lambda item: "student" in roles_of(item)),
    "demographics": ("demographics", "demographics", lambda item: True),
}


def roles_of(user: dict[str, Any]) -> set[str]:
    return {role["role"] for role in user["roles"]} if "roles" in user else {user["role"]}


class Provider:
    """The provider: a school of one district, its data, and the places where a test can bend it."""

    def __init__(self, version: Version = Version.V12) -> None:
        self.version = version
        self.root = ROOTS[version]
        self.asked: list[Asked] = []
        self.address = ""
        self.endpoints = dict(ENDPOINTS)
        self.token: dict[str, Any] = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
        self.token_headers = {"Cache-Control": "no-store"}
        self.takes_basic = True
        self.locked = True
        self.knows_its_tokens = True
        self.ignores: set[tuple[str, str]] = set()
        """(endpoint, parameter) pairs that are read over, such as ("classes", "limit")."""
        self.alter: Callable[[Asked, Reply], Reply] = lambda asked, reply: reply
        self.data: dict[str, Objects] = {}

    def settings(self) -> dict[str, str]:
        return {
            "base_url": self.address + self.root,
            "token_url": self.address + "/token",
            "client_id": CLIENT,
            "client_secret": SECRET,
            "sample": "2",
        }

    def open_school(self) -> None:
        """Fill in the data; the address must be known, since references hold it."""
        is_12 = self.version is Version.V12
        ref = self.ref

        def item(identity: str, day: int, status: str = "active", **rest: Any) -> dict[str, Any]:
            return {
                "sourcedId": identity,
                "status": status,
                "dateLastModified": f"2026-09-{day:02}T08:00:00.{day:03}Z",
                **rest,
            }

        def user(identity: str, day: int, role: str, status: str = "active", **rest: Any) -> dict[str, Any]:
            if is_12:
                place = {"roles": [{"roleType": "primary", "role": role, "org": ref("org", "s1")}]}
            else:
                place = {"role": role, "orgs": [ref("org", "s1")], "username": identity}
            return item(identity, day, status, enabledUser="true", givenName="Ada", familyName="Byron", **place, **rest)

        def session(identity: str, day: int, kind: str, **rest: Any) -> dict[str, Any]:
            dates = {"startDate": "2026-09-01", "endDate": "2027-07-21", "schoolYear": "2027"}
            return item(identity, day, title=kind, type=kind, **dates, **rest)

        def enrolled(identity: str, day: int, who: str, where: str, role: str, **rest: Any) -> dict[str, Any]:
            links = {"user": ref("user", who), "class": ref("class", where), "school": ref("org", "s1")}
            return item(identity, day, role=role, beginDate="2026-09-01", **links, **rest)

        self.data = {
            "orgs": [
                item("d1", 2, name="Northshire", type="district", identifier="890", children=[ref("org", "s1")]),
                item("s1", 1, name="Larch Primary", type="school", identifier="100001", parent=ref("org", "d1")),
            ],
            "academicSessions": [
                session("y1", 3, "schoolYear", children=[ref("academicSession", "t1")]),
                session("t1", 1, "term", parent=ref("academicSession", "y1")),
                session("g1", 2, "gradingPeriod", parent=ref("academicSession", "t1")),
            ],
            "courses": [
                item(f"c{n}", 4 - n, title=f"Course {n}", courseCode=f"C{n}", org=ref("org", "s1"), grades=["03"])
                for n in (1, 2)
            ],
            "classes": [
                item(
                    f"k{n}",
                    4 - n,
                    title=f"Class {n}",
                    classType="homeroom",
                    course=ref("course", "c1"),
                    school=ref("org", "s1"),
                    terms=[ref("academicSession", "t1")],
                    subjects=["reading"],
                )
                for n in (1, 2, 3)
            ],
            "users": [
                user("u2", 5, "student", userIds=[{"type": "upn", "identifier": "A1"}], agents=[ref("user", "u5")]),
                user("u4", 1, "student", status="tobedeleted"),
                user("u1", 4, "teacher", email="ada@example.org"),
                user("u3", 2, "student"),
                user("u5", 3, "parent", agents=[ref("user", "u2")]),
            ],
            "enrollments": [
                enrolled("e1", 3, "u1", "k1", "teacher", primary="true"),
                enrolled("e2", 1, "u2", "k1", "student"),
                enrolled("e3", 2, "u3", "k2", "student", endDate="2027-07-21"),
            ],
            "demographics": [
                item("u2", 2, birthDate="2018-05-04", sex="female", white="false"),
                item("u3", 1, birthDate="2018-02-28", sex="male"),
            ],
        }

    def ref(self, kind: str, identity: str) -> dict[str, str]:
        path = {"academicSession": "academicSessions", "class": "classes"}.get(kind, f"{kind}s")
        return {"href": f"{self.address}{self.root}/{path}/{identity}", "sourcedId": identity, "type": kind}

    def find(self, name: str, identity: str) -> dict[str, Any]:
        """An object to bend."""
        return next(item for item in self.data[name] if item["sourcedId"] == identity)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.alter(asked, self._answer(asked))

    def error(self, status: int, minor: str, **headers: str) -> Reply:
        if self.version is Version.V11:
            info = {"codeMajor": "failure", "severity": "error", "codeMinor": minor.replace("unknown", "unknown ")}
            return Reply(status, {"statusInfoSet": [info]}, headers)
        code = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
        return Reply(
            status,
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_description": "no",
                "imsx_CodeMinor": {"imsx_codeMinorField": [code]},
            },
            headers,
        )

    def _answer(self, asked: Asked) -> Reply:
        if asked.path == "/token" and asked.method == "POST":
            return self._grant(asked)
        if not asked.path.startswith(self.root + "/") or asked.method != "GET":
            return self.error(404, "unknownobject")
        given = asked.headers.get("authorization")
        if self.locked and (given is None or (self.knows_its_tokens and given != f"Bearer {TOKEN}")):
            return self.error(401, "unauthorisedrequest", **{"WWW-Authenticate": 'Bearer realm="school"'})
        endpoint, _, identity = asked.path.removeprefix(self.root + "/").partition("/")
        if endpoint not in self.endpoints:
            return self.error(404, "unknownobject")
        name, kind, belongs = self.endpoints[endpoint]
        items = [item for item in self.data[name] if belongs(item)]
        if identity:
            found = [item for item in items if item["sourcedId"] == unquote(identity)]
            return Reply(200, {kind: found[0]}) if found else self.error(404, "unknownobject")
        query = {name: value for name, value in asked.query.items() if (endpoint, name) not in self.ignores}
        return self._listed(asked, name, kind, items, query)

    def _listed(self, asked: Asked, name: str, kind: str, items: Objects, query: dict[str, str]) -> Reply:
        known = fields_of(self.version, kind)
        if "filter" in query:
            parsed = re.fullmatch(r"(\w+)(=|>)'([^']*)'", query["filter"])
            if parsed is None or parsed[1] not in known:
                return self.error(400, "invalid_filter_field")
            items = [item for item in items if _passes(item.get(parsed[1]), parsed[2], parsed[3])]
        if "sort" in query:
            items = sorted(items, key=lambda item: item[query["sort"]], reverse=query.get("orderBy") == "desc")
        total, offset = len(items), int(query.get("offset", "0"))
        page = items[offset : offset + int(query.get("limit", "100"))]
        if "fields" in query:
            wanted = query["fields"].split(",")
            if not set(wanted) <= set(known):
                return self.error(400, "invalid_selection_field")
            page = [{field: item[field] for field in wanted if field in item} for item in page]
        headers = {"X-Total-Count": str(total)}
        limit = int(asked.query.get("limit", "100"))
        if offset + limit < total:
            there = urlencode({**asked.query, "offset": offset + limit}, quote_via=quote)
            headers["Link"] = f'<{self.address}{asked.path}?{there}>; rel="next"'
        return Reply(200, {name: page}, headers)

    def _grant(self, asked: Asked) -> Reply:
        basic = asked.headers.get("authorization", "").removeprefix("Basic ")
        if basic and self.takes_basic:
            identity, _, secret = b64decode(basic).decode().partition(":")
            known = (unquote_plus(identity), unquote_plus(secret)) == (CLIENT, SECRET)
        else:
            known = (asked.form.get("client_id"), asked.form.get("client_secret")) == (CLIENT, SECRET)
        if not known or asked.form.get("grant_type") != "client_credentials":
            return Reply(401, {"error": "invalid_client"})
        return Reply(200, self.token, dict(self.token_headers))


def _passes(held: Any, operator: str, wanted: str) -> bool:
    if operator == "=":
        return bool(held == wanted)
    return datetime.fromisoformat(held) > datetime.fromisoformat(wanted)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    provider: Provider

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815 - the name the library calls

    def log_message(self, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        query, form = dict(parse_qsl(split.query)), dict(parse_qsl(body))
        reply = self.provider.answer(Asked(self.command, split.path, query, self.headers, form))
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            self.rfile.close()
            return
        sent = json.dumps(reply.body).encode() if reply.raw is None else reply.raw
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """The provider at a port of loopback."""
    handler = type("Handler", (_Handler,), {"provider": provider})
    with _Server(("127.0.0.1", 0), handler) as server:
        provider.address = f"http://127.0.0.1:{server.server_port}"
        provider.open_school()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
