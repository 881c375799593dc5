"""Dates as credentials write them: xsd:dateTime with a time zone."""

import re
from datetime import UTC, datetime, timedelta

DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT)(\d\d)(:\d\d:\d\d)(\.\d+)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.IGNORECASE | re.ASCII
)


def parse_date(value: object) -> datetime | None:
    """The instant in UTC, to the microsecond; None if it is no xsd:dateTime with a zone (VCDM 2.0 section 4.9)."""
    if not isinstance(value, str) or len(value) > 64 or (found := DATE_TIME.fullmatch(value)) is None:
        return None
    day, hour, rest, fraction, zone = found.groups()
    late = timedelta(days=1) if hour == "24" else timedelta(0)  # xsd:dateTime allows 24:00:00
    if late and (rest != ":00:00" or (fraction or ".0").strip(".0")):
        return None
    text = f"{day}{'00' if late else hour}{rest}{(fraction or '')[:7]}{zone.upper()}"
    try:
        return (datetime.fromisoformat(text) + late).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_date(instant: datetime) -> str:
    """An instant as credentials write it, in UTC to the second; raises ValueError for one without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
