"""Loading who belongs to which group. A membership that the register lists no longer is ended, never deleted."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, select
from sqlmodel import Session, col

from becta.kernel.clock import london_date
from becta.kernel.errors import Fault
from becta.kernel.ids import new_id
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.register import cells
from becta.market.organisations.register.files import Part, RegisterFile
from becta.market.organisations.register.layout import Cell, bind, take
from becta.market.organisations.register.run import (
    Run,
    batches,
    insert_events,
    insert_rows,
    refuse_if_shrinks,
    update_rows,
)
from becta.market.organisations.rules import ACADEMY_TRUSTS, GroupType, school_id

_CELLS = (
    Cell("urn", ("URN",), cells.urn, required=True),
    Cell("uid", ("Group UID",), cells.uid, required=True),
    Cell("joined_on", ("Joined date",), cells.day),
)
_ACADEMIES = tuple(sorted({*ACADEMY_TRUSTS, GroupType.SCHOOL_SPONSOR, GroupType.UMBRELLA_TRUST}))

Pair = tuple[int, int]
"""A URN and a group's UID."""


class Listed(Struct, frozen=True):
    """A membership as the register states it, and where."""

    place: int
    line: int
    joined_on: date | None


class Current(Struct, frozen=True):
    """A membership that we hold to be current."""

    id: UUID
    urn: int
    group_uid: int
    joined_on: date | None

    @property
    def pair(self) -> Pair:
        """Its key while it lasts."""
        return self.urn, self.group_uid


class Group(Struct, frozen=True):
    """What must be known of a group to say who joined or left it."""

    name: str
    closed_on: date | None


class Memberships:
    """The register's memberships: some 25,000 pairs of numbers, read once and kept."""

    def __init__(self, files: Sequence[RegisterFile], run: Run) -> None:
        """Read the files; rows that cannot be read go to the report."""
        self.files = files
        self.whole = any(file.whole for file in files)
        self.tally = run.tallies[Part.MEMBERSHIPS]
        self.listed: dict[Pair, Listed] = {}
        self.named: set[Pair] = set()
        for place, file in enumerate(files):
            bound = [bind(cell, file) for cell in _CELLS]
            for row in file.rows():
                self.tally.read()
                taken = [] if row.fault else [take(cell, row.values) for cell in bound]
                faults = [row.fault] if row.fault else [fault for _, fault in taken if fault is not None]
                if taken and taken[0][1] is None and taken[1][1] is None:
                    pair = (taken[0][0], taken[1][0])
                    self.named.add(pair)
                    if not faults:
                        faults = self._list(pair, Listed(place, row.line, taken[2][0]))
                if faults:
                    self.tally.reject(file, row.line, faults)

    def _list(self, pair: Pair, listed: Listed) -> list[Fault]:
        earlier = self.listed.setdefault(pair, listed)
        if earlier is listed:
            return []
        if earlier.place != listed.place and earlier.joined_on == listed.joined_on:
            self.tally.unchanged()
            return []
        where = f"{self.files[earlier.place].name}, line {earlier.line}"
        problem = f"names a school and group that are on an earlier line already: {where}"
        return [
            Fault(field="Group UID", problem=problem, mend="keep one of the two rows", value=f"{pair[0]}, {pair[1]}")
        ]

    def guard(self, run: Run) -> None:
        """Refuse files that lack more than a tenth of the current memberships; raises RegisterShrinks."""
        before = kept = 0
        with run.db.read() as session:
            for urn, uid in session.execute(self._current(GroupMembership.urn, GroupMembership.group_uid)):
                before += 1
                kept += (urn, uid) in self.named
        refuse_if_shrinks(Part.MEMBERSHIPS, before=before, kept=kept, files=self.files)

    def load(self, run: Run) -> None:
        """Bring our memberships in line. A school that moves leaves and joins in one transaction."""
        quiet = run.is_first(Part.MEMBERSHIPS, whole=self.whole)
        groups = self._groups(run)
        for urns in _by_school(self.listed):
            with run.batch() as session:
                _Batch(self, run, session, groups, quiet=quiet).write(urns)
            run.advance(sum(len(uids) for uids in urns.values()))
        self._end_the_rest(run, groups, quiet=quiet)
        run.finish(Part.MEMBERSHIPS, self.files, whole=self.whole)

    def _groups(self, run: Run) -> dict[int, Group]:
        columns = select(col(EstablishmentGroup.uid), col(EstablishmentGroup.name), col(EstablishmentGroup.closed_on))
        with run.batch() as session:
            return {uid: Group(name, closed_on) for uid, name, closed_on in session.execute(columns)}

    def _end_the_rest(self, run: Run, groups: dict[int, Group], *, quiet: bool) -> None:
        columns = (GroupMembership.id, GroupMembership.urn, GroupMembership.group_uid, GroupMembership.joined_on)
        with run.batch() as session:
            rows = [Current(*row) for row in session.execute(self._current(*columns))]
        for some in batches(row for row in rows if row.pair not in self.named):
            with run.batch() as session:
                batch = _Batch(self, run, session, groups, quiet=quiet)
                batch.end(some, batch.closed_on(row.urn for row in some))

    def _current(self, *columns: Any) -> Select[Any]:
        """Current memberships that the files can speak of: the academies' file says nothing of federations."""
        rows = select(*columns).where(col(GroupMembership.ended_at).is_(None))
        if self.whole:
            return rows
        of_group = col(EstablishmentGroup.uid) == col(GroupMembership.group_uid)
        return rows.join(EstablishmentGroup, of_group).where(col(EstablishmentGroup.type).in_(_ACADEMIES))

    def current_of(self, session: Session, urns: Iterable[int]) -> list[Current]:
        """The current memberships of some schools that the files can speak of."""
        columns = (GroupMembership.id, GroupMembership.urn, GroupMembership.group_uid, GroupMembership.joined_on)
        rows = self._current(*columns).where(col(GroupMembership.urn).in_(list(urns)))
        return [Current(*row) for row in session.execute(rows)]


class _Batch:
    """Writing the memberships of some schools."""

    def __init__(
        self, memberships: Memberships, run: Run, session: Session, groups: dict[int, Group], *, quiet: bool
    ) -> None:
        self.memberships, self.run, self.session, self.groups, self.quiet = memberships, run, session, groups, quiet
        self.tally = memberships.tally
        self.events: list[dict[str, Any]] = []

    def write(self, urns: dict[int, list[int]]) -> None:
        schools = self.closed_on(urns)
        current = {row.pair: row for row in self.memberships.current_of(self.session, urns)}
        made, changed = [], []
        for pair in ((urn, uid) for urn, uids in urns.items() for uid in uids):
            listed, was = self.memberships.listed[pair], current.get(pair)
            fault = self._unknown(pair, schools)
            if fault is not None:
                self.tally.reject(self.memberships.files[listed.place], listed.line, [fault])
            elif was is None:
                made.append(self._joined(pair, listed))
            elif was.joined_on != listed.joined_on:
                changed.append({"id": was.id, "joined_on": listed.joined_on, "changed_at": self.run.now})
            else:
                self.tally.unchanged()
        self.end([row for row in current.values() if row.pair not in self.memberships.named], schools)
        insert_rows(self.session, GroupMembership, made)
        update_rows(self.session, GroupMembership, changed)
        insert_events(self.session, self.events)
        self.events.clear()
        self.tally.created(len(made))
        self.tally.changed(len(changed))

    def end(self, left: Sequence[Current], schools: dict[int, date | None]) -> None:
        """End memberships; the day of leaving is known where the school or the group closed."""
        today = london_date(self.run.now)
        rows = []
        for row in left:
            closings = (schools.get(row.urn), self.groups[row.group_uid].closed_on)
            known = [day for day in closings if day is not None and day <= today]
            left_on = min(known, default=None)
            rows.append({"id": row.id, "ended_at": self.run.now, "changed_at": self.run.now, "left_on": left_on})
            self._tell("school.left_group", row.pair, row.joined_on)
        update_rows(self.session, GroupMembership, rows)
        insert_events(self.session, self.events)
        self.events.clear()
        self.tally.ended += len(rows)

    def closed_on(self, urns: Iterable[int]) -> dict[int, date | None]:
        """When some schools closed; one that is not in it is not known."""
        columns = select(col(Establishment.urn), col(Establishment.closed_on))
        rows = self.session.execute(columns.where(col(Establishment.urn).in_(list(urns))))
        return {row.urn: row.closed_on for row in rows}

    def _unknown(self, pair: Pair, schools: dict[int, date | None]) -> Fault | None:
        urn, uid = pair
        if urn not in schools:
            mend = "import the register's establishments of the same day"
            return Fault(field="URN", problem="is no establishment that we know of", mend=mend, value=str(urn))
        if uid not in self.groups:
            mend = "import the register's groups of the same day"
            return Fault(field="Group UID", problem="is no group that we know of", mend=mend, value=str(uid))
        return None

    def _joined(self, pair: Pair, listed: Listed) -> dict[str, Any]:
        self._tell("school.joined_group", pair, listed.joined_on)
        now = self.run.now
        membership = {"id": new_id(), "urn": pair[0], "group_uid": pair[1], "joined_on": listed.joined_on}
        return {**membership, "started_at": now, "changed_at": now}

    def _tell(self, action: str, pair: Pair, joined_on: date | None) -> None:
        if self.quiet:
            return
        urn, uid = pair
        joined = joined_on.isoformat() if joined_on else None
        facts = {"urn": urn, "group_uid": uid, "group": self.groups[uid].name, "joined_on": joined}
        self.events.append(self.run.event(action, "school", school_id(urn), before=None, after=facts))


def _by_school(listed: Iterable[Pair]) -> Iterator[dict[int, list[int]]]:
    """The pairs in batches of schools, so that no school's memberships are split between transactions."""
    schools: dict[int, list[int]] = {}
    for urn, uid in listed:
        schools.setdefault(urn, []).append(uid)
    for some in batches(sorted(schools)):
        yield {urn: schools[urn] for urn in some}
