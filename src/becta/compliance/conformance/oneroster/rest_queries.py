"""Asking a OneRoster collection to sort, to filter, to select fields and to refuse what it does not know."""

from collections.abc import Sequence
from datetime import UTC, datetime

from becta.compliance.conformance.fetching import Answer
from becta.compliance.conformance.oneroster.rest_collections import Collection
from becta.compliance.conformance.oneroster.rest_provider import Object, Provider, Query, objects_in, status_info
from becta.compliance.conformance.oneroster.rest_schemas import Version

UNKNOWN = "noSuchFieldOfOneRoster"
UNKNOWN_ID = "no-such-object-of-this-provider"
MANY = 100
"""Objects asked for where an answer should hold all that fit."""

CODES_12 = frozenset(
    {
        "forbidden",
        "fullsuccess",
        "internal_server_error",
        "invaliddata",
        "invalid_filter_field",
        "invalid_selection_field",
        "server_busy",
        "unauthorisedrequest",
        "unknownobject",
    }
)
"""The words of imsx_codeMinorFieldValue in 1.2's OpenAPI document (imsx_CodeMinorFieldDType)."""


def ask_in_every_way(provider: Provider, collection: Collection, objects: Sequence[Object]) -> None:
    """Sort, filter and select; raises Unreachable or Refused."""
    _sorted(provider, collection)
    _active(provider, collection)
    _later(provider, collection, objects)
    _selected(provider, collection)
    file = provider.place(collection.path)
    answer = provider.get(collection.path, Query(limit=provider.sample, filter=f"{UNKNOWN}='x'"))
    if answer.status != 400:
        message = f"a filter by an unknown field is answered with {answer.status}"
        mend = "answer 400 with invalid_filter_field, and no data"
        provider.recorder.find("filter-unknown", message, mend=mend, file=file, value=answer.status)
    else:
        check_status_info(provider, answer, file)
    answer = provider.get(collection.path, Query(limit=provider.sample, fields=UNKNOWN))
    if answer.status not in {200, 400}:
        message = f"an unknown field is answered with {answer.status}"
        provider.recorder.find("fields-unknown", message, file=file, value=answer.status)
    answer = provider.get(f"{collection.path}/{UNKNOWN_ID}")
    file = provider.place(f"{collection.path}/{UNKNOWN_ID}")
    if answer.status != 404:
        message = f"an unknown sourcedId is answered with {answer.status}"
        provider.recorder.find("unknown-object", message, mend="answer 404", file=file, value=answer.status)
    else:
        check_status_info(provider, answer, file)


def check_status_info(provider: Provider, answer: Answer, file: str) -> None:
    """See that an error says failure and error, and in 1.2 a code of the vocabulary.

    The 1.1 specification shows its status payload under several names, so 1.1 is asked only for a code major of
    failure, wherever in the payload it stands.
    """
    body = status_info(answer)
    if provider.version is Version.V11:
        problem = None if _says_failure(body, 4) else "the error holds no code major of failure"
    else:
        problem = _status_info_problem(body)
    if problem is not None:
        mend = "send imsx_codeMajor, imsx_severity and imsx_CodeMinor"
        provider.recorder.find("status-info", problem, mend=mend, file=file)


def _status_info_problem(body: Object) -> str | None:
    if body.get("imsx_codeMajor") != "failure":
        return "imsx_codeMajor is not failure"
    if body.get("imsx_severity") not in {"error", "warning"}:
        return "imsx_severity is neither error nor warning"
    minor = body.get("imsx_CodeMinor")
    if minor is None:
        return None
    fields = minor.get("imsx_codeMinorField") if isinstance(minor, dict) else None
    if not isinstance(fields, list) or not fields or not all(isinstance(field, dict) for field in fields):
        return "imsx_CodeMinor holds no imsx_codeMinorField"
    if any(field.get("imsx_codeMinorFieldValue") not in CODES_12 for field in fields):
        return "imsx_codeMinorFieldValue is not a word of its vocabulary"
    return None


def _says_failure(value: object, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(value, list):
        return any(_says_failure(item, depth - 1) for item in value[:10])
    if not isinstance(value, dict):
        return False
    named = {name.lower().removeprefix("imsx_"): held for name, held in value.items() if isinstance(name, str)}
    return named.get("codemajor") == "failure" or any(_says_failure(held, depth - 1) for held in value.values())


def _sorted(provider: Provider, collection: Collection) -> None:
    file = provider.place(collection.path)
    for order, reverse in (("asc", False), ("desc", True)):
        query = Query(limit=provider.sample, sort="dateLastModified", order_by=order)
        answer = provider.get(collection.path, query)
        listed = objects_in(answer, collection.name)
        times = [time for item in listed or [] if (time := _instant(item)) is not None]
        if answer.status != 200 or listed is None:
            message = f"sorting by dateLastModified is answered with {answer.status}"
        elif times != sorted(times, reverse=reverse):
            message = f"objects do not come in order with orderBy={order}"
        else:
            continue
        provider.recorder.find("sort", message, file=file, field=f"/{collection.name}")


def _active(provider: Provider, collection: Collection) -> None:
    file = provider.place(collection.path)
    answer = provider.get(collection.path, Query(limit=provider.sample, filter="status='active'"))
    listed = objects_in(answer, collection.name)
    if answer.status != 200 or listed is None:
        message = f"filtering by status is answered with {answer.status}"
    elif any(item.get("status") == "tobedeleted" for item in listed):
        message = "the filter lets objects through that are to be deleted"
    else:
        return
    provider.recorder.find("filter", message, file=file, field=f"/{collection.name}")


def _later(provider: Provider, collection: Collection, objects: Sequence[Object]) -> None:
    """Ask for what was modified after the oldest object that was read."""
    file = provider.place(collection.path)
    times = {str(item.get("sourcedId")): time for item in objects if (time := _instant(item)) is not None}
    if not times:
        return
    since = min(times.values())
    stamp = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    answer = provider.get(collection.path, Query(limit=MANY, filter=f"dateLastModified>'{stamp}'"))
    listed = objects_in(answer, collection.name)
    got = {str(item.get("sourcedId")) for item in listed or []}
    missing = {identity for identity, time in times.items() if time > since} - got
    if answer.status != 200 or listed is None:
        message = f"filtering by dateLastModified is answered with {answer.status}"
    elif any((time := _instant(item)) is not None and time <= _whole(since) for item in listed):
        message = "the filter lets objects through that are not later"
    elif missing and len(listed) < MANY:
        message = "the filter holds back objects that are later"
    else:
        return
    provider.recorder.find("filter-date", message, file=file, field=f"/{collection.name}")


def _selected(provider: Provider, collection: Collection) -> None:
    file = provider.place(collection.path)
    answer = provider.get(collection.path, Query(limit=provider.sample, fields="sourcedId,status"))
    listed = objects_in(answer, collection.name)
    if answer.status != 200 or listed is None:
        message = f"selecting fields is answered with {answer.status}"
    elif any(set(item) != {"sourcedId", "status"} for item in listed):
        message = "other fields come than the ones selected"
    else:
        return
    provider.recorder.find("fields", message, file=file, field=f"/{collection.name}")


def _instant(item: Object) -> datetime | None:
    given = item.get("dateLastModified")
    try:
        parsed = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed is not None and parsed.tzinfo is not None else None


def _whole(time: datetime) -> datetime:
    """Without what is smaller than a millisecond, which our filter cannot say."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
