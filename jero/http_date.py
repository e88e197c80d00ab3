"""Dates as HTTP writes them (RFC 9110 § 5.6.7) ↔ `datetime`. Knows nothing of headers."""

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
"""IMF-fixdate, and the two obsolete ones that a recipient must accept."""


def parse_http_date(text: str, now: datetime | None = None) -> datetime | None:
    """The time that a text in any of the three formats stands for, in UTC; `None` for any other text.

    A year of two digits is the one that is no more than fifty years after `now`, by default the present. Seconds may
    be 60. The name of the day is not checked against the date.
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
    """The time as an IMF-fixdate, which has whole seconds and is in GMT. Raises `ValueError` for one without a zone."""
    if time.utcoffset() is None:
        raise ValueError(
            f"{time!r} has no time zone, and an HTTP-date is in GMT: give it one, as in `datetime.now(UTC)`"
        )
    return format_datetime(time.astimezone(UTC), usegmt=True)
