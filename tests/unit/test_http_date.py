from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jero.http_date import format_http_date, parse_http_date

EXAMPLE = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
NOW = datetime(2026, 11, 25, tzinfo=UTC)

times = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - as hypothesis wants it
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - as hypothesis wants it
    timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
)


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_each_of_the_three_formats_is_read(text: str) -> None:
    assert parse_http_date(text, NOW) == EXAMPLE


def test_the_first_of_them_is_written() -> None:
    assert format_http_date(EXAMPLE) == "Sun, 06 Nov 1994 08:49:37 GMT"


def test_a_time_of_another_zone_is_written_in_gmt() -> None:
    time = datetime(1994, 11, 6, 10, 49, 37, tzinfo=timezone(timedelta(hours=2)))
    assert format_http_date(time) == "Sun, 06 Nov 1994 08:49:37 GMT"


def test_a_time_without_a_zone_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        format_http_date(datetime(1994, 11, 6))  # noqa: DTZ001 - what is tested


@given(times)
def test_a_formatted_date_is_parsed_as_the_same_second(time: datetime) -> None:
    assert parse_http_date(format_http_date(time)) == time.replace(microsecond=0)


@given(times)
def test_the_obsolete_formats_are_read_as_the_same_second(time: datetime) -> None:
    utc = time.astimezone(UTC).replace(microsecond=0)
    day, date, month, year, clock, _ = format_http_date(time).replace(",", "").split()
    assert parse_http_date(f"{day} {month} {int(date):2} {clock} {year}") == utc
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    short = f"{names[utc.weekday()]}, {date}-{month}-{year[2:]} {clock} GMT"
    read = parse_http_date(short, NOW)
    # 29 February is not in every century.
    assert read is None or (read.year % 100, read.timetuple()[1:6]) == (
        utc.year % 100,
        utc.timetuple()[1:6],
    )


@pytest.mark.parametrize(("text", "year"), [("26", 2026), ("76", 2076), ("77", 1977), ("00", 2000)])
def test_a_year_of_two_digits_is_at_most_fifty_years_ahead(text: str, year: int) -> None:
    read = parse_http_date(f"Sunday, 06-Nov-{text} 08:49:37 GMT", NOW)
    assert read is not None
    assert read.year == year


def test_a_leap_second_is_the_first_of_the_next_minute() -> None:
    read = parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT")
    assert read == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "1994-11-06T08:49:37Z",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:60 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        " Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_other_text_is_not_a_date(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    parse_http_date(text)
