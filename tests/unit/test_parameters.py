"""Text by name → Structs: `path`, `params` and `headers`."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal
from urllib.parse import quote, quote_plus, urlencode
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from jero.errors import InvalidRequestError
from jero.headers import compile_encoder
from jero.parameters import Texts, compile_reader
from tests.support.asking import Answer, app_of, ask
from tests.support.requests import Echo, echo_of, run

pytestmark = pytest.mark.anyio


class Colour(Enum):
    RED = "red"


class Level(Enum):
    LOW = 1


class Typed(Struct):
    number: int
    ident: UUID
    colour: Colour
    level: Level
    on: date
    at: datetime
    price: Decimal
    size: Literal["s", "m"]
    count: Literal[1, 2]
    is_hot: bool
    name: str


TEXTS = {
    "number": "-7",
    "ident": "00000000-0000-0000-0000-000000000001",
    "colour": "red",
    "level": "1",
    "on": "2026-11-22",
    "at": "2026-11-22T10:00:00Z",
    "price": "1.50",
    "size": "m",
    "count": "2",
    "is_hot": "true",
    "name": "7",
}
TYPED = Typed(
    number=-7,
    ident=UUID(int=1),
    colour=Colour.RED,
    level=Level.LOW,
    on=date(2026, 11, 22),
    at=datetime(2026, 11, 22, 10, tzinfo=UTC),
    price=Decimal("1.50"),
    size="m",
    count=2,
    is_hot=True,
    name="7",
)


async def test_slots_are_given_as_their_fields_types() -> None:
    echo = echo_of("path", Typed, "".join(f"/{{{name}}}" for name in TEXTS))
    await ask(app_of(echo), "/" + "/".join(TEXTS.values()))
    assert echo.given == [TYPED]


async def test_parameters_are_given_as_their_fields_types() -> None:
    echo = echo_of("params", Typed)
    await ask(app_of(echo), f"/?{urlencode(TEXTS)}")
    assert echo.given == [TYPED]


async def test_headers_are_given_as_their_fields_types() -> None:
    echo = echo_of("headers", Typed)
    headers = tuple((name.replace("_", "-"), value) for name, value in TEXTS.items())
    await ask(app_of(echo), "/", headers=headers)
    assert echo.given == [TYPED]


async def test_a_slot_of_another_type_is_a_422_that_names_each() -> None:
    class Two(Struct):
        number: int
        on: date

    echo = echo_of("path", Two, "/{number}/{on}")
    answer = await ask(app_of(echo), "/seven/today")
    assert (answer.status, echo.given) == (422, [])
    assert answer.problem["errors"] == [
        {"in": "path", "path": "$.number", "detail": "Expected `int`, got `str`"},
        {"in": "path", "path": "$.on", "detail": "Invalid RFC3339 encoded date"},
    ]


class Page(Struct):
    size: Annotated[int, Meta(ge=1)] = 20
    tag: list[str] = []
    before: int | None = None
    text: str | None = None


async def page(query: str) -> tuple[Answer, list[object]]:
    echo = echo_of("params", Page)
    return await ask(app_of(echo), f"/?{query}"), echo.given


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Page()),
        ("size=7", Page(size=7)),
        ("tag=a&size=1&tag=b", Page(size=1, tag=["a", "b"])),
        ("tag=", Page(tag=[""])),
        ("tag", Page(tag=[""])),
        ("text=", Page(text="")),
        ("text=null", Page(text="null")),
        ("text=a+b%2Bc%26d%3De", Page(text="a b+c&d=e")),
        ("text=a;size=3", Page(text="a;size=3")),
        ("other=1&&", Page()),
    ],
)
async def test_a_query_is_read_as_forms_are_encoded(query: str, expected: Page) -> None:
    _, given = await page(query)
    assert given == [expected]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("size=0", [("$.size", "Expected `int` >= 1")]),
        ("size=", [("$.size", "Expected `int`, got `str`")]),
        ("size=1&size=2", [("$.size", "Given 2 times, expected once")]),
        ("before=&size=x", [("$.size", "Expected `int`, got `str`"),
                            ("$.before", "Expected `int`, got `str`")]),
    ],
)  # fmt: skip
async def test_a_parameter_that_is_wrong_is_a_422_that_names_each(
    query: str, errors: list[tuple[str, str]]
) -> None:
    answer, given = await page(query)
    assert (answer.status, given) == (422, [])
    assert answer.problem["errors"] == [
        {"in": "query", "path": path, "detail": detail} for path, detail in errors
    ]


@pytest.mark.parametrize("query", ["text=%ff", "%ff=1"])
async def test_a_query_that_is_not_utf_8_is_a_400(query: str) -> None:
    answer, given = await page(query)
    assert (answer.problem["detail"], given) == ("The query string is not UTF-8.", [])
    assert answer.status == 400


async def test_a_query_of_a_thousand_parameters_is_read_and_one_more_is_a_400() -> None:
    _, given = await page("&".join(["tag=a"] * 1_000))
    assert given == [Page(tag=["a"] * 1_000)]
    answer, given = await page("&".join(["tag=a"] * 1_001))
    assert (answer.status, given) == (400, [])


class Closed(Struct, forbid_unknown_fields=True):
    size: int = 1


async def test_an_unknown_parameter_is_refused_only_where_the_struct_forbids_it() -> None:
    echo = echo_of("params", Closed)
    answer = await ask(app_of(echo), "/?size=x&sise=2&a%20b=1")
    assert echo.given == []
    assert answer.problem["errors"] == [
        {"in": "query", "path": "$.size", "detail": "Expected `int`, got `str`"},
        {"in": "query", "path": "$.sise", "detail": "Unknown"},
        {"in": "query", "path": "$['a b']", "detail": "Unknown"},
    ]


class Generic[T](Struct, forbid_unknown_fields=True):
    item: T


async def test_a_generic_struct_is_read_with_its_arguments() -> None:
    echo = echo_of("params", Generic[int])
    await ask(app_of(echo), "/?item=7")
    assert echo.given == [Generic(7)]


class Trace(Struct):
    x_trace_id: str
    x_tags: list[int] = []
    accept: str = ""
    own: str = msgspec.field(default="", name="X-Own_Name")


async def trace(*headers: tuple[str, str]) -> tuple[Answer, list[object]]:
    echo = echo_of("headers", Trace)
    return await ask(app_of(echo), "/", headers=headers), echo.given


async def test_a_header_is_found_by_its_fields_name_with_hyphens_or_by_its_own() -> None:
    _, given = await trace(("x-trace-id", "abc"), ("x-own_name", "kept"), ("x-other", "1"))
    assert given == [Trace("abc", own="kept")]


async def test_a_header_on_two_lines_is_one_and_a_list_takes_the_elements_of_all() -> None:
    _, given = await trace(
        ("x-trace-id", "a"), ("accept", "text/html"), ("accept", "*/*"),
        ("x-tags", "1, 2,,"), ("x-tags", "3"),
    )  # fmt: skip
    assert given == [Trace("a", [1, 2, 3], "text/html, */*")]


async def test_headers_that_are_wrong_are_a_422_that_names_each() -> None:
    answer, given = await trace(("x-tags", "1, b"))
    assert (answer.status, given) == (422, [])
    assert answer.problem["errors"] == [
        {"in": "header", "path": "$.x-trace-id", "detail": "Missing, and required"},
        {"in": "header", "path": "$.x-tags[1]", "detail": "Expected `int`, got `str`"},
    ]


class Conditional(Struct):
    if_modified_since: datetime | None = None
    if_none_match: list[str] = []


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "1994-11-06T08:49:37Z",  # not an HTTP-date, and unambiguous
    ],
)
async def test_a_datetime_header_is_read_in_every_format_of_http_dates(text: str) -> None:
    echo = echo_of("headers", Conditional)
    await ask(app_of(echo), "/", headers=(("if-modified-since", text),))
    assert echo.given == [Conditional(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC))]


@pytest.mark.parametrize("text", ["", "today", "Sun, 06 Nov 1994 25:49:37 GMT"])
async def test_a_datetime_header_that_is_not_a_date_is_a_422_with_an_example(text: str) -> None:
    echo = echo_of("headers", Conditional)
    answer = await ask(app_of(echo), "/", headers=(("if-modified-since", text),))
    assert (answer.status, echo.given) == (422, [])
    assert answer.problem["errors"] == [
        {
            "in": "header",
            "path": "$.if-modified-since",
            "detail": "Expected an HTTP-date, such as `Sun, 06 Nov 1994 08:49:37 GMT`",
        }
    ]


async def test_commas_within_an_entity_tag_do_not_split_it() -> None:
    echo = echo_of("headers", Conditional)
    await ask(app_of(echo), "/", headers=(("if-none-match", '"a,b", W/"c,d"'),))
    assert echo.given == [Conditional(if_none_match=['"a,b"', 'W/"c,d"'])]


async def test_a_header_of_a_megabyte_is_a_value_like_another() -> None:
    _, given = await trace(("x-trace-id", "x" * 1_000_000))
    assert given == [Trace("x" * 1_000_000)]


texts = st.text(st.characters(exclude_categories=["Cs"]))


class Text(Struct):
    text: str


def given_in(echo: Echo, target: str) -> list[object]:
    run(ask(app_of(echo), target))
    return echo.given


@given(texts.filter(bool))
def test_any_text_survives_a_slot(text: str) -> None:
    echo = echo_of("path", Text, "/a/{text}")
    assert given_in(echo, f"/a/{quote(text, safe='')}") == [Text(text)]


@given(texts)
def test_any_text_survives_a_query(text: str) -> None:
    assert given_in(echo_of("params", Text), f"/?text={quote_plus(text)}") == [Text(text)]


class Returned(Struct):
    x_number: int
    x_is_fresh: bool
    x_on: date
    x_id: UUID
    x_price: Decimal
    x_at: datetime
    x_note: str | None = None


headers = st.builds(
    Returned,
    x_number=st.integers(),
    x_is_fresh=st.booleans(),
    x_on=st.dates(),
    x_id=st.uuids(),
    x_note=st.none() | st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1),
    x_price=st.decimals(allow_nan=False, allow_infinity=False),
    x_at=st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0)),
)


@given(headers)
def test_headers_come_back_as_they_were_sent(sent: Returned) -> None:
    texts: Texts = {
        name.decode(): [value.decode("latin-1")] for name, value in compile_encoder(Returned)(sent)
    }
    received = compile_reader("header", Returned)(texts)
    assert received == sent


@given(st.dictionaries(st.sampled_from(["size", "tag", "before", "text", "x"]),
                       st.lists(texts, min_size=1, max_size=3)))  # fmt: skip
def test_any_texts_are_read_as_the_type_or_each_fault_names_a_parameter(
    given_texts: Texts,
) -> None:
    try:
        page = compile_reader("query", Page)(given_texts)
        assert msgspec.convert(msgspec.to_builtins(page), Page) == page
    except InvalidRequestError as error:
        faults = error.members["errors"]
        assert isinstance(faults, list)
        paths = {fault["path"] for fault in msgspec.to_builtins(faults)}
        assert paths <= {f"$.{name}" for name in given_texts}


class Limits(Struct):
    most: float = 0
    before: date | None = None
    prices: list[Decimal | None] = []
    text: str | None = None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("most", "NaN"),
        ("most", "-inf"),
        ("before", "null"),
        ("before", "NULL"),
        ("prices", "Infinity"),
        ("prices", "null"),
        ("prices", "sNaN"),
        ("prices", "-NaN123"),
        ("prices", " +i_nf "),
    ],
)
def test_no_value_and_no_number_cannot_be_written_as_text(name: str, text: str) -> None:
    with pytest.raises(InvalidRequestError):
        compile_reader("query", Limits)({name: [text]})


@pytest.mark.parametrize("text", ["null", "NaN", "sNaN"])
def test_a_text_may_be_any_word(text: str) -> None:
    assert compile_reader("query", Limits)({"text": [text]}) == Limits(text=text)


class Sizes(Struct):
    size: float | Literal["no limit"] = 0


def test_a_word_that_a_type_names_is_that_word() -> None:
    assert compile_reader("query", Sizes)({"size": ["no limit"]}) == Sizes("no limit")
