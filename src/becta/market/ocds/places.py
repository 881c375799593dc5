"""A supplier's place on a framework's lot in the open: an award, and once it has begun a contract."""

from collections.abc import Sequence, Set
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from becta.kernel.clock import london_date, start_of_day
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkLot, FrameworkRound
from becta.market.frameworks.rules import ApplicationState, FrameworkState
from becta.market.ocds.facts import AwardFacts, ContractFacts, Span

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


class Place:
    """A supplier's place on a lot, won in a round: `id` names the award, and the contract once it has begun."""

    def __init__(
        self, framework: Framework, application: FrameworkApplication, lot: FrameworkLot, won_in: FrameworkRound
    ) -> None:
        assert application.awarded_from is not None  # the table's check constraint
        self.framework, self.row, self.lot, self.round = framework, application, lot, won_in
        self.starts: date = application.awarded_from
        self.id = f"{won_in.number}-{lot.number}-{application.supplier_id}"
        self.title = f"{framework.title}: {lot.title}"
        self.ends = min(one for one in (application.awarded_until, framework.last_on) if one is not None)

    def award(self, *, now: datetime) -> AwardFacts:
        """What is said of it from the award on."""
        return AwardFacts(
            id=self.id,
            title=self.title,
            status=self._status(now=now),
            decided_at=first_instant(self.round.award_published_on),
            suppliers=(str(self.row.supplier_id),),
            lots=(str(self.lot.number),),
            contract=self._period(),
            standstill=Span(
                starts=first_instant(self.round.award_published_on), ends=last_instant(self.round.standstill_ends_on)
            ),
            summaries_sent_at=self.round.summaries_sent_at,
            description=self._words(),
        )

    def contract(self, told: Set[str], *, now: datetime) -> ContractFacts | None:
        """What is said once it has begun; None before, and if it was taken off the lot first. `told`: those told of."""
        is_removed = self.row.state is ApplicationState.REMOVED
        if not self._has_begun(now=now) or (is_removed and self.id not in told):
            return None
        ended = self._ended(now=now)
        return ContractFacts(
            id=self.id,
            award_id=self.id,
            title=self.title,
            status="active" if ended is None else "terminated",
            signed_at=start_of_day(self.starts),
            period=self._period(),
            ended=ended,
        )

    def _has_begun(self, *, now: datetime) -> bool:
        terminated = self.framework.terminated_at
        return self.starts <= london_date(now if terminated is None else terminated)

    def _ended(self, *, now: datetime) -> str | None:
        if self.row.state is ApplicationState.REMOVED:
            return "The supplier was taken off the lot."
        if self.framework.state is FrameworkState.TERMINATED:
            return "Ended before its term."
        if self.ends >= london_date(now):
            return None
        return "Ended with its term." if self.row.awarded_until is None else "A later round took its place."

    def _status(self, *, now: datetime) -> str:
        if self.row.state is ApplicationState.REMOVED:
            return "cancelled"
        if self._has_begun(now=now):
            return "active"
        return "cancelled" if self.framework.state is FrameworkState.TERMINATED else "pending"

    def _period(self) -> Span:
        return Span(starts=start_of_day(self.starts), ends=last_instant(self.ends))

    def _words(self) -> str:
        """Always something, so that a later release takes back what an earlier one said."""
        if self.row.state is ApplicationState.SUSPENDED:
            return "Suspended: nothing is called off from this supplier for the time being."
        if self.row.state is ApplicationState.REMOVED:
            return "Taken off the lot."
        until = "" if self.row.awarded_until is None else f" until {self.row.awarded_until}"
        return f"On the lot from {self.starts}{until}."


def places_of(
    session: Session, framework: Framework, lots: Sequence[FrameworkLot], rounds: Sequence[FrameworkRound]
) -> list[Place]:
    """Every place that was won on these lots in these rounds, by round and lot."""
    by_id, by_number = {lot.id: lot for lot in lots}, {one.number: one for one in rounds}
    rows = session.exec(
        select(FrameworkApplication).where(
            FrameworkApplication.framework_id == framework.id, col(FrameworkApplication.awarded_from).is_not(None)
        )
    ).all()
    ordered = sorted(rows, key=lambda row: (row.round, by_id[row.lot_id].number, row.id))
    return [Place(framework, row, by_id[row.lot_id], by_number[row.round]) for row in ordered]


def first_instant(day: date | None) -> datetime | None:
    """The first instant of a day in England."""
    return None if day is None else start_of_day(day)


def last_instant(day: date | None) -> datetime | None:
    """The last second of a day in England."""
    return None if day is None else start_of_day(day + _DAY) - _SECOND
