"""A body that is read while the handler runs: `content` and `ndjson` as iterators."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import (
    BytesResponse,
    ConflictError,
    Endpoint,
    JSONResponse,
    NDJSONStreamingResponse,
)
from jero.body import AHEAD, Upload
from jero.testing import aiter_ndjson
from tests.support.asgi import client_of
from tests.support.asking import app_of, ask
from tests.support.chunks import chunked
from tests.support.requests import Piece, pieces, run

pytestmark = pytest.mark.anyio

NDJSON = {"content-type": "application/x-ndjson"}


class Row(Struct):
    number: int


class RowsEndpoint(Endpoint, path="/rows"):
    """Reads rows, and notes when it reads which; no further than `stop`."""

    def __init__(self, stop: int | None = None, *, pause: float = 0) -> None:
        self.seen: list[tuple[float, int]] = []
        self.notes: list[str] = []
        self._stop = stop
        self._pause = pause

    async def post(self, ndjson: AsyncIterator[Row]) -> JSONResponse[list[Row]]:
        rows: list[Row] = []
        try:
            while len(rows) != self._stop and (row := await anext(ndjson, None)) is not None:
                self.seen.append((asyncio.get_running_loop().time(), row.number))
                rows.append(row)
                await asyncio.sleep(self._pause)
        except BaseException as error:
            self.notes.append(type(error).__name__)
            raise
        return JSONResponse(content=rows)


async def upload(endpoint: RowsEndpoint, *chunks: Piece, sent: list[bytes] | None = None) -> Any:
    async with client_of(app_of(endpoint)) as client:
        return await client.post("/rows", content=pieces(chunks, sent), headers=NDJSON)


@pytest.mark.parametrize(
    "media_type", ["application/x-ndjson", "application/ndjson; charset=utf-8", "application/JSONL"]
)
async def test_json_lines_may_be_called_by_any_of_their_names(media_type: str) -> None:
    headers = (("content-type", media_type),)
    answer = await ask(app_of(RowsEndpoint()), "/rows", "POST", headers=headers, body=b"{}")
    assert answer.status == 422


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("chunks", "numbers"),
    [
        ([BOM + b'{"number":1}\n{"number":2}\n'], [1, 2]),
        ([b"\xef", b"\xbb", b'\xbf{"number":1}'], [1]),
        ([BOM, b"\n", b'{"number":1}\n'], [1]),
        ([BOM], []),
        ([BOM + b"\n"], []),
        (
            [BOM + b'{"number":1}\n', BOM + b'{"number":2}\n'],
            [1, 2],
        ),  # two files, one behind the other
    ],
)
async def test_a_byte_order_mark_before_a_line_is_ignored(
    chunks: list[bytes], numbers: list[int]
) -> None:
    response = await upload(RowsEndpoint(), *chunks)
    assert response.json() == [{"number": number} for number in numbers]


async def test_a_number_out_of_range_is_a_422_that_names_the_line() -> None:
    response = await upload(RowsEndpoint(), b'{"number":1}\n{"number":1%b}' % (b"0" * 5_000))
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {
            "in": "body",
            "path": "$.number",
            "detail": "Expected `int`, got `number out of range`",
            "line": 2,
        }
    ]


@pytest.mark.parametrize("headers", [(), (("content-type", "application/json"),)])
async def test_another_content_type_is_a_415_before_the_handler_is_called(
    headers: tuple[tuple[str, str], ...],
) -> None:
    rows = RowsEndpoint()
    answer = await ask(app_of(rows), "/rows", "POST", headers=headers, body=b"{}")
    assert (answer.status, rows.notes) == (415, [])


async def test_each_row_is_there_as_soon_as_its_line_is_whole() -> None:
    rows = RowsEndpoint()
    chunks = (b'{"num', 1.0, b'ber":1}', 1.0, b'\n{"number":2}\n{"number"', 1.0, b":3}\n")
    await upload(rows, *chunks)
    assert rows.seen == [(2, 1), (2, 2), (3, 3)]


async def test_empty_lines_are_skipped_and_the_last_line_needs_no_end() -> None:
    response = await upload(RowsEndpoint(), b'\n\r\n{"number":1}\r\n  \n{"number":2}')
    assert response.json() == [{"number": 1}, {"number": 2}]


async def test_a_line_that_is_wrong_is_a_422_with_its_number() -> None:
    rows = RowsEndpoint()
    response = await upload(rows, b'{"number":1}\n\n{"number":"2"}\n')
    assert (response.status_code, rows.seen) == (422, [(0, 1)])
    assert response.json()["errors"] == [
        {"in": "body", "path": "$.number", "detail": "Expected `int`, got `str`", "line": 3}
    ]
    assert "at line 3, `$.number` of the body" in response.json()["detail"]


@pytest.mark.parametrize("line", [b"{", b"\xff", b"1 2", b'{"number":1}{"number":2}', b"["])
async def test_a_line_that_is_not_json_is_a_400_with_its_number(line: bytes) -> None:
    response = await upload(RowsEndpoint(), b'{"number":1}\n' + line)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("Line 2 is not well-formed JSON")


@pytest.mark.parametrize("chunks", [[b" " * 65 + b"\n"], [b" " * 40, b" " * 40]])
async def test_a_line_over_the_limit_is_a_413_as_soon_as_that_is_known(
    chunks: list[bytes],
) -> None:
    rows, sent = RowsEndpoint(), list[bytes]()
    app = app_of(rows)
    type(app).max_body = 64
    async with client_of(app) as client:
        body = pieces([b'{"number":1}\n', *chunks, b"more"], sent)
        response = await client.post("/rows", content=body, headers=NDJSON)
    assert (response.status_code, rows.seen) == (413, [(0, 1)])
    assert response.json()["detail"] == "Line 2 is over 64 bytes."
    assert b"more" not in sent


async def test_a_body_is_received_only_as_far_as_it_is_read() -> None:
    rows, sent = RowsEndpoint(stop=1, pause=60), list[bytes]()
    response = await upload(rows, b'{"number":1}\n', b'{"number":2}\n', b"{}", sent=sent)
    assert (response.json(), sent) == ([{"number": 1}], [b'{"number":1}\n'])


async def test_an_upload_that_breaks_off_is_never_taken_for_its_end() -> None:
    rows = RowsEndpoint()

    async def leave() -> None:
        raise httpx.ReadError("the network is down")

    with pytest.raises(httpx.ReadError):
        await upload(rows, b'{"number":1}\n{"number":2}', leave)
    assert rows.seen == [(0, 1)]
    assert rows.notes == ["ClientDisconnectedError"]


class Sizes(Endpoint, path="/sizes"):
    """Reads chunks, and tells their sizes."""

    body_timeout = 10.0

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def post(self, content: AsyncIterator[bytes]) -> BytesResponse:
        self.seen += [len(chunk) async for chunk in content]
        return BytesResponse(content=repr(self.seen).encode())


async def test_streamed_content_can_have_any_content_type_and_size() -> None:
    async with client_of(app_of(Sizes())) as client:
        body = pieces([b"a", b"\xff" * 2_000_000, 9.0, b"bc"])
        response = await client.post("/sizes", content=body)
    assert response.content == b"[1, 2000000, 2]"


async def test_an_upload_may_take_as_long_as_it_likes_but_not_be_silent_for_so_long() -> None:
    async with client_of(app_of(Sizes())) as client:
        slow = await client.post("/sizes", content=pieces([b"a", 9.0, b"b", 9.0, b"c"]))
        silent = await client.post("/sizes", content=pieces([b"a", 11.0, b"b"]))
    assert (slow.status_code, silent.status_code) == (200, 408)
    assert silent.headers["connection"] == "close"


class Capped(Sizes, path="/capped"):
    max_body = 4


async def test_an_upload_over_its_endpoints_own_limit_is_a_413_while_it_is_read() -> None:
    sent: list[bytes] = []
    async with client_of(app_of(Capped())) as client:
        body = pieces([b"123", b"45", b"6", b"7"], sent)
        response = await client.post("/capped", content=body)
    assert (response.status_code, sent) == (413, [b"123", b"45"])
    assert response.headers["connection"] == "close"


async def test_an_upload_with_a_content_length_over_the_limit_is_refused_before_the_handler() -> (
    None
):
    capped, sent = Capped(), list[bytes]()
    async with client_of(app_of(capped)) as client:
        body, headers = pieces([b"12345"], sent), {"content-length": "5"}
        response = await client.post("/capped", content=body, headers=headers)
    assert (response.status_code, sent, capped.seen) == (413, [], [])


class EchoEndpoint(Endpoint, path="/echo"):
    """Answers each row while the next is still to come."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    async def post(self, ndjson: AsyncIterator[Row]) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._held(ndjson))

    async def _held(self, rows: AsyncIterator[Row]) -> AsyncGenerator[AsyncIterable[Row]]:
        yield self._doubled(rows)
        await asyncio.sleep(1)
        self.notes.append("torn down")

    async def _doubled(self, rows: AsyncIterator[Row]) -> AsyncIterator[Row]:
        async for row in rows:
            if row.number == 9:
                raise ConflictError("nine is taken")
            yield Row(row.number * 2)


async def test_an_answer_streams_while_the_upload_is_still_being_read() -> None:
    is_read = asyncio.Event()
    body = pieces([b'{"number":1}\n', is_read.wait, b'{"number":2}\n'])
    async with (
        client_of(app_of(EchoEndpoint())) as client,
        client.stream("POST", "/echo", content=body, headers=NDJSON) as response,
    ):
        rows = aiter_ndjson(response, Row)
        assert await anext(rows) == Row(2)
        is_read.set()
        assert [row async for row in rows] == [Row(4)]


async def test_a_client_that_leaves_while_its_upload_is_read_ends_the_stream() -> None:
    echo = EchoEndpoint()
    body = pieces([b'{"number":1}\n', asyncio.Event().wait])
    async with client_of(app_of(echo)) as client:
        async with client.stream("POST", "/echo", content=body, headers=NDJSON) as response:
            assert await anext(aiter_ndjson(response, Row)) == Row(2)
        assert echo.notes == ["torn down"]


async def test_that_the_client_left_is_not_logged_as_an_error_of_the_reader_who_learnt_it_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    echo = EchoEndpoint()
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b'{"number":1}\n', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        message = messages.pop(0)
        if not messages:
            await asyncio.sleep(1)
        return message

    async def send(_: object) -> None:
        pass

    headers = [(b"content-type", b"application/x-ndjson")]
    scope = {"type": "http", "method": "POST", "path": "/echo", "headers": headers}
    await app_of(echo)(scope, receive, send)
    assert (echo.notes, messages, caplog.messages) == (["torn down"], [], [])


class Hasty(EchoEndpoint, path="/hasty"):
    body_timeout = 5.0


async def test_an_upload_that_falls_silent_while_it_is_answered_breaks_off_in_time() -> None:
    hasty = Hasty()
    body = pieces([b'{"number":1}\n', asyncio.Event().wait])
    async with client_of(app_of(hasty), raise_app_exceptions=False) as client:
        async with client.stream("POST", "/hasty", content=body, headers=NDJSON) as response:
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                assert await response.aread() is None
        assert asyncio.get_running_loop().time() == 6  # with the second that teardown takes
    assert hasty.notes == ["torn down"]


@pytest.mark.parametrize(
    ("line", "status"), [(b'{"number":9}', 409), (b'{"number":""}', 422), (b"{", 400)]
)
async def test_an_http_error_from_the_first_row_of_an_upload_is_answered(
    line: bytes, status: int
) -> None:
    echo = EchoEndpoint()
    async with client_of(app_of(echo)) as client:
        response = await client.post("/echo", content=pieces([line]), headers=NDJSON)
    assert (response.status_code, echo.notes) == (status, ["torn down"])


class Deaf(Endpoint, path="/deaf"):
    """Does not read what is uploaded, and streams without end."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    async def post(self, content: AsyncIterator[bytes]) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._rows())

    async def _rows(self) -> AsyncIterator[Row]:
        try:
            yield Row(1)
            await asyncio.Event().wait()
        finally:
            self.notes.append("torn down")


async def test_a_disconnect_is_noticed_even_if_the_upload_is_not_read() -> None:
    deaf = Deaf()
    async with client_of(app_of(deaf)) as client, asyncio.timeout(5):
        async with client.stream("POST", "/deaf", content=pieces([b"1", b"2"])) as response:
            assert await anext(aiter_ndjson(response, Row)) == Row(1)
        assert deaf.notes == ["torn down"]


async def test_no_more_is_received_ahead_of_the_reader_than_may_be() -> None:
    received = 0

    async def receive() -> dict[str, object]:
        nonlocal received
        received += 1
        return {"type": "http.request", "body": b"x" * (AHEAD // 4), "more_body": True}

    upload = Upload(receive)
    watching = asyncio.create_task(upload.watch())
    await asyncio.sleep(10)
    assert received == 4
    await upload.read()
    await asyncio.sleep(10)
    assert received == 5
    watching.cancel()


async def test_chunks_received_ahead_are_read_before_the_disconnect() -> None:
    inbox: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    upload = Upload(inbox.get)
    watching = asyncio.create_task(upload.watch())
    for message in ({"body": b"1", "more_body": True}, {"body": b"2", "more_body": True}):
        inbox.put_nowait({"type": "http.request", **message})
    await asyncio.sleep(1)
    assert (await upload.read())["body"] == b"1"
    inbox.put_nowait({"type": "http.disconnect"})
    assert (await watching)["type"] == "http.disconnect"
    assert [(await upload.read()).get("body") for _ in range(3)] == [b"2", None, None]


@given(
    st.lists(st.integers() | st.none(), max_size=8).flatmap(
        lambda numbers: st.tuples(
            st.just([number for number in numbers if number is not None]),
            chunked(
                b"\n".join(
                    b"" if number is None else msgspec.json.encode(Row(number))
                    for number in numbers
                )
            ),
        )
    )
)
def test_rows_are_the_same_in_any_chunks(
    case: tuple[list[int], list[bytes]],
) -> None:
    numbers, chunks = case
    assert run(upload(RowsEndpoint(), *chunks)).json() == [{"number": number} for number in numbers]
