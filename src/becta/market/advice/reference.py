"""The reference data of the advice, read once: bank holidays, thresholds, time limits and notices."""

from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

from becta.compliance.standards.entries import Source
from becta.kernel.working_days import Calendar, calendar_of
from becta.market.advice.entries import HolidayData, ProcedureData, ThresholdData

T = TypeVar("T")


@cache
def uk_calendar() -> Calendar:
    """The bank holidays of every part of the United Kingdom, for the years we know."""
    known = holiday_data()
    return calendar_of(known.holidays, first_year=known.first_year, last_year=known.last_year)


@cache
def holiday_data() -> HolidayData:
    """The bank holidays with their sources."""
    return _read("bank_holidays", HolidayData)


@cache
def threshold_data() -> ThresholdData:
    """Thresholds, notifiable amounts, value bands and what CPV codes make a contract, with their sources."""
    return _read("thresholds", ThresholdData)


@cache
def procedure_data() -> ProcedureData:
    """Time limits, notices, deadlines and grounds of the Act, with their sources."""
    return _read("procedures", ProcedureData)


@cache
def sources() -> dict[str, Source]:
    """Where each statement comes from, by the id the data name it by."""
    return {
        source.id: source for data in (holiday_data(), threshold_data(), procedure_data()) for source in data.sources
    }


def _read(name: str, type_: type[T]) -> T:
    return msgspec.toml.decode(files("becta.market.advice.data").joinpath(f"{name}.toml").read_bytes(), type=type_)
