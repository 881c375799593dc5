"""Many releases of a process made one (compiled), or one that tells what each field was when (versioned).

The merging of OCDS 1.1: later values replace earlier ones, null removes, lists of objects are joined by `id`, and
lists without identity are replaced whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

WHOLE = frozenset(
    {
        "additionalClassifications",
        "additionalIdentifiers",
        "buyerClassificationRestrictions",
        "buyerLocationRestrictions",
        "classifications",
        "deliveryAddresses",
        "deliveryLocations",
        "identifiers",
        "locations",
        "rationaleClassifications",
    }
)
"""Lists of objects that are replaced whole, `wholeListMerge` in the schemas."""
UNTOLD = frozenset({"details"})
"""What the schema of versioned releases cannot hold: it wants the whole, and each part of it, as versions."""
_OF_ONE = frozenset({"id", "date", "tag", "links", "publisher"})
"""What is of a release and not of its process."""


def compiled(releases: Sequence[Mapping[str, Any]]) -> Json:
    """The process as it is after these releases, oldest first; raises ValueError if there is none or they differ."""
    _check(releases)
    merged: Json = {}
    for one in releases:
        _merge(merged, {name: value for name, value in one.items() if name not in _OF_ONE})
    last = releases[-1]
    head = {"ocid": last["ocid"], "id": f"{last['ocid']}-{last['date']}", "date": last["date"], "tag": ["compiled"]}
    return {**head, **{name: value for name, value in merged.items() if name != "ocid"}}


def versioned(releases: Sequence[Mapping[str, Any]]) -> Json:
    """Each field as the list of what it was, with the release that said so; raises ValueError as `compiled` does."""
    _check(releases)
    told: Json = {"ocid": releases[-1]["ocid"]}
    for one in releases:
        by = {"releaseID": one["id"], "releaseDate": one["date"], "releaseTag": one["tag"]}
        _tell(told, {name: value for name, value in one.items() if name not in {*_OF_ONE, "ocid"}}, by)
    return told


def _check(releases: Sequence[Mapping[str, Any]]) -> None:
    if len({one["ocid"] for one in releases}) != 1:
        raise ValueError("releases are merged by process, and there must be one at least")


def _merge(into: Json, said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, Mapping):
            inner = into.get(name)
            into[name] = inner if isinstance(inner, dict) else {}
            _merge(into[name], value)
        elif _is_joined(name, value):
            into[name] = _joined(into.get(name, []), value)
        else:
            into[name] = value


def _joined(into: Iterable[Json], said: Iterable[Mapping[str, Any]]) -> list[Json]:
    entries = list(into)
    for value in said:
        found = next((entry for entry in entries if "id" in value and entry.get("id") == value["id"]), None)
        if found is None:
            found = {}
            entries.append(found)
        _merge(found, value)
    return entries


def _tell(into: Json, said: Mapping[str, Any], by: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if name in UNTOLD:
            continue
        if isinstance(value, Mapping):
            _tell(into.setdefault(name, {}), value, by)
        elif _is_joined(name, value):
            entries = into.setdefault(name, [])
            for one in value:
                found = next((entry for entry in entries if "id" in one and entry.get("id") == one["id"]), None)
                if found is None:
                    found = {"id": one["id"]} if "id" in one else {}
                    entries.append(found)
                _tell(found, {inner: given for inner, given in one.items() if inner != "id"}, by)
        else:
            history = into.setdefault(name, [])
            if not history or history[-1]["value"] != value:
                history.append({**by, "value": value})


def _is_joined(name: str, value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and name not in WHOLE
        and any(isinstance(one, Mapping) for one in value)
    )
