"""Errors as RFC 9457 problems: a stable type and title, the occurrence in `detail`, and each field with its mend."""

import re
from http import HTTPStatus
from typing import Any, cast

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.openapi import ResponseSpec
from litestar.params import ParameterKwarg
from litestar.utils.scope.state import ScopeState
from msgspec import UNSET, Struct, UnsetType

from becta.kernel.errors import DomainError, Fault, Forbidden, Invalid, NotFound, Stale

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


class FieldProblem(Struct, frozen=True, kw_only=True):
    """What is wrong with one field: a JSON pointer into the body, or the name of a parameter."""

    detail: str
    mend: str = ""
    pointer: str | UnsetType = UNSET
    parameter: str | UnsetType = UNSET


class Problem(Struct, frozen=True, kw_only=True):
    """An error answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    errors: tuple[FieldProblem, ...] = ()


KINDS: dict[int, tuple[str, str]] = {
    400: ("invalid", "The request is not valid"),
    401: ("not-signed-in", "A valid API token is needed"),
    403: ("forbidden", "This token may not do that"),
    404: ("not-found", "There is no such thing"),
    405: ("method-not-allowed", "This address does not take that method"),
    406: ("not-acceptable", "This cannot be given in the form asked for"),
    409: ("conflict", "The thing is not in a state for this"),
    412: ("changed-since", "Somebody changed it since you read it"),
    413: ("too-large", "The request is too large"),
    415: ("media-type", "The body must be JSON"),
    422: ("key-reused", "This Idempotency-Key was used for another request"),
    429: ("too-many-requests", "Too many requests"),
    500: ("unexpected", "Something went wrong on our side"),
}
"""Status to the slug of its type and its title; each has a page under /problems/."""
TOKEN_IN_ADDRESS = ("token-in-address", "A token was sent in the address")
"""Slug and title of a problem with a type of its own among those of status 400."""

HEADERS = frozenset({"If-Match", "Idempotency-Key"})
"""Fields of faults that are headers of the request, not fields of its body."""
NO_BODY = "'data'"
"""What the framework says of a body that is not there: the name of the handler's parameter."""
_DATED = re.compile(r"(?:Invalid RFC3339 encoded |Expected `)(date|datetime)\b")
_DATE_FORMS = {
    "date": ("is no date", "write a date as 2026-11-20"),
    "datetime": ("is no time with its offset", "write a time as 2026-11-20T12:00:00Z"),
}
"""What is said of a text that is no date or no time, and how it is mended."""
_SHOWN = 40
"""Characters of a bad date that are shown."""
_NAMED = re.compile(r"(?:unknown|missing required) field `([^`]+)`")


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """The error answers of a route, for its OpenAPI description."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=KINDS[status][1],
            media_type=cast("Any", MEDIA_TYPE),
            generate_examples=False,
        )
        for status in statuses
    }


def on_domain_error(request: Request[Any, Any, Any], error: DomainError) -> Response[Problem]:
    """A use case refused."""
    errors: tuple[FieldProblem, ...] = ()
    match error:
        case Invalid(faults=faults):
            errors = tuple(_field_problem(request, fault) for fault in faults)
            status, detail = 400, f"{len(errors)} fields need mending" if len(errors) > 1 else str(error)
        case NotFound(kind=kind, key=key):
            status, detail = 404, f"no {kind} {key}"
        case Forbidden(because=str(rule)):
            status, detail = 403, rule
        case Forbidden(need=need, organisation_id=None):
            status, detail = 403, f"this needs a token with the scope {need}"
        case Forbidden(need=need):
            status, detail = 403, f"this needs the scope {need} for that organisation"
        case Stale(given=given, current=current):
            status, detail = 412, f"you have revision {given}, the current one is {current}; read it again first"
        case _:
            status, detail = 409, str(error)
    return _answer(request, status, detail, errors=errors)


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """The framework refused: no such route, a body of the wrong shape, a parameter that is not a number."""
    if isinstance(error, ValidationException):
        entries = error.extra if isinstance(error.extra, list) else []
        problems = tuple(_shape_problem(request, entry) for entry in entries if isinstance(entry, dict))
        return _answer(request, 400, "; ".join(p.detail for p in problems) or error.detail, errors=problems)
    if isinstance(error.__cause__, SerializationException):
        unread = FieldProblem(detail=f"the body: {error.detail}", mend="send one JSON value in UTF-8", pointer="")
        return _answer(request, 400, f"the body cannot be read: {error.detail}", errors=(unread,))
    if error.status_code >= 500:
        log.error("unexpected error", path=request.url.path, exc_info=error)
    known = error.status_code if error.status_code in KINDS else (500 if error.status_code >= 500 else 400)
    response = _answer(request, known, error.detail or HTTPStatus(known).phrase)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """A fault of ours: logged whole, told in short."""
    log.error("unexpected error", path=request.url.path, exc_info=error)
    return _answer(request, 500, "the error was logged; nothing of your request was stored")


def _answer(
    request: Request[Any, Any, Any], status: int, detail: str, *, errors: tuple[FieldProblem, ...] = ()
) -> Response[Problem]:
    slug, title = KINDS[status]
    problem = Problem(
        type=f"/problems/{slug}", title=title, status=status, detail=detail, instance=request.url.path, errors=errors
    )
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _field_problem(request: Request[Any, Any, Any], fault: Fault) -> FieldProblem:
    shown = f" ({fault.value})" if fault.value else ""
    detail = f"{fault.field} {fault.problem}{shown}"
    if request.method in {"GET", "HEAD"} or fault.field in HEADERS:
        return FieldProblem(detail=detail, mend=fault.mend, parameter=fault.field)
    return FieldProblem(detail=detail, mend=fault.mend, pointer=_pointer(fault.field))


def _shape_problem(request: Request[Any, Any, Any], entry: dict[str, Any]) -> FieldProblem:
    key, source = str(entry.get("key", "")), entry.get("source")
    message = str(entry.get("message", "is not valid"))
    is_parameter = source in {"query", "path", "header", "cookie"}
    if is_parameter:
        key = _sent_as(request, key)
    dated = _DATED.match(message)
    if dated is not None and key and "[...]" not in key:
        field = key.replace("[", ".").replace("]", "")
        given = request.query_params.get(key) if is_parameter else _in_body(request, field)
        problem, mend = _DATE_FORMS[dated[1]]
        detail = f"{field} {problem} ({given[:_SHOWN]})" if isinstance(given, str) and given else f"{field} {problem}"
        at_fault = {"parameter": key} if is_parameter else {"pointer": _pointer(field)}
        return FieldProblem(detail=detail, mend=mend, **at_fault)
    if is_parameter:
        return FieldProblem(detail=f"{key}: {message}", mend="see /schema for what this parameter takes", parameter=key)
    if message == NO_BODY:
        return FieldProblem(detail="the body is empty", mend="send a JSON object; see /schema for its form", pointer="")
    place = key.partition("[...]")[0]  # within an object of any keys, the key at fault is not told
    pointer = "" if place in {"", "data"} else _pointer(place.replace("[", ".").replace("]", ""))
    named = _NAMED.search(message)
    if named is not None:
        pointer += _pointer(named[1])
    return FieldProblem(detail=f"{key}: {message}", mend="see /schema for the form of the body", pointer=pointer)


def _sent_as(request: Request[Any, Any, Any], name: str) -> str:
    """What a parameter of a handler is called in requests, which may be another name than in the handler."""
    found = request.route_handler.parsed_fn_signature.parameters.get(name)
    definition = None if found is None else found.kwarg_definition
    return definition.name or name if isinstance(definition, ParameterKwarg) else name


def _in_body(request: Request[Any, Any, Any], field: str) -> object:
    """What stands in the body at a place, None if nothing does; the framework keeps it decoded."""
    found: Any = ScopeState.from_scope(request.scope).json
    for part in field.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _pointer(path: str) -> str:
    return "/" + path.replace("~", "~0").replace("/", "~1").replace(".", "/")
