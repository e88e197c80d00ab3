"""Whatever fails to be encoded, the bytes on the wire are whole items: all of those before it, and nothing of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct

from jero import Endpoint, NDJSONStreamingResponse, ServerSentEvent, SSEResponse, StreamingResponse
from jero.asgi import Message, Scope
from jero.streaming.lifecycle import Source
from jero.streaming.open import OpenStreams
from jero.streaming.pump import Pump
from jero.streaming.wire import ndjson_encoder
from tests.support.asking import app_of


class Row(Struct):
    value: object


class Wide(Row):
    """Fails after many bytes of it are written."""

    more: list[object]


type Rows = st.SearchStrategy[Row]
type Item = Row | str | ServerSentEvent[Row]

HALF_AN_EMOJI: Final = "caf\u00e9 \ud83d"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
good_values = texts | st.integers() | st.lists(texts, max_size=3)
bad: list[object] = [Path("/x"), HALF_AN_EMOJI, {(1, 2): 1}, object(), [1, {"a": Path("/x")}]]
bad_values = st.sampled_from([*bad, Raw(b"[1,\n")])
tails: st.SearchStrategy[list[object]] = st.tuples(
    texts.map(lambda text: text * 20), bad_values
).map(list)
unencodable: Rows = st.builds(Row, bad_values) | st.builds(Wide, good_values, tails)
rows: Rows = st.builds(Row, good_values)
halves = texts.map(lambda text: f"{text}\n{HALF_AN_EMOJI}")
names = st.text(st.characters(categories=["L"]), max_size=9) | st.just(HALF_AN_EMOJI)


@st.composite
def events(draw: st.DrawFn) -> ServerSentEvent[Row]:
    return ServerSentEvent(
        data=draw(rows | texts | unencodable | halves), event=draw(names), id=draw(names)
    )


ndjson_items: st.SearchStrategy[list[Row]] = st.lists(rows | unencodable, max_size=6)
sse_items: st.SearchStrategy[list[Item]] = st.lists(
    rows | texts | events() | unencodable | halves, max_size=6
)
views: list[object] = [bytearray(b"a"), memoryview(b"b"), "text", None]
chunks: st.SearchStrategy[list[bytes]] = st.lists(
    st.binary() | cast("st.SearchStrategy[bytes]", st.sampled_from(views))
)


class Stop(BaseException):
    """Not an `Exception`, as `KeyboardInterrupt` is none."""


async def respond(endpoint: Endpoint) -> tuple[int, bytes, bool]:
    """The status and the body that are sent, and whether the response was completed."""
    status, body, is_complete = 0, b"", False

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        nonlocal status, body, is_complete
        status = message.get("status", status)
        body += message.get("body", b"")
        is_complete = message["type"] == "http.response.body" and not message.get("more_body")

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await app_of(endpoint)(scope, receive, send)
    return status, body, is_complete


def stream_of[T](items: Sequence[T], pauses: Sequence[bool]) -> AsyncIterator[T]:
    async def give() -> AsyncIterator[T]:
        for item, pause in zip(items, pauses, strict=False):
            if pause:
                await asyncio.sleep(0)
            yield item

    return give()


class NDJSON(Endpoint, path="/"):
    def __init__(self, stream: AsyncIterator[Row]) -> None:
        self.stream = stream

    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self.stream)


class Events(Endpoint, path="/"):
    def __init__(self, stream: AsyncIterator[Item]) -> None:
        self.stream = stream

    async def get(self) -> SSEResponse[Row]:
        return SSEResponse(stream=self.stream)


class Bytes(Endpoint, path="/"):
    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self.stream = stream

    async def get(self) -> StreamingResponse:
        return StreamingResponse(stream=self.stream)


def line_of(item: object) -> bytes | None:
    """What the item should be on the wire, put together in another way; `None` if it has no form there."""
    try:
        return msgspec.json.encode(item) + b"\n" if not has_raw(item) else None
    except (TypeError, UnicodeEncodeError):
        return None


def has_raw(item: object) -> bool:
    return any(
        isinstance(each, Raw) for each in (getattr(item, "value", None), *getattr(item, "more", ()))
    )


def event_of(item: object) -> bytes | None:
    is_event = isinstance(item, ServerSentEvent)
    event = cast("ServerSentEvent[Row]", item if is_event else ServerSentEvent(data=item))
    wire = ""
    try:
        for name in ("event", "id"):
            if (value := getattr(event, name)) is not None:
                wire += f"{name}: {value}\n"
        data = event.data
        if isinstance(data, str):
            lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        else:
            line = line_of(data)
            if line is None:
                return None
            lines = [line.decode().removesuffix("\n")]
        return "".join([wire, *(f"data: {line}\n" for line in lines), "\n"]).encode()
    except UnicodeEncodeError:
        return None


def chunk_of(item: object) -> bytes | None:
    return None if isinstance(item, str | None) else bytes(cast("memoryview[int]", item))


def assert_good_prefix(answer: tuple[int, bytes, bool], wires: list[bytes | None]) -> None:
    """The answer is that of a stream whose items come to `wires`, where `None` has no form."""
    whole = wires.index(None) if None in wires else len(wires)
    prefix = b"".join(filter(None, wires[:whole]))
    status, body, is_complete = answer
    if whole == len(wires):
        assert (status, body, is_complete) == (200, prefix, True)
    elif prefix:
        assert (status, body, is_complete) == (200, prefix, False)
    else:
        problem = b'{"title":"Internal Server Error","status":500}'
        assert (status, body, is_complete) == (500, problem, True)


pauses = st.lists(st.booleans(), min_size=6, max_size=6)


@given(ndjson_items, pauses)
def test_an_ndjson_stream_sends_exactly_the_items_before_the_first_that_has_no_json_form(
    items: list[Row], pauses: list[bool]
) -> None:
    answer = asyncio.run(respond(NDJSON(stream_of(items, pauses))))
    assert_good_prefix(answer, [line_of(item) for item in items])


@given(sse_items, pauses)
def test_an_event_stream_sends_exactly_the_events_before_the_first_that_has_no_form(
    items: list[Item], pauses: list[bool]
) -> None:
    answer = asyncio.run(respond(Events(stream_of(items, pauses))))
    assert_good_prefix(answer, [event_of(item) for item in items])


@given(chunks)
def test_a_stream_of_bytes_sends_exactly_the_chunks_before_the_first_that_is_not_bytes(
    items: list[bytes],
) -> None:
    answer = asyncio.run(respond(Bytes(stream_of(items, [False] * len(items)))))
    assert_good_prefix(answer, [chunk_of(item) for item in items])


@pytest.mark.anyio
@pytest.mark.parametrize("pause", [False, True])
async def test_items_before_one_whose_encoding_raises_a_base_exception_are_sent(
    *, pause: bool
) -> None:
    encode, sent = ndjson_encoder((Row,), "Row"), list[bytes]()

    def stop_at_three(item: object) -> bytes:
        if item == Row(3):
            raise Stop
        return encode(item)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    source = Source(stream_of([Row(1), Row(2), Row(3), Row(4)], [pause] * 4))
    with pytest.raises(Stop):
        await Pump(
            source, stop_at_three, start, {}, receive, send, OpenStreams(), name="rows"
        ).run()
    assert b"".join(sent) == b'{"value":1}\n{"value":2}\n'


line_breaks = st.text("\n\r\t ", max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@st.composite
def foreign_json(draw: st.DrawFn) -> tuple[object, Raw]:
    """A value, and text of it with white space wherever JSON allows it."""
    value = draw(json_values)

    def write(value: object) -> str:
        match value:
            case dict():
                members = cast("dict[str, object]", value).items()
                pairs = (f"{pad()}{write(k)}{pad()}:{write(v)}" for k, v in members)
                text = "{" + ",".join(pairs) + "}"
            case list():
                text = "[" + ",".join(write(each) for each in cast("list[object]", value)) + "]"
            case _:
                text = msgspec.json.encode(value).decode()
        return pad() + text + pad()

    def pad() -> str:
        return draw(line_breaks)

    return value, Raw(write(value).encode())


@given(st.lists(foreign_json(), max_size=4))
def test_json_of_somebody_else_in_an_item_makes_no_line_of_its_own(
    payloads: list[tuple[object, Raw]],
) -> None:
    items = [Row(raw) for _, raw in payloads]
    _, body, _ = asyncio.run(respond(NDJSON(stream_of(items, [False] * len(items)))))
    assert b"\r" not in body
    lines = body.split(b"\n")[:-1]
    assert [msgspec.json.decode(line) for line in lines] == [{"value": v} for v, _ in payloads]


@given(foreign_json())
def test_json_of_somebody_else_in_an_event_is_one_line_of_data(
    payload: tuple[object, Raw],
) -> None:
    value, raw = payload
    item = ServerSentEvent(data=Row(raw), id="1")
    _, body, _ = asyncio.run(respond(Events(stream_of([item], [False]))))
    name, data, *rest = body.split(b"\n")
    assert (name, rest, b"\r" in body) == (b"id: 1", [b"", b""], False)
    assert msgspec.json.decode(data.removeprefix(b"data: ")) == {"value": value}
