"""Problems: whatever is sent, the answer is RFC 9457 with the place and the mend, and nothing is stored."""

import json
from typing import Any

import pytest
from httpx import Response
from tests.support.api import CONTENT, ROOT, Api
from tests.support.watching import everything

from becta.market.problems import KINDS
from becta.market.wiring import House

NOWHERE = "00000000-0000-0000-0000-000000000007"
NEW = {"supplier_id": NOWHERE, "reference": "x", "kind": "device", "content": CONTENT["device"]}
BODIES = [
    ("POST", "/products"),
    ("PUT", f"/products/{NOWHERE}/draft"),
    ("POST", f"/products/{NOWHERE}/return"),
    ("POST", f"/products/{NOWHERE}/withdraw"),
    ("POST", f"/products/{NOWHERE}/offers"),
    ("POST", f"/products/{NOWHERE}/badge-claims"),
    ("PUT", f"/offers/{NOWHERE}"),
    ("POST", "/suppliers"),
    ("PUT", f"/suppliers/{NOWHERE}"),
    ("POST", f"/suppliers/{NOWHERE}/badge-claims"),
    ("POST", f"/badge-claims/{NOWHERE}/decision"),
]
GARBAGE = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "number": b"7",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "not JSON": b"{,}",
    "cut short": b'{"reference": "x',
    "huge integer": b"9" * 5_000,
    "huge float": b"1e999999",
    "invalid UTF-8": b'{"reference": "\xff\xfe"}',
    "lone surrogate": b'{"reference": "\\ud800"}',
    "nested lists": b"[" * 200_000,
    "nested objects": b'{"a":' * 200_000,
    "unknown field": b'{"no_such_field": 1}',
    "two values": b"{}{}",
    "form": b"reference=x&kind=device",
}


def check(answer: Response, status: int) -> dict[str, Any]:
    """The problem in an answer, checked for form."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem: dict[str, Any] = answer.json()
    slug, title = KINDS[status]
    assert (problem["type"], problem["title"], problem["status"]) == (f"/problems/{slug}", title, status)
    assert problem["detail"]
    assert problem["instance"] == answer.request.url.path
    for error in problem["errors"]:
        assert error["detail"]
        assert error["mend"]
        assert ("pointer" in error) != ("parameter" in error)
    return problem


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_the_senders_to_mend(shared_api: Api, shared_house: House, garbage: str) -> None:
    stored = everything(shared_house.db)

    for method, path in BODIES:
        answer = shared_api.client.request(
            method,
            f"{ROOT}{path}",
            content=GARBAGE[garbage],
            headers={**shared_api.headers, "Content-Type": "application/json"},
        )
        assert check(answer, 400)["errors"], f"{method} {path}"

    assert everything(shared_house.db) == stored


def test_a_body_of_eleven_megabytes_is_too_large(shared_api: Api, shared_house: House) -> None:
    stored = everything(shared_house.db)
    content = b'{"reason": "' + b"a" * 11_000_000 + b'"}'

    for headers in ({}, {"Transfer-Encoding": "chunked"}):
        answer = shared_api.client.post(
            f"{ROOT}/products/{NOWHERE}/withdraw", content=content, headers={**shared_api.headers, **headers}
        )
        check(answer, 413)

    assert everything(shared_house.db) == stored


def _with(path: str, value: object) -> dict[str, Any]:
    body = json.loads(json.dumps(NEW))
    *parents, last = path.split(".")
    place = body
    for parent in parents:
        place = place[parent]
    place[last] = value
    return body


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (_with("supplier_id", 7), "/supplier_id"),
        (_with("supplier_id", "not an id"), "/supplier_id"),
        (_with("kind", "toy"), "/kind"),
        (_with("content", None), "/content"),
        (_with("content.title", 7), "/content/title"),
        (_with("content.features", ["ok", 7]), "/content/features/1"),
        (_with("content.attributes", {"colour": 7}), "/content/attributes"),
        (_with("content.no_such", 7), "/content/no_such"),
        (_with("no_such", 7), "/no_such"),
        ({**NEW, "content": {"title": "Larch"}}, "/content/cpv_code"),
        ({name: value for name, value in NEW.items() if name != "reference"}, "/reference"),
        (_with("content.connectivity", {"access_type": "string"}), "/content/connectivity/access_type"),
        (
            _with("content.connectivity", {**CONTENT["connectivity"]["connectivity"], "ipv6": "yes"}),
            "/content/connectivity/ipv6",
        ),
    ],
)
def test_a_body_of_the_wrong_shape_is_pointed_at_where_it_is_wrong(
    shared_api: Api, body: dict[str, Any], pointer: str
) -> None:
    problem = check(shared_api.post("/products", body), 400)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


A_DATE, A_TIME = "write a date as 2026-11-20", "write a time as 2026-11-20T12:00:00Z"


@pytest.mark.parametrize(
    ("path", "body", "field", "said", "mend"),
    [
        ("contracts", {"starts_on": "1 May 2027"}, "starts_on", "is no date (1 May 2027)", A_DATE),
        ("contracts", {"starts_on": "2027-02-30"}, "starts_on", "is no date (2027-02-30)", A_DATE),
        ("contracts", {"starts_on": 20270501}, "starts_on", "is no date", A_DATE),
        (
            "challenge",
            {"reason": "A claim", "notified_at": "2026-11-20T12:00"},
            "notified_at",
            "is no time with its offset (2026-11-20T12:00)",
            A_TIME,
        ),
        (
            "",
            {"timetable": {"tender_deadline": "next week"}},
            "timetable.tender_deadline",
            "is no time with its offset (next week)",
            A_TIME,
        ),
    ],
)
def test_a_date_that_is_none_is_shown_with_how_to_write_one(
    shared_api: Api, path: str, body: dict[str, Any], field: str, said: str, mend: str
) -> None:
    if path:
        answer = shared_api.post(f"/procurements/{NOWHERE}/{path}", body)
    else:
        needed = {"organisation": "trust:2044", "title": "x", "description": "x", "route": "three_quotes", "lots": []}
        answer = shared_api.post("/procurements", {**needed, **body})
    problem = check(answer, 400)

    assert problem["errors"] == [{"pointer": f"/{field.replace('.', '/')}", "detail": f"{field} {said}", "mend": mend}]
    assert problem["detail"] == f"{field} {said}"


def test_a_parameter_is_named_as_it_was_sent(shared_api: Api) -> None:
    problem = check(shared_api.get("/procurements", state="unheard"), 400)

    assert [(one["parameter"], one["detail"]) for one in problem["errors"]] == [
        ("state", "state: Invalid enum value 'unheard'")
    ]


def test_every_fault_is_told_at_once_and_counted(shared_api: Api) -> None:
    problem = check(shared_api.post("/products", _with("content", {"title": "", "cpv_code": "", "category": ""})), 400)

    assert problem["detail"] == "3 fields need mending"
    assert [error["pointer"] for error in problem["errors"]] == [
        "/content/title",
        "/content/cpv_code",
        "/content/category",
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/products/not-an-id", 404),
        ("GET", f"/products/{NOWHERE}", 404),
        ("GET", f"/products/{NOWHERE}/offers", 404),
        ("GET", f"/products/{NOWHERE}/versions", 404),
        ("GET", f"/suppliers/{NOWHERE}", 404),
        ("GET", f"/offers/{NOWHERE}", 404),
        ("DELETE", "/products", 405),
        ("PATCH", f"/offers/{NOWHERE}", 405),
    ],
)
def test_an_address_that_leads_nowhere_is_a_problem_too(shared_api: Api, method: str, path: str, status: int) -> None:
    answer = shared_api.client.request(method, f"{ROOT}{path}", headers=shared_api.headers)

    check(answer, status)
    if status == 405:
        assert "GET" in answer.headers["allow"]


def test_a_problem_without_a_token_says_how_to_sign_in(shared_api: Api) -> None:
    answer = shared_api.client.post(f"{ROOT}/products", json=NEW)

    assert check(answer, 401)["detail"] == "send the header Authorization: Bearer <token>"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer é", "bearer x y", "Token x", "\x01"])
def test_whatever_stands_in_the_authorization_header_is_answered(shared_api: Api, header: str) -> None:
    answer = shared_api.client.post(f"{ROOT}/products", json=NEW, headers=[(b"Authorization", header.encode())])

    check(answer, 401)


@pytest.mark.parametrize("urn", [0, -1, 2**31, 10**30])
def test_a_urn_no_school_can_have_is_not_found(shared_api: Api, urn: int) -> None:
    check(shared_api.get(f"/schools/{urn}"), 404)


@pytest.mark.parametrize("name", ["q", "la_code", "cursor", "phase", "trust_uid"])
@pytest.mark.parametrize("value", ["\x00", "a\x00", "%", "9" * 3])
def test_whatever_schools_are_asked_for_is_answered(shared_api: Api, name: str, value: str) -> None:
    answer = shared_api.get("/schools", **{name: value})

    if answer.status_code != 200:
        assert [error["parameter"] for error in check(answer, 400)["errors"]] == [name]
