"""What can go wrong, as facts with data. Text for people is made at the edge."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import msgspec
from msgspec import Struct


class Fault(Struct, frozen=True, kw_only=True):
    """One thing wrong with what was given: which field, what is wrong, and how to mend it."""

    field: str
    problem: str
    mend: str
    value: str | None = None


class DomainError(Exception):
    """Base of everything a use case may refuse with."""


class NotFound(DomainError):
    """Nothing with that identifier, or nothing this actor may know of."""

    def __init__(self, kind: str, key: object) -> None:
        """Name the kind of thing and the key it was sought by."""
        super().__init__(f"no {kind} {key}")
        self.kind = kind
        self.key = str(key)


class Forbidden(DomainError):
    """The actor lacks a scope, or the thing belongs to another organisation."""

    def __init__(self, *, need: str, organisation_id: UUID | None = None, because: str | None = None) -> None:
        """Name the scope needed and, where that is the matter, the organisation it is needed for or the rule."""
        super().__init__(because or f"needs {need}")
        self.need = need
        self.organisation_id = organisation_id
        self.because = because


class Conflict(DomainError):
    """The thing is not in a state in which this can be done, or somebody else was first."""

    def __init__(self, detail: str) -> None:
        """Say what stands in the way."""
        super().__init__(detail)
        self.detail = detail


class Stale(DomainError):
    """The thing changed since it was read: the given version is no longer the current one."""

    def __init__(self, *, given: int, current: int) -> None:
        """Both versions."""
        super().__init__(f"version {given} given, {current} current")
        self.given = given
        self.current = current


class Invalid(DomainError):
    """One or more fields break a rule."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """All faults found, not only the first."""
        super().__init__("; ".join(f"{fault.field}: {fault.problem}" for fault in faults))
        self.faults = tuple(faults)


def refuse_if_any(faults: Sequence[Fault]) -> None:
    """Raise Invalid if there is any fault."""
    if faults:
        raise Invalid(faults)


def refuse_if_stale(given: int | None, current: int) -> None:
    """Raise Stale if a version was given that is no longer the current one."""
    if given is not None and given != current:
        raise Stale(given=given, current=current)


@contextmanager
def faults_within(place: str, *, but: frozenset[str] = frozenset()) -> Iterator[None]:
    """Name faults by where they stand in what was sent: `title` becomes `place.title`, save within those in `but`."""
    try:
        yield
    except Invalid as error:
        raise Invalid(
            [
                fault
                if fault.field.partition(".")[0] in but
                else msgspec.structs.replace(fault, field=f"{place}.{fault.field}")
                for fault in error.faults
            ]
        ) from None
