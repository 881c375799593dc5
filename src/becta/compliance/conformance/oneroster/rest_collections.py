"""The collections of a OneRoster provider: read in pages, looked through, and asked in every way the binding knows."""

import re
from collections.abc import Sequence
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct

from becta.compliance.conformance.fetching import Answer
from becta.compliance.conformance.oneroster.rest_objects import (
    Reference,
    check_duplicates,
    check_hrefs,
    check_object,
    references_of,
)
from becta.compliance.conformance.oneroster.rest_provider import Object, Provider, Query, object_in, objects_in

MOST_PAGES = 3
"""Pages of a collection that are read; what is behind them is not judged."""
_LINK = re.compile(r"<(?P<target>[^>]*)>(?P<parameters>[^<]*)")
_NEXT = re.compile(r'(?i);\s*rel\s*=\s*"?next\b')
BEYOND = 1_000_000_000
"""An offset behind the end of any collection."""


class Collection(Struct, frozen=True, kw_only=True):
    """An endpoint: its path, the name of its list, the kind of its objects, and the words that make an object its own.

    `subset` names a field and the words it may have; for users the field is that of their roles.
    """

    path: str
    name: str
    kind: str
    subset: tuple[str, frozenset[str]] | None = None


def _only(field: str, *words: str) -> tuple[str, frozenset[str]]:
    return field, frozenset(words)


COLLECTIONS: tuple[Collection, ...] = (
    Collection(path="orgs", name="orgs", kind="org"),
    Collection(path="schools", name="orgs", kind="org", subset=_only("type", "school")),
    Collection(path="academicSessions", name="academicSessions", kind="academicSession"),
    Collection(path="terms", name="academicSessions", kind="academicSession", subset=_only("type", "term", "semester")),
    Collection(
        path="gradingPeriods", name="academicSessions", kind="academicSession", subset=_only("type", "gradingPeriod")
    ),
    Collection(path="courses", name="courses", kind="course"),
    Collection(path="classes", name="classes", kind="class"),
    Collection(path="enrollments", name="enrollments", kind="enrollment"),
    Collection(path="users", name="users", kind="user"),
    Collection(path="teachers", name="users", kind="user", subset=_only("role", "teacher")),
    Collection(path="students", name="users", kind="user", subset=_only("role", "student")),
    Collection(path="demographics", name="demographics", kind="demographics"),
)
"""The endpoints of the rostering service that read whole collections; a 1.1 provider has the same ones."""


class Seen(Struct, frozen=True, kw_only=True):
    """What was read of a collection."""

    objects: tuple[Object, ...] = ()
    references: tuple[Reference, ...] = ()


def read_collection(provider: Provider, collection: Collection) -> Seen:
    """Read the first pages and look at every object; raises Unreachable or Refused.

    Findings count objects from the first of the first page, as if there were one page.
    """
    file = provider.place(collection.path)
    first = provider.get(collection.path, Query(limit=provider.sample, offset=0))
    objects = _page(provider, collection, first)
    if objects is None:
        return Seen()
    total = _total(provider, first, file)
    complete = _further_pages(provider, collection, objects, total)
    if total is not None and (len(objects) > total or (complete and len(objects) < total)):
        message = f"X-Total-Count says {total}, and {len(objects)} came"
        provider.recorder.find("total-count-value", message, file=file, value=total)
    _check_link(provider, first, file, more=total is not None and total > provider.sample)
    references: list[Reference] = []
    for number, item in enumerate(objects):
        pointer = f"/{collection.name}/{number}"
        check_object(provider.recorder, provider.version, collection.kind, item, file=file, pointer=pointer)
        references += references_of(provider.version, collection.kind, item, file=file, pointer=pointer)
        _check_subset(provider, collection, item, file=file, pointer=pointer)
    check_hrefs(provider.recorder, references)
    return Seen(objects=tuple(objects), references=tuple(references))


def _page(provider: Provider, collection: Collection, answer: Answer) -> list[Object] | None:
    """The objects of an answer, or None after noting why there are none."""
    file, find = provider.place(collection.path), provider.recorder.find
    if answer.status != 200:
        check = "demographics" if collection.path == "demographics" and answer.status in {401, 403, 404} else "endpoint"
        find(check, f"the collection answers with {answer.status}", file=file, value=answer.status)
        return None
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        sent = answer.headers.get("content-type", "nothing")
        find("media-type", "the answer is not application/json", file=file, value=sent)
    objects = objects_in(answer, collection.name)
    if objects is None:
        message = f"the answer is not JSON with a list of objects under {collection.name}"
        find("payload", message, file=file, field=f"/{collection.name}")
    elif len(objects) > provider.sample:
        message = f"{len(objects)} objects came, and {provider.sample} were asked for"
        find("limit", message, file=file, field=f"/{collection.name}", value=len(objects))
        return objects[: provider.sample]
    return objects


def _total(provider: Provider, answer: Answer, file: str) -> int | None:
    given = answer.headers.get("x-total-count", "").strip()
    if given.isascii() and given.isdigit() and len(given) <= 12:
        return int(given)
    message = "X-Total-Count is not a number" if given else "there is no X-Total-Count"
    provider.recorder.find("total-count", message, mend="send the number of all objects", file=file, value=given)
    return None


def _further_pages(provider: Provider, collection: Collection, objects: list[Object], total: int | None) -> bool:
    """Add the objects of further pages, and look behind the last; whether the collection was read to its end."""
    file, size = provider.place(collection.path), provider.sample
    last = len(objects)
    pages = 1
    while last == size and pages < MOST_PAGES and (total is None or len(objects) < total):
        more = _page(provider, collection, provider.get(collection.path, Query(limit=size, offset=pages * size)))
        known = {str(item.get("sourcedId")) for item in objects}
        if more and all(str(item.get("sourcedId")) in known for item in more):
            message = "a later page holds the objects of an earlier one"
            provider.recorder.find("offset", message, mend="begin the page at its offset", file=file)
            return False
        objects += more or []
        last, pages = len(more or []), pages + 1
    check_duplicates(provider.recorder, objects, file=file, name=collection.name)
    behind = provider.get(collection.path, Query(limit=size, offset=BEYOND))
    if objects_in(behind, collection.name):
        message = "objects come at an offset behind the end"
        provider.recorder.find("paging-end", message, mend="answer with an empty list", file=file)
    return last < size or len(objects) == total


def _check_link(provider: Provider, answer: Answer, file: str, *, more: bool) -> None:
    """See that a collection with more than one page names the next one, at the same place."""
    if not more:
        return
    links = _LINK.finditer(answer.headers.get("link", ""))
    target = next((link["target"] for link in links if _NEXT.search(link["parameters"])), "")
    if not target:
        message = "the Link header names no next page"
    elif _address(_joined(answer.url, target)) != _address(answer.url):
        message = "the next page is at another address"
    else:
        return
    provider.recorder.find("link", message, mend='send Link: <...>; rel="next"', file=file)


def _address(url: str) -> tuple[str, str]:
    split = urlsplit(url)
    return split.netloc, split.path


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return ""


def _check_subset(provider: Provider, collection: Collection, item: Object, *, file: str, pointer: str) -> None:
    if collection.subset is None:
        return
    field, words = collection.subset
    told = [item.get(field)]
    if field == "role" and isinstance(item.get("roles"), list):
        told = [role.get("role") for role in item["roles"] if isinstance(role, dict)]  # type: ignore[attr-defined]
    if not words.intersection(word for word in told if isinstance(word, str)):
        message = f"{collection.path} holds an object of another {field}"
        provider.recorder.find("subset", message, file=file, field=f"{pointer}/{field}")


def read_one(provider: Provider, collection: Collection, objects: Sequence[Object]) -> None:
    """Read the first object by its sourcedId, and one that nobody has; raises Unreachable or Refused."""
    identity = next((i for item in objects if isinstance(i := item.get("sourcedId"), str) and i), None)
    if identity is None:
        return
    answer = provider.get(f"{collection.path}/{quote(identity, safe='')}")
    name = collection.kind
    single = object_in(answer, name)
    # The sourcedId of a person may be their name or number, so it is not told.
    file = provider.place(f"{collection.path}/{{sourcedId}}")
    if answer.status != 200 or single is None or single.get("sourcedId") != identity:
        message = f"the object is answered with {answer.status}, not with itself under {name}"
        mend = f"answer 200 with the object under {name}"
        provider.recorder.find("single", message, mend=mend, file=file, field=f"/{name}")
    else:
        check_object(provider.recorder, provider.version, collection.kind, single, file=file, pointer=f"/{name}")
