"""Loading what became of establishments. The register states most links twice, once from each side; we keep one.

Only predecessor and successor say which came first. Its other words (sixth form centre, expansion, result of
amalgamation) do not, so these are kept as `related`, the lower URN first, unless the same two are a succession anyway.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from sqlmodel import Session, col

from becta.kernel.errors import Fault
from becta.market.organisations.models import Establishment, EstablishmentLink
from becta.market.organisations.register import cells
from becta.market.organisations.register.files import Part, RegisterFile
from becta.market.organisations.register.layout import BoundCell, Cell, bind, take
from becta.market.organisations.register.run import (
    Run,
    batches,
    insert_events,
    insert_rows,
    refuse_if_shrinks,
    update_rows,
)
from becta.market.organisations.rules import LinkKind, school_id

_CELLS = (
    Cell("urn", ("URN",), cells.urn, required=True),
    Cell("link_urn", ("LinkURN",), cells.urn, required=True),
    Cell("link_type", ("LinkType",), cells.link_type, blank=(LinkKind.RELATED, 0)),
    Cell("established_on", ("LinkEstablishedDate",), cells.day),
)
_TELLING = (LinkKind.RELATED, LinkKind.SUCCEEDED, LinkKind.MERGED, LinkKind.AMALGAMATED, LinkKind.SPLIT)
"""Kinds from the one that says least; where two sides differ, the one that says more is kept."""

Pair = tuple[int, int]
"""The URNs of a predecessor and of its successor."""


class Stated(Struct, frozen=True):
    """A link as the register states it, and where first."""

    place: int
    line: int
    kind: LinkKind
    established_on: date | None


class Kept(Struct, frozen=True):
    """A link that we hold."""

    kind: LinkKind
    established_on: date | None
    is_ended: bool


class Successions:
    """The register's links: some 30,000 pairs of URNs, read once and kept."""

    def __init__(self, files: Sequence[RegisterFile], run: Run) -> None:
        """Read the files; rows that cannot be read go to the report."""
        self.files = files
        self.whole = any(file.whole for file in files)
        self.tally = run.tallies[Part.LINKS]
        self.stated: dict[Pair, Stated] = {}
        self.named: set[Pair] = set()
        for place, file in enumerate(files):
            self._read(place, file)
        for pair in [pair for pair, stated in self.stated.items() if stated.kind is LinkKind.RELATED]:
            if pair[::-1] in self.stated:
                del self.stated[pair]
        self.named.update(self.stated)

    def _read(self, place: int, file: RegisterFile) -> None:
        bound = [bind(cell, file) for cell in _CELLS]
        bound = [cell for cell in bound if cell.headers]
        for row in file.rows():
            self.tally.read()
            faults = [row.fault] if row.fault else self._state(place, row.line, bound, row.values)
            if faults:
                self.tally.reject(file, row.line, faults)

    def _state(self, place: int, line: int, bound: Sequence[BoundCell], values: dict[str, str]) -> list[Fault]:
        taken = {cell.cell.field: take(cell, values) for cell in bound}
        faults = [fault for _, fault in taken.values() if fault is not None]
        urn, link_urn = taken["urn"][0], taken["link_urn"][0]
        if faults:
            if urn is not None and link_urn is not None:
                self.named |= {(urn, link_urn), (link_urn, urn)}
            return faults
        if urn == link_urn:
            return [
                Fault(field="LinkURN", problem="is the establishment itself", mend="remove the row", value=str(urn))
            ]
        kind, direction = taken["link_type"][0]
        pair = _ordered(urn, link_urn, direction)
        stated = Stated(place, line, kind, taken.get("established_on", (None, None))[0])
        earlier = self.stated.get(pair)
        self.stated[pair] = stated if earlier is None else _joined(earlier, stated)
        return []

    def guard(self, run: Run) -> None:
        """Refuse files that lack more than a tenth of the links we hold; raises RegisterShrinks."""
        if not self.whole:
            return
        before = kept = 0
        with run.db.read() as session:
            for pair in self._held(session):
                before += 1
                kept += pair in self.named
        refuse_if_shrinks(Part.LINKS, before=before, kept=kept, files=self.files)

    def load(self, run: Run) -> None:
        """Bring our links in line with the files."""
        quiet = run.is_first(Part.LINKS, whole=self.whole)
        for pairs in batches(sorted(self.stated)):
            with run.batch() as session:
                self._write(run, session, pairs, quiet=quiet)
            run.advance(len(pairs))
        if self.whole:
            with run.batch() as session:
                gone = [pair for pair in self._held(session) if pair not in self.named]
            for some in batches(gone):
                with run.batch() as session:
                    self._end(run, session, some, quiet=quiet)
        run.finish(Part.LINKS, self.files, whole=self.whole)

    def _held(self, session: Session) -> list[Pair]:
        columns = select(col(EstablishmentLink.predecessor_urn), col(EstablishmentLink.successor_urn))
        rows = session.execute(columns.where(col(EstablishmentLink.ended_at).is_(None)))
        return [(before, after) for before, after in rows]

    def _write(self, run: Run, session: Session, pairs: Sequence[Pair], *, quiet: bool) -> None:
        schools = _known(session, {urn for pair in pairs for urn in pair})
        kept = _kept(session, {pair[0] for pair in pairs})
        made, changed, events = [], [], []
        for pair in pairs:
            stated, was = self.stated[pair], kept.get(pair)
            unknown = [urn for urn in pair if urn not in schools]
            if unknown:
                self.tally.reject(self.files[stated.place], stated.line, [_unknown(urn) for urn in unknown])
            elif was == Kept(stated.kind, stated.established_on, False):
                self.tally.unchanged()
            else:
                facts = {"kind": stated.kind, "established_on": stated.established_on}
                row = {**_key(pair), **facts, "changed_at": run.now, "ended_at": None}
                if was is None:
                    made.append({**row, "first_seen_at": run.now})
                    events.append(_event(run, "school.link_recorded", pair, stated))
                else:
                    changed.append(row)
                    events.append(_event(run, "school.link_changed", pair, stated))
        insert_rows(session, EstablishmentLink, made)
        update_rows(session, EstablishmentLink, changed)
        insert_events(session, [] if quiet else events)
        self.tally.created(len(made))
        self.tally.changed(len(changed))

    def _end(self, run: Run, session: Session, pairs: Sequence[Pair], *, quiet: bool) -> None:
        update_rows(
            session,
            EstablishmentLink,
            [{**_key(pair), "ended_at": run.now, "changed_at": run.now} for pair in pairs],
        )
        insert_events(session, [] if quiet else [_event(run, "school.link_withdrawn", pair, None) for pair in pairs])
        self.tally.ended += len(pairs)


def _ordered(urn: int, link_urn: int, direction: int) -> Pair:
    """Predecessor first; where neither is, the lower URN first."""
    if direction < 0 or (direction == 0 and link_urn < urn):
        return link_urn, urn
    return urn, link_urn


def _joined(earlier: Stated, later: Stated) -> Stated:
    """One link out of what two rows say of it: the more telling kind, the earlier day. Their order does not matter."""
    kind = max(earlier.kind, later.kind, key=_TELLING.index)
    days = [day for day in (earlier.established_on, later.established_on) if day is not None]
    return Stated(earlier.place, earlier.line, kind, min(days, default=None))


def _key(pair: Pair) -> dict[str, Any]:
    return {"predecessor_urn": pair[0], "successor_urn": pair[1]}


def _known(session: Session, urns: Iterable[int]) -> set[int]:
    return set(session.execute(select(col(Establishment.urn)).where(col(Establishment.urn).in_(list(urns)))).scalars())


def _kept(session: Session, predecessors: Iterable[int]) -> dict[Pair, Kept]:
    link = EstablishmentLink
    columns: tuple[Any, ...] = (link.predecessor_urn, link.successor_urn, link.kind, link.established_on, link.ended_at)
    rows = session.execute(select(*columns).where(col(link.predecessor_urn).in_(list(predecessors))))
    return {(before, after): Kept(kind, day, ended is not None) for before, after, kind, day, ended in rows}


def _unknown(urn: int) -> Fault:
    mend = "import the register's establishments of the same day"
    return Fault(field="URN or LinkURN", problem="is no establishment that we know of", mend=mend, value=str(urn))


def _event(run: Run, action: str, pair: Pair, stated: Stated | None) -> dict[str, Any]:
    after: dict[str, Any] = _key(pair)
    if stated is not None:
        day = stated.established_on
        after |= {"kind": stated.kind.value, "established_on": day.isoformat() if day else None}
    return run.event(action, "school", school_id(pair[0]), before=None, after=after)
