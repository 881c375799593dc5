"""Issuers on loopback over real HTTP: one that can be told to lie, and one that behaves like DfE Sign-in."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import Key, OctKey, RSAKey

from becta.kernel import clock

CLIENT = "becta"
SECRET = "a secret of the client that is long enough"
API_SECRET = "a secret of the API that is long enough too"


def unsigned(claims: dict[str, Any]) -> str:
    """A token with the algorithm none."""
    parts = [json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims)]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."


class LoopbackIssuer:
    """An OpenID Connect issuer. What it answers can be bent by replacing `change`, `mint`, `discovery` or `extra`."""

    def __init__(self) -> None:
        self.key: Key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
        self.published: list[dict[str, Any]] = [self.key.as_dict(private=False)]
        self.person: dict[str, Any] = {"sub": "subject-1", "name": "Ada Byron"}
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.mint: Callable[[dict[str, Any]], str] = self.signed
        self.discovery: dict[str, Any] = {}
        self.extra: dict[str, str] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.exchanged: list[tuple[dict[str, str], str | None]] = []
        self.address = ""

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key, algorithms=["RS256"])

    def authorize(self, address: str) -> dict[str, str]:
        """What the browser brings back after somebody signed in at the address it was sent to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], **self.extra}

    def answer(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, Any]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/jwks",
                **self.discovery,
            }
        if path.startswith("/authorize?"):
            back = urlencode(self.authorize(path))
            return 302, {"location": f"{query_of(path)['redirect_uri']}?{back}"}
        if path == "/jwks":
            return 200, {"keys": self.published}
        if path == "/token":
            return self._token(dict(parse_qsl(body.decode())), headers.get("authorization"))
        return 404, {"error": "not here"}

    def _token(self, form: dict[str, str], authorization: str | None) -> tuple[int, Any]:
        self.exchanged.append((form, authorization))
        asked = self.codes.get(form.get("code", ""))
        if asked is None:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
        }
        return 200, {"token_type": "Bearer", "access_token": "x", "id_token": self.mint(self.change(claims))}


class LoopbackDfe(LoopbackIssuer):
    """An issuer with the select-organisation API of DfE Sign-in, as its documents describe it."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[dict[str, Any]] = []
        self.theirs: dict[str, dict[str, Any]] = {}
        self.url = "https://select.example/choose"
        self.confirmed_user: str | None = None

    def answer(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, Any]:
        if not path.startswith("/v2/"):
            return super().answer(method, path, body, headers)
        token = headers.get("authorization", "").removeprefix("Bearer ")
        claims = jwt.decode(token, OctKey.import_key(API_SECRET), algorithms=["HS256"]).claims
        if claims != {"iss": CLIENT, "aud": "signin.education.gov.uk"}:
            return 403, {"message": "jwt"}
        asked = json.loads(body)
        if path == "/v2/select-organisation":
            self.requests.append(asked)
            return 200, {"requestId": f"request-{len(self.requests)}", "hasOptions": True, "url": self.url}
        _, _, _, user, _, organisation, query = path.split("/")
        assert query == "query"
        assert asked["filter"]["type"] == "associated"
        found = self.theirs.get(organisation) if user == self.person["sub"] else None
        return 200, {"userId": self.confirmed_user or user, "organisation": found}


@contextmanager
def serving(issuer: LoopbackIssuer) -> Iterator[LoopbackIssuer]:
    """Serve an issuer on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])))

        def _answer(self, body: bytes) -> None:
            status, answer = issuer.answer(self.command, self.path, body, self.headers)
            sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", answer.get("location", f"{issuer.address}/elsewhere"))
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    issuer.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def query_of(address: str) -> dict[str, str]:
    """The query of an address, last values."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
