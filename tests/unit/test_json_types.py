"""Whatever has a JSON form can be returned, streamed and received, and is documented as what it is."""

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, TypedDict
from uuid import UUID

import attrs
import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import UNSET, Meta, Struct, UnsetType

from jero import Endpoint, JSONResponse, NDJSONStreamingResponse, ServerSentEvent, SSEResponse
from jero.testing import iter_events, iter_ndjson
from tests.support.asking import app_of, ask
from tests.support.documents import Document, client_of, document_of
from tests.support.requests import echo_of
from tests.support.validate import check


class Point(Struct):
    x: int
    y: int | UnsetType = UNSET


class Cat(Struct, tag=True):
    lives: int


class Dog(Struct, tag=True):
    age: int


class Line(Struct, array_like=True):
    start: int
    end: int


@dataclasses.dataclass
class Size:
    width: int
    height: int = 1


@attrs.define
class Mass:
    grams: int


class Options(TypedDict):
    verbose: bool
    depth: NotRequired[int]


class Pair(NamedTuple):
    left: int
    right: str


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Mode(StrEnum):
    FAST = "fast"


class Box[T](Struct):
    value: T


class Span(Struct, array_like=True):
    start: int
    end: int = 0


type Page[T] = dict[str, list[T]]
type Swapped[A, B] = dict[B, A]
type Pages[T] = list[Page[T]]
type Ids = list[UserId]
UserId = NewType("UserId", int)
Score = NewType("Score", Annotated[int, Meta(ge=1)])  # pyright: ignore[reportGeneralTypeIssues] - msgspec reads it
Names = NewType("Names", list[str])

JSON_TYPES: list[tuple[Any, object, str]] = [
    (int, 7, "7"),
    (float, 1.5, "1.5"),
    (float, 1, "1"),
    (bool, True, "true"),
    (Decimal, Decimal("1.50"), '"1.50"'),
    (UUID, UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    (date, date(2026, 1, 2), '"2026-01-02"'),
    (datetime, datetime(2026, 1, 2, tzinfo=UTC), '"2026-01-02T00:00:00Z"'),
    (Colour, Colour.RED, '"red"'),
    (Level, Level.LOW, "1"),
    (Literal["a", 1], 1, "1"),
    (Any, {"any": [1, None]}, '{"any":[1,null]}'),
    (object, [1], "[1]"),
    (list, [1, "a"], '[1,"a"]'),
    (dict, {"a": 1}, '{"a":1}'),
    (list[str], ["a", "b"], '["a","b"]'),
    (list[int | None], [1, None], "[1,null]"),
    (Sequence[int], [1, 2], "[1,2]"),
    (set[int], {1}, "[1]"),
    (frozenset[str], frozenset({"a"}), '["a"]'),
    (tuple[int, str], (1, "a"), '[1,"a"]'),
    (tuple[int, ...], (1, 2), "[1,2]"),
    (dict[str, int], {"a": 1}, '{"a":1}'),
    (dict[UUID, int], {UUID(int=1): 1}, '{"00000000-0000-0000-0000-000000000001":1}'),
    (Mapping[str, Any], {"a": [1]}, '{"a":[1]}'),
    (list[dict[str, object]], [{"a": None}], '[{"a":null}]'),
    (Point, Point(1), '{"x":1}'),
    (list[Point], [Point(1, 2)], '[{"x":1,"y":2}]'),
    (Line, Line(1, 2), "[1,2]"),
    (Cat | Dog, Dog(3), '{"type":"Dog","age":3}'),
    (list[Cat | Dog], [Cat(9)], '[{"type":"Cat","lives":9}]'),
    (Cat | Dog | int | list[str], ["a"], '["a"]'),
    (Size, Size(1), '{"width":1,"height":1}'),
    (Mass, Mass(5), '{"grams":5}'),
    (list[Mass], [Mass(5)], '[{"grams":5}]'),
    (Options, {"verbose": True}, '{"verbose":true}'),
    (Pair, Pair(1, "a"), '[1,"a"]'),
    (Box[int], Box(1), '{"value":1}'),
    (Box[object], Box([1]), '{"value":[1]}'),
    (list[UserId | str], [UserId(1), "a"], '[1,"a"]'),
    (list[bytes], [b"a"], '["YQ=="]'),
    (dict[Annotated[str, Meta(min_length=1)], int], {"a": 1}, '{"a":1}'),
    (dict[Annotated[str, Meta(description="A name.")], int], {"a": 1}, '{"a":1}'),
    (Annotated[Cat, Meta(description="A cat.")] | Dog, Dog(3), '{"type":"Dog","age":3}'),
    (Span, Span(1), "[1,0]"),
    (Box[Page[UserId]], Box({"a": [UserId(1)]}), '{"value":{"a":[1]}}'),
    (Page[int], {"a": [1]}, '{"a":[1]}'),
    (Pages[Point], [{"a": [Point(1)]}], '[{"a":[{"x":1}]}]'),
    (Swapped[int, str], {"a": 1}, '{"a":1}'),
    (Annotated[Page[UserId], Meta(description="By name.")], {"a": [1]}, '{"a":[1]}'),
    (UserId, UserId(5), "5"),
    (Score, Score(5), "5"),
    (Names, Names(["a"]), '["a"]'),
    (Ids, [UserId(1)], "[1]"),
    (dict[str, UserId], {"a": UserId(1)}, '{"a":1}'),
]


def validate(schema: Document, text: str) -> None:
    """Fails if the JSON text is not what the schema says."""
    validator: Any = Draft202012Validator(schema)
    validator.validate(msgspec.json.decode(text))


def ids(types: list[tuple[Any, object, str]]) -> list[str]:
    return [str(kind) for kind, _, _ in types]


def serving(kind: Any, value: object) -> list[Endpoint]:
    """Endpoints that send the value in every way."""

    async def items() -> AsyncIterator[object]:
        yield value
        yield value

    async def events() -> AsyncIterator[object]:
        yield value
        yield ServerSentEvent(data=value, id="1")

    return [
        answering("/bare", kind, lambda: value),
        answering("/wrapped", JSONResponse[kind], lambda: JSONResponse(content=value)),
        answering(
            "/lines", NDJSONStreamingResponse[kind], lambda: NDJSONStreamingResponse(stream=items())
        ),
        answering("/events", SSEResponse[kind], lambda: SSEResponse(stream=events())),
    ]


def answering(path: str, returned: Any, respond: Callable[[], object]) -> Endpoint:
    async def get(_self: Endpoint) -> object:
        return respond()

    get.__annotations__ = {"return": returned}
    return type("Answering", (Endpoint,), {"get": get}, path=path)()


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "value", "text"), JSON_TYPES, ids=ids(JSON_TYPES))
async def test_a_value_of_any_json_type_can_be_returned_and_streamed(
    kind: Any, value: object, text: str
) -> None:
    app, json = app_of(*serving(kind, value)), text.encode()
    assert (await ask(app, "/bare")).body == json
    assert (await ask(app, "/wrapped")).body == json
    assert (await ask(app, "/lines")).body == json + b"\n" + json + b"\n"
    event = b"data: " + json + b"\n\n"
    assert (await ask(app, "/events")).body == event + b"id: 1\n" + event


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "value", "text"), JSON_TYPES, ids=ids(JSON_TYPES))
async def test_a_value_of_any_json_type_can_be_received(
    kind: Any, value: object, text: str
) -> None:
    body = echo_of("json", kind, method="post")
    json = ("content-type", "application/json")
    answer = await ask(app_of(body), "/", "POST", headers=(json,), body=text.encode())
    assert (answer.status, body.given) == (204, [value])
    got: list[object] = []

    async def post(_self: Endpoint, ndjson: AsyncIterator[object]) -> int:
        got.extend([item async for item in ndjson])
        return len(got)

    post.__annotations__["ndjson"] = AsyncIterator[kind]
    upload = type("Upload", (Endpoint,), {"post": post}, path="/")()
    ndjson = ("content-type", "application/x-ndjson")
    lines = f"{text}\n{text}\n".encode()
    answer = await ask(app_of(upload), "/", "POST", headers=(ndjson,), body=lines)
    assert (answer.body, got) == (b"2", [value, value])


@pytest.mark.parametrize(("kind", "value", "text"), JSON_TYPES, ids=ids(JSON_TYPES))
def test_the_document_of_any_json_type_is_valid_and_accepts_its_values(
    kind: Any, value: object, text: str
) -> None:
    document = document_of(*serving(kind, value), echo_of("json", kind, method="post"))
    check(document)
    content = [
        document["paths"]["/bare"]["get"]["responses"]["200"]["content"]["application/json"],
        document["paths"]["/wrapped"]["get"]["responses"]["2XX"]["content"]["application/json"],
        document["paths"]["/"]["post"]["requestBody"]["content"]["application/json"],
    ]
    lines = document["paths"]["/lines"]["get"]["responses"]["200"]["content"]
    schemas = [each["schema"] for each in content]
    schemas.append(lines["application/x-ndjson"]["itemSchema"])
    for schema in schemas:
        validate({**schema, "components": document["components"]}, text)


@pytest.mark.parametrize(("kind", "value"), [each[:2] for each in JSON_TYPES], ids=ids(JSON_TYPES))
def test_a_client_in_a_test_reads_the_items_and_events_of_any_json_type(
    kind: Any, value: object
) -> None:
    with client_of(app_of(*serving(kind, value))) as client:
        with client.stream("GET", "/lines") as response:
            assert list(iter_ndjson(response, kind)) == [value, value]
        with client.stream("GET", "/events") as response:
            assert [event.data for event in iter_events(response, kind)] == [value, value]


TEXTUAL: list[tuple[Any, object]] = [
    (str, "a b"),
    (Mode, Mode.FAST),
    (Literal["a", "b"], "b"),
    (NewType("Token", str), "t"),
    (str | int, "a"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "value"), TEXTUAL)
async def test_text_is_sent_as_it_is_in_events_and_as_json_elsewhere(
    kind: Any, value: object
) -> None:
    app = app_of(*serving(kind, value))
    json = msgspec.json.encode(value)
    assert (await ask(app, "/bare")).body == json
    assert (await ask(app, "/lines")).body == json + b"\n" + json + b"\n"
    event = f"data: {value}\n\n".encode()
    assert (await ask(app, "/events")).body == event + b"id: 1\n" + event
    check(document_of(*serving(kind, value)))


@pytest.mark.parametrize(("kind", "value"), TEXTUAL)
def test_a_client_in_a_test_reads_events_whose_data_is_text(kind: Any, value: object) -> None:
    with (
        client_of(app_of(*serving(kind, value))) as client,
        client.stream("GET", "/events") as response,
    ):
        assert [event.data for event in iter_events(response, kind)] == [value, value]


class Fork(Struct):
    tines: int


class Knife(Struct):
    length: int


class Drawer(Struct):
    first: Fork | Knife
    others: list[Fork | Knife] = []


@dataclasses.dataclass
class Tray:
    first: Fork | Knife


class Mixed(Enum):
    ONE = 1
    TWO = "two"


ONLY_SENT: list[tuple[Any, object, str]] = [
    (Fork | Knife, Knife(2), '{"length":2}'),
    (list[Fork | Knife], [Fork(4)], '[{"tines":4}]'),
    (dict[str, Fork | Knife], {"a": Fork(4)}, '{"a":{"tines":4}}'),
    (Drawer, Drawer(Fork(4), [Knife(2)]), '{"first":{"tines":4},"others":[{"length":2}]}'),
    (Tray, Tray(Knife(2)), '{"first":{"length":2}}'),
    (int | date | str, date(2026, 1, 2), '"2026-01-02"'),
    (list[int] | set[int], {1}, "[1]"),
    (Mixed, Mixed.TWO, '"two"'),
    (Counter[str], Counter("aa"), '{"a":2}'),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "value", "text"), ONLY_SENT, ids=ids(ONLY_SENT))
async def test_a_union_that_cannot_be_decoded_can_still_be_sent_and_documented(
    kind: Any, value: object, text: str
) -> None:
    app = app_of(*serving(kind, value))
    assert (await ask(app, "/bare")).body == text.encode()
    assert (await ask(app, "/lines")).body == 2 * f"{text}\n".encode()
    document = document_of(*serving(kind, value))
    check(document)
    response = document["paths"]["/bare"]["get"]["responses"]["200"]
    schema = response["content"]["application/json"]["schema"]
    validate({**schema, "components": document["components"]}, text)


@dataclasses.dataclass
class Parcel:
    to: str
    sizes: list[Size]
    label: str = ""
    number: int = dataclasses.field(default=0, init=False)


class Wish(TypedDict):
    name: str
    options: NotRequired[Options]


@attrs.define
class Load:
    parcels: list[Parcel]
    mass: Mass
    note: str = ""


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "text", "paths"),
    [
        (
            Parcel,
            b'{"sizes":[{"width":"a"},{}],"label":1}',
            ["to", "sizes[0].width", "sizes[1].width", "label"],
        ),
        (Wish, b'{"options":{"depth":"a"}}', ["name", "options.verbose", "options.depth"]),
        (
            Load,
            b'{"parcels":[{"to":1}],"note":2}',
            ["mass", "parcels[0].sizes", "parcels[0].to", "note"],
        ),
        (dict[UserId, Page[int]], b'{"1":{"a":["x"]},"2":{"b":[1,null]}}', ["1.a[0]", "2.b[1]"]),
    ],
)
async def test_every_fault_is_found_in_a_class_of_any_kind(
    kind: Any, text: bytes, paths: list[str]
) -> None:
    app = app_of(echo_of("json", kind, method="post"))
    answer = await ask(app, "/", "POST", headers=(("content-type", "application/json"),), body=text)
    errors: Any = answer.problem["errors"]
    assert [error["path"] for error in errors] == [f"$.{path}" for path in paths]
