"""What columns a file may have, worked out from the Structs the API itself takes.

So a file and a request obey the same types and rules. A nested Struct's fields are columns with a dot
(`connectivity.download_mbps`); JSON Lines may nest them instead. In CSV a list is split at `;`,
a map is `name=value; name=value`, and a list of Structs is JSON.
"""

import re
import types
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from rapidfuzz import process

from becta.kernel.errors import Fault

S = TypeVar("S", bound=Struct)

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_GAPS = re.compile(r"[\s_-]+")


class Column(Struct, frozen=True, kw_only=True):
    """A column: its name, the Python type it turns into, and whether a row must fill it."""

    name: str
    type: Any
    required: bool
    group: str = ""

    @property
    def field(self) -> str:
        """The name of the Struct's field."""
        return self.name.removeprefix(f"{self.group}.")


def columns_of(struct: type[Struct], group: str = "") -> Iterator[Column]:
    """The columns of a Struct; an optional nested Struct becomes a group of them."""
    for field in msgspec.structs.fields(struct):
        inner = _struct_in(field.type)
        if inner is not None:
            yield from columns_of(inner, group=field.name)
        else:
            name = f"{group}.{field.name}" if group else field.name
            yield Column(name=name, type=field.type, required=field.required and not group, group=group)


def describe(column: Column) -> str:
    """What goes in a column, for people."""
    return _words(column.type)


def unknown_columns(names: Iterable[str], known: Sequence[str]) -> list[Fault]:
    """A fault for each column that is not known, with the nearest known name."""
    faults = []
    for name in names:
        parts = [column for column in known if column.startswith(f"{name}.")]
        if parts:
            mend = f"give an object in JSON Lines, or columns such as {parts[0]}"
            faults.append(Fault(field=name, problem="is several columns", mend=mend))
        elif name not in known:
            near = process.extractOne(name, known, score_cutoff=60)
            mend = f"rename it to {near[0]}" if near else "remove it; --schema lists the columns"
            faults.append(Fault(field=name[:80], problem="is not a column", mend=mend))
    return faults


def known_spelling(names: Iterable[str], known: Sequence[str]) -> list[str]:
    """Names brought to those that are known, whatever their case, their spaces and hyphens; others stay."""
    spelt = {_folded(name): name for name in known}
    return [name if name in known else spelt.get(_folded(name), name) for name in names]


def flatten(values: dict[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """Bring objects nested in JSON Lines to columns with a dot."""
    groups = {name.partition(".")[0] for name in known if "." in name}
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name in groups and isinstance(value, dict):
            flat |= {f"{name}.{inner}": held for inner, held in value.items()}
        elif name not in groups or value is not None:
            flat[name] = value
    return flat


def take(struct: type[S], values: dict[str, Any], *, group: str = "") -> tuple[S | None, list[Fault]]:
    """Build a Struct from a row's values; every field that cannot be read gives a fault of its own."""
    made: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in msgspec.structs.fields(struct):
        name = f"{group}.{field.name}" if group else field.name
        inner = _struct_in(field.type)
        if inner is not None:
            prefix = f"{field.name}."
            nested = {
                key.removeprefix(prefix): value
                for key, value in values.items()
                if key.startswith(prefix) and not _blank(value)
            }
            if nested:
                made[field.name], more = take(inner, nested, group=field.name)
                faults += more
            continue
        raw = values.get(field.name)
        if _blank(raw):
            if field.required:
                faults.append(Fault(field=name, problem="is missing", mend=f"give {_words(field.type)}"))
            continue
        value, fault = _read(name, field.type, raw)
        if fault is not None:
            faults.append(fault)
        else:
            made[field.name] = value
    return (None, faults) if faults else (struct(**made), faults)


def _blank(raw: Any) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip())


def _read(name: str, wanted: Any, raw: Any) -> tuple[Any, Fault | None]:
    try:
        value = _chosen(wanted, _from_text(wanted, raw.strip()) if isinstance(raw, str) else raw)
        return msgspec.convert(value, wanted, strict=not isinstance(value, str)), None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        shown = raw if isinstance(raw, str) else msgspec.json.encode(raw).decode()
        return None, Fault(field=name, problem="cannot be read", mend=f"give {_words(wanted)}", value=shown[:80])


def _from_text(wanted: Any, text: str) -> Any:
    plain = _plain(wanted)
    origin = get_origin(plain)
    if text.startswith(("{", "[")) and origin in (tuple, dict):
        return msgspec.json.decode(text)
    if origin is tuple:
        return [part.strip() for part in text.split(";") if part.strip()]
    if origin is dict:
        return _pairs(text)
    if plain is int and not _WHOLE.fullmatch(text):
        raise ValueError(text)  # 199.00 is pounds, and must not become 199 pence
    if plain is bool:
        return {"yes": True, "no": False, "y": True, "n": False}.get(text.lower(), text.lower())
    return text


def _chosen(wanted: Any, value: Any) -> Any:
    """Choices brought to how they are spelt, whatever their case, their spaces and hyphens; others stay."""
    plain = _plain(wanted)
    if get_origin(plain) is tuple and isinstance(value, list):
        return [_chosen(get_args(plain)[0], part) for part in value]
    if isinstance(value, str) and isinstance(plain, type) and issubclass(plain, StrEnum) and value not in list(plain):
        meant = [str(choice) for choice in plain if _folded(choice) == _folded(value)]
        return meant[0] if len(meant) == 1 else value
    return value


def _folded(text: str) -> str:
    return _GAPS.sub("_", text.strip().casefold())


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError(text)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _plain(wanted: Any) -> Any:
    if get_origin(wanted) in (Union, types.UnionType):
        return next(part for part in get_args(wanted) if part is not type(None))
    return wanted


def _struct_in(wanted: Any) -> type[Struct] | None:
    plain = _plain(wanted)
    return plain if isinstance(plain, type) and issubclass(plain, Struct) else None


def _words(wanted: Any) -> str:
    plain = _plain(wanted)
    origin = get_origin(plain)
    if origin is tuple:
        inner = get_args(plain)[0]
        struct = _struct_in(inner)
        if struct is not None:
            return f"a JSON list of objects with {', '.join(field.name for field in msgspec.structs.fields(struct))}"
        return f"{_words(inner)}; several separated by ;"
    if origin is dict:
        return "name=value pairs separated by ;"
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return f"one of {', '.join(plain)}"
    return {"int": "a whole number", "bool": "yes or no", "date": "a date such as 2026-11-22"}.get(
        plain.__name__, "text"
    )
