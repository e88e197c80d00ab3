"""HTTP-dates (RFC 9110 § 5.6.7) ↔ `datetime`."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_DAY: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_WEEKDAY: Final = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME: Final = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"

_FORMATS: Final = (
    # Sun, 06 Nov 1994 08:49:37 GMT
    re.compile(rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    # Sunday, 06-Nov-94 08:49:37 GMT
    re.compile(rf"{_WEEKDAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    # Sun Nov  6 08:49:37 1994
    re.compile(rf"{_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})"),
)
"""IMF-fixdate, and the two obsolete formats that a recipient must accept."""


def parse_http_date(text: str, now: datetime | None = None) -> datetime | None:
    """Parse an HTTP-date in any of the three formats; the time in UTC, or `None` for any other text.

    A two-digit year is at most fifty years after `now`, by default the present. Seconds can be 60. The name of the day
    is not checked against the date.
    """
    found = next(filter(None, (each.fullmatch(text) for each in _FORMATS)), None)
    if found is None:
        return None
    month, *numbers = found.group("month", "year", "day", "hour", "minute", "second")
    year, day, hour, minute, second = map(int, numbers)
    if len(found["year"]) == 2:
        latest = (now or datetime.now(UTC)).year + 50
        year = latest - (latest - year) % 100
    leap = second == 60
    try:
        time = datetime(
            year, _MONTHS.index(month) + 1, day, hour, minute, second - leap, tzinfo=UTC
        )
        return time + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        return None


def format_http_date(time: datetime) -> str:
    """Format as an IMF-fixdate, in whole seconds and in GMT. Raises `ValueError` for a time without a time zone."""
    if time.utcoffset() is None:
        raise ValueError(
            f"{time!r} has no time zone, but an HTTP-date is in GMT: add one, as in `datetime.now(UTC)`"
        )
    return format_datetime(time.astimezone(UTC), usegmt=True)
