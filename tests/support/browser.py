"""A browser without scripts: keeps cookies as it is told, follows nothing by itself, and fills in forms."""

from html.parser import HTMLParser
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from httpx import Response
from litestar.testing import TestClient

FORM = "application/x-www-form-urlencoded"


class Forms(HTMLParser):
    """The forms of a page: their method, action and fields as they stand."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.methods: dict[str, str] = {}
        self._fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = self.found[given["action"]] = {}
            self.methods[given["action"]] = given["method"]
        if tag == "input" and given.get("type") != "radio":
            self._fields[given["name"]] = given.get("value", "")


class Browser:
    """One person's browser. Several may look at one application: each has cookies of its own."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[Morsel[str]] = []

    def get(self, address: str, **headers: str) -> Response:
        return self._ask("GET", address, headers=headers)

    def post(self, address: str, fields: dict[str, Any] | None = None, **headers: str) -> Response:
        body = urlencode(fields or {}, doseq=True)
        return self._ask("POST", address, headers={"content-type": FORM, **headers}, content=body)

    def submit(self, page: Response, action: str, **fields: Any) -> Response:
        """Send a form of a page as it stands, with these fields filled in."""
        return self.post(action, {**Forms(page.text).found[action], **fields})

    def follow(self, answer: Response) -> Response:
        """Go where an answer sends the browser."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def _ask(self, method: str, address: str, **given: Any) -> Response:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {
            "accept": "text/html",
            **{name.replace("_", "-"): text for name, text in given.pop("headers").items()},
        }
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.client.cookies.clear()
        answer = self.client.request(method, path, headers=headers, follow_redirects=False, **given)
        self.set_cookies = []
        for line in answer.headers.get_list("set-cookie"):
            self.set_cookies += SimpleCookie(line).values()
        for morsel in self.set_cookies:
            if morsel["max-age"] == "0":
                self.cookies.pop(morsel.key, None)
            else:
                self.cookies[morsel.key] = morsel.value
        return answer
