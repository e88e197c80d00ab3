from datetime import date, datetime, timedelta, timezone
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import EmptyResponse, Endpoint
from jero.headers import compile_encoder, encode_pair, encode_raw, field_names, merge
from tests.support.asking import app_of
from tests.support.requests import echo_of
from tests.support.wiring import failure_of


class Colour(Enum):
    RED = "red"


class Headers(Struct):
    x_name: str
    x_count: int = 3
    x_is_fresh: bool = True
    x_on: date = date(2026, 11, 22)
    x_colour: Colour = Colour.RED
    x_id: UUID = UUID(int=1)
    x_mode: Literal["fast", "slow"] = "fast"
    x_score: Annotated[float, msgspec.Meta(ge=0)] = 0.5
    x_note: str | None = None
    link: list[str] = []
    own: str = msgspec.field(default="kept", name="X-Own_Name")


def test_a_struct_becomes_pairs_named_by_its_fields() -> None:
    assert compile_encoder(Headers)(Headers("n", link=["<a>", "<b>"])) == [
        (b"x-name", b"n"),
        (b"x-count", b"3"),
        (b"x-is-fresh", b"true"),
        (b"x-on", b"2026-11-22"),
        (b"x-colour", b"red"),
        (b"x-id", b"00000000-0000-0000-0000-000000000001"),
        (b"x-mode", b"fast"),
        (b"x-score", b"0.5"),
        (b"link", b"<a>"),
        (b"link", b"<b>"),
        (b"x-own_name", b"kept"),
    ]


class Dated(Struct):
    last_modified: datetime
    expires: datetime | None = None


def test_a_datetime_is_sent_as_an_http_date() -> None:
    time = datetime(1994, 11, 6, 10, 49, 37, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert compile_encoder(Dated)(Dated(time)) == [
        (b"last-modified", b"Sun, 06 Nov 1994 08:49:37 GMT")
    ]


def test_a_datetime_without_a_time_zone_is_not_sent() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        compile_encoder(Dated)(Dated(datetime(1994, 11, 6)))  # noqa: DTZ001 - what is tested


class ListOfDates(Struct):
    x_at: list[datetime] | None = None


def renamed(rename: Literal["camel", "pascal", "upper", "kebab"]) -> type[Struct]:
    return msgspec.defstruct("Trace", [("x_trace_id", str), ("etag", str)], rename=rename)


class Called(Struct):
    soap_action: str = msgspec.field(name="SOAPAction")
    do_not_track: str = msgspec.field(name="DNT")
    x_request_id: str = msgspec.field(name="X-Request-ID")


def test_a_header_may_have_any_name_that_is_given_to_its_field() -> None:
    names = [name for _, name in field_names(Called)]
    assert names == ["SOAPAction", "DNT", "X-Request-ID"]


def test_fields_may_be_renamed_as_headers_are_written() -> None:
    assert [name for _, name in field_names(renamed("kebab"))] == ["x-trace-id", "etag"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "text"),
    [
        (renamed("camel"), "renames `x_trace_id` to 'xTraceId', but the header is 'x-trace-id'"),
        (renamed("pascal"), "to 'XTraceId', but the header is 'x-trace-id': declare the"),
        (renamed("upper"), "renames `x_trace_id` to 'X_TRACE_ID', but the header is"),
        (ListOfDates, "`x_at: list[datetime.datetime] | None` cannot be a list: dates in headers"),
    ],
)  # fmt: skip
async def test_headers_that_could_never_match_are_a_wiring_error(
    headers: type[Struct], text: str
) -> None:
    taken = await failure_of(app_of(echo_of("headers", headers)))
    assert taken.startswith("Echoing.get has an invalid argument `headers`: ")
    assert text in taken

    async def get(self: Endpoint) -> None:
        raise NotImplementedError

    get.__annotations__["return"] = EmptyResponse[headers]
    sends = type("Sends", (Endpoint,), {"get": get}, path="/")
    sent = await failure_of(app_of(sends()))
    assert sent.startswith("Sends.get: ")
    assert text in sent


def test_a_later_layer_replaces_every_field_of_the_same_name() -> None:
    defaults = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    assert merge(defaults, [(b"a", b"4"), (b"a", b"5")]) == [
        (b"b", b"2"),
        (b"a", b"4"),
        (b"a", b"5"),
    ]


latin_1 = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"))


@given(latin_1, st.sampled_from("\r\n\0"), latin_1)
def test_a_value_with_a_line_break_or_nul_is_refused(before: str, forger: str, after: str) -> None:
    value = before + forger + after
    with pytest.raises(ValueError, match="cannot have the value"):
        encode_pair("x", value)


@given(latin_1)
def test_any_other_latin_1_value_is_sent_as_it_is(value: str) -> None:
    assert encode_raw({"X-Any": value}) == [(b"x-any", value.encode("latin-1"))]


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "a\n"])
def test_an_invalid_header_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid header name"):
        encode_pair(name, "")
