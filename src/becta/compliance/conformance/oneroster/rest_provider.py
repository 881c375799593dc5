"""Asking one OneRoster provider: its token, and GET with it. Nothing is ever written to the provider."""

from collections.abc import Mapping
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from msgspec import Struct

from becta.compliance.conformance.fetching import Answer, Unreachable, Web
from becta.compliance.conformance.oneroster.rest_schemas import Version
from becta.compliance.conformance.reports import Recorder, Refused

SAMPLE = 20
"""Objects asked for at a time, unless the settings say otherwise."""
LARGEST_SAMPLE = 100
WRONG_TOKEN = "not-a-token-of-this-provider"  # noqa: S105 - wrong on purpose

Object = dict[str, object]


class Query(Struct, frozen=True, kw_only=True):
    """What a GET may ask of a collection."""

    limit: int | None = None
    offset: int | None = None
    sort: str | None = None
    order_by: str | None = None
    filter: str | None = None
    fields: str | None = None

    def text(self) -> str:
        """The query string, percent-encoded."""
        given = {
            "limit": self.limit,
            "offset": self.offset,
            "sort": self.sort,
            "orderBy": self.order_by,
            "filter": self.filter,
            "fields": self.fields,
        }
        return urlencode({name: value for name, value in given.items() if value is not None}, quote_via=quote)


class Provider:
    """A provider under test."""

    def __init__(self, version: Version, given: Mapping[str, str], web: Web, recorder: Recorder) -> None:
        """Take the settings; raises Refused for one that is missing or out of range."""
        for name in ("base_url", "token_url", "client_id", "client_secret"):
            if not given.get(name):
                raise Refused(f"{name} is missing")
        self.version = version
        self.recorder = recorder
        self.sample = _sample(given.get("sample", ""))
        self._base = given["base_url"].rstrip("/")
        self._root = _path(self._base)
        self._given = given
        self._web = web
        self._token = ""

    def place(self, path: str) -> str:
        """The path of an address, as findings name it: never its query."""
        return f"{self._root}/{path}"

    @property
    def token_place(self) -> str:
        """The path of the token endpoint."""
        return _path(self._given["token_url"]) or "/"

    def sign_in(self) -> bool:
        """Get a token, noting what is wrong with the answer; False if there is none."""
        place = self.token_place
        answer = self._granted(place)
        granted = _json_object(answer)
        token = granted.get("access_token")
        if answer.status != 200 or not isinstance(token, str) or not token:
            self.recorder.find(
                "token",
                f"the token endpoint answers {answer.status} without an access_token",
                mend="answer client credentials with 200 and JSON that holds access_token",
                file=place,
                field="/access_token",
            )
            return False
        self._token = token
        kind = granted.get("token_type")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            self.recorder.find(
                "token-type", "the token is not of the type bearer", file=place, field="/token_type", value=kind
            )
        ends = granted.get("expires_in")
        if not isinstance(ends, int) or isinstance(ends, bool) or ends <= 0:
            message = "expires_in is not a number of seconds"
            self.recorder.find("token-expiry", message, file=place, field="/expires_in", value=ends)
        if "no-store" not in answer.headers.get("cache-control", "").lower():
            self.recorder.find("token-cache", "the answer with the token may be stored by caches", file=place)
        return True

    def check_locked(self, path: str) -> None:
        """See that nothing is read without a token, nor with a wrong one."""
        address = f"{self._base}/{path}?{Query(limit=1).text()}"
        for check, headers in (
            ("refuses-no-token", {}),
            ("refuses-wrong-token", {"Authorization": f"Bearer {WRONG_TOKEN}"}),
        ):
            answer = self._web.get(address, headers={"Accept": "application/json", **headers})
            if answer.status != 401:
                mend = "answer 401 before anything is read"
                message = f"the request is answered with {answer.status}"
                self.recorder.find(check, message, mend=mend, file=self.place(path), value=answer.status)
            elif not answer.headers.get("www-authenticate", "").lower().startswith("bearer"):
                message = "the 401 has no WWW-Authenticate: Bearer"
                self.recorder.find("challenge", message, file=self.place(path))

    def get(self, path: str, query: Query | None = None) -> Answer:
        """GET with the token; raises Unreachable or Refused."""
        address = f"{self._base}/{path}" + (f"?{query.text()}" if query is not None else "")
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self._token}"}
        return self._web.get(address, headers=headers)

    def _granted(self, place: str) -> Answer:
        identity, secret = self._given["client_id"], self._given["client_secret"]
        form = {"grant_type": "client_credentials"}
        if self._given.get("scope"):
            form["scope"] = self._given["scope"]
        basic = (quote_plus(identity), quote_plus(secret))  # RFC 6749 2.3.1 encodes both before joining them
        answer = self._post(form, basic)
        if answer.status not in {400, 401}:
            return answer
        second = self._post({**form, "client_id": identity, "client_secret": secret}, None)
        if second.status != 200:
            return answer
        message = "only credentials in the request body are taken"
        self.recorder.find("token-basic", message, mend="take HTTP Basic too", file=place)
        return second

    def _post(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> Answer:
        headers = {"Accept": "application/json"}
        return self._web.post(self._given["token_url"], form=form, auth=basic, headers=headers, follow=False)


def objects_in(answer: Answer, name: str) -> list[Object] | None:
    """The list of objects a collection answers with; None if it is not one."""
    listed = _json_object(answer).get(name)
    if not isinstance(listed, list):
        return None
    return [item for item in listed if isinstance(item, dict)] if all(isinstance(i, dict) for i in listed) else None


def object_in(answer: Answer, name: str) -> Object | None:
    """The single object of an answer; None if there is none."""
    found = _json_object(answer).get(name)
    return found if isinstance(found, dict) else None


def status_info(answer: Answer) -> Object:
    """The payload of an error, as JSON; empty if it is none."""
    return _json_object(answer)


def unreachable(recorder: Recorder, place: str, problem: Unreachable) -> None:
    """Note that an address does not answer."""
    recorder.find("reachable", str(problem), mend="let the address answer in HTTP", file=place)


def _json_object(answer: Answer) -> Object:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        raise Refused("this is not a web address") from None


def _sample(given: str) -> int:
    if not given:
        return SAMPLE
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= LARGEST_SAMPLE):
        raise Refused(f"sample is not a whole number from 1 to {LARGEST_SAMPLE}")
    return int(given)
