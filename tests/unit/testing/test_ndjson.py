from collections.abc import AsyncIterator, Iterator, Sequence

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero.asgi import Receive, Scope, Send
from jero.testing import aiter_ndjson, iter_ndjson
from tests.support.asgi import END, chunk, client_of, http, start
from tests.support.chunks import chunked


class Row(Struct):
    text: str


class Total(Struct, tag=True):
    rows: int


class Note(Struct, tag=True):
    text: str


class Async(httpx.AsyncByteStream):
    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._chunks:
            yield part


class Sync(httpx.SyncByteStream):
    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def rows_of(*chunks: bytes) -> list[Row]:
    return list(iter_ndjson(httpx.Response(200, stream=Sync(chunks)), Row))


rows = st.lists(st.builds(Row, st.text()), max_size=8)


@given(st.data(), rows)
def test_the_same_bytes_are_the_same_items_in_any_chunks(
    data: st.DataObject, items: list[Row]
) -> None:
    wire = b"".join(msgspec.json.encode(item) + b"\n" for item in items)
    assert rows_of(*data.draw(chunked(wire))) == items


def test_an_item_is_there_when_its_line_is() -> None:
    read: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number, part in enumerate((b'{"text":"a"}\n{"te', b'xt":"b"}', b"\n")):
            read.append(number)
            yield part

    items = iter_ndjson(httpx.Response(200, content=chunks()), Row)
    assert (next(items), read) == (Row("a"), [0])
    assert (next(items), read) == (Row("b"), [0, 1, 2])


def test_blank_lines_are_skipped_and_carriage_returns_are_blank() -> None:
    assert rows_of(b'\n{"text":"a"}\r\n\r\n \n{"text":"b"}\n\n') == [Row("a"), Row("b")]


def test_the_last_line_may_lack_its_end() -> None:
    assert rows_of(b'{"text":"a"}\n{"text":"b"}') == [Row("a"), Row("b")]


def test_a_line_that_is_not_json_is_named_by_its_number_and_text() -> None:
    with pytest.raises(msgspec.DecodeError, match=r'^line 3: .*: \{"text":$'):
        rows_of(b'{"text":"a"}\n\n{"text":\n')


def test_a_line_of_another_type_is_a_validation_error_after_the_items_before_it() -> None:
    items = iter_ndjson(httpx.Response(200, stream=Sync([b'{"text":"a"}\n{"text":1}\n'])), Row)
    assert next(items) == Row("a")
    with pytest.raises(msgspec.ValidationError, match=r"^line 2: Expected `str`, got `int`"):
        next(items)


def test_a_line_that_is_not_utf_8_is_named_all_the_same() -> None:
    with pytest.raises(msgspec.DecodeError, match=r"line 1: .*\\xff"):
        rows_of(b'{"text":"\xff"}\n')


def test_the_items_of_a_union_are_distinguished_by_their_tags() -> None:
    stream = Sync([b'{"type":"Note","text":"a"}\n{"type":"Total","rows":1}\n'])
    items = iter_ndjson(httpx.Response(200, stream=stream), Note | Total)
    assert list(items) == [Note("a"), Total(1)]


@pytest.mark.anyio
async def test_an_asynchronous_client_gets_the_same_items() -> None:
    stream = Async([b'{"text":"a"}\n{"te', b'xt":"b"}'])
    items = aiter_ndjson(httpx.Response(200, stream=stream), Row)
    assert [item async for item in items] == [Row("a"), Row("b")]


@pytest.mark.anyio
async def test_a_stream_cut_off_within_a_line_is_not_reported_as_a_malformed_line() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(chunk(b'{"text":"a"}\n{"te'))

    async with client_of(app) as client, client.stream("GET", "/") as response:
        items = aiter_ndjson(response, Row)
        assert await anext(items) == Row("a")
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await anext(items)


@pytest.mark.anyio
async def test_a_response_that_was_read_has_its_items_still() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(chunk(b'{"text":"a"}\n'))
        await send(END)

    async with client_of(app) as client:
        response = await client.get("/")
    assert [item async for item in aiter_ndjson(response, Row)] == [Row("a")]
