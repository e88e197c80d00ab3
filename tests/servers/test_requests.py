"""Requests over real connections, where what the server does with them matters as well."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import Struct

from jero import EmptyResponse, Endpoint, NDJSONStreamingResponse
from tests.servers.serving import served, talk
from tests.support.asking import app_of
from tests.support.requests import pieces

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class Feed(Endpoint, path="/feed"):
    async def get(self, last_event_id: int | None) -> list[Order]:
        return [Order(0 if last_event_id is None else last_event_id + 1)]


class Rows(Endpoint, path="/rows"):
    """Doubles rows as they come, and notes what it sees."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.ended = asyncio.Event()

    async def post(self, ndjson: AsyncIterator[Order]) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._doubled(ndjson))

    async def put(self, content: AsyncIterator[bytes]) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._endless())

    async def patch(self, content: AsyncIterator[bytes]) -> EmptyResponse:
        try:
            async for chunk in content:
                self.notes.append(chunk.decode())
            self.notes.append("the end")
        finally:
            self.ended.set()
        return EmptyResponse()

    async def _doubled(self, orders: AsyncIterator[Order]) -> AsyncIterator[Order]:
        try:
            async for order in orders:
                yield Order(order.id * 2)
        finally:
            self.ended.set()

    async def _endless(self) -> AsyncIterator[Order]:
        try:
            yield Order(1)
            await asyncio.Event().wait()
        finally:
            self.ended.set()


class Whole(Endpoint, path="/whole"):
    max_body = 4

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def post(self, content: bytes) -> EmptyResponse:
        self.seen.append(content)
        return EmptyResponse(status_code=205)

    async def get(self) -> EmptyResponse:
        return EmptyResponse(status_code=304)


HOST = b"Host: a\r\n"
NDJSON = {"content-type": "application/x-ndjson"}


@pytest.mark.parametrize("http", ["h11", "httptools"])
class TestOverSockets:
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"  # in real time: the network's

    async def test_a_body_over_the_limit_is_refused_without_being_asked_for(
        self, http: str
    ) -> None:
        whole = Whole()
        async with served(app_of(whole), http=http) as client, asyncio.timeout(60):
            head = b"POST /whole HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n"
            answer = await talk(client, head + b"Expect: 100-continue\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()
        assert whole.seen == []

    async def test_a_body_that_waits_to_be_asked_for_is_asked_for_and_received(
        self, http: str
    ) -> None:
        whole = Whole()
        async with served(app_of(whole), http=http) as client, asyncio.timeout(60):
            address = client.base_url.host, client.base_url.port
            reader, writer = await asyncio.open_connection(*address)
            head = b"POST /whole HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"
            writer.write(head + b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 100 ")
            assert await reader.readline() == b"\r\n"
            writer.write(b"1234")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 205 ")
        assert whole.seen == [b"1234"]

    async def test_a_body_in_chunks_is_refused_while_it_is_read_and_its_connection_closed(
        self, http: str
    ) -> None:
        whole = Whole()
        async with served(app_of(whole), http=http) as client, asyncio.timeout(60):
            head = b"POST /whole HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
            answer = await talk(client, head + b"5\r\n12345\r\n")  # … and no end
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert whole.seen == []

    async def test_answers_without_content_leave_the_connection_as_it_should_be(
        self, http: str
    ) -> None:
        async with served(app_of(Whole(), Feed()), http=http) as client, asyncio.timeout(60):
            get = b"GET /whole HTTP/1.1\r\n" + HOST + b"\r\n"
            post = b"POST /whole HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n"
            head = b"HEAD /feed HTTP/1.1\r\n" + HOST + b"\r\n"
            last = b"GET /feed HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
            answer = await talk(client, get + post + head + last)
        assert [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")] == [
            b"HTTP/1.1 304 Not Modified",
            b"HTTP/1.1 205 Reset Content",
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 200 OK",
        ]
        assert answer.endswith(b'\r\n\r\n[{"id":0}]')
        assert answer.count(b'[{"id":0}]') == 1

    async def test_an_answer_streams_while_its_request_is_still_being_sent(self, http: str) -> None:
        is_read = asyncio.Event()
        body = pieces([b'{"id":1}\n{"i', is_read.wait, b'd":2}'])
        async with served(app_of(Rows()), http=http) as client, asyncio.timeout(60):
            # httpx sends the whole of a request before it reads, so this one is sent by hand.
            address = client.base_url.host, client.base_url.port
            reader, writer = await asyncio.open_connection(*address)
            head = b"POST /rows HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-ndjson\r\n"
            writer.write(head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n")

            async def send() -> None:
                async for chunk in body:
                    writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                writer.write(b"0\r\n\r\n")

            sending = asyncio.create_task(send())
            await reader.readuntil(b'{"id":2}\n')
            is_read.set()
            assert b'{"id":4}\n' in await reader.read()
            await sending
            writer.close()
            await writer.wait_closed()

    @pytest.mark.parametrize("method", [b"POST", b"PUT"])
    async def test_a_client_that_leaves_while_it_uploads_ends_the_stream_read_or_not(
        self, http: str, method: bytes
    ) -> None:
        rows = Rows()
        async with served(app_of(rows), http=http) as client, asyncio.timeout(60):
            address = client.base_url.host, client.base_url.port
            reader, writer = await asyncio.open_connection(*address)
            head = (
                method + b" /rows HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-ndjson\r\n"
            )
            writer.write(head + b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"id":1}\n\r\n')
            await reader.readuntil(b'"id"')
            writer.close()
            await writer.wait_closed()
            await rows.ended.wait()

    async def test_an_upload_that_breaks_off_is_never_taken_for_its_end(self, http: str) -> None:
        rows = Rows()
        async with served(app_of(rows), http=http) as client, asyncio.timeout(60):
            address = client.base_url.host, client.base_url.port
            _, writer = await asyncio.open_connection(*address)
            head = b"PATCH /rows HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n"
            writer.write(head + b"12345")
            writer.close()
            await writer.wait_closed()
            await rows.ended.wait()
        assert "".join(rows.notes) in {"", "12345"}

    async def test_a_server_with_a_root_path_serves_the_paths_below_it(self, http: str) -> None:
        app = app_of(Feed())
        async with served(app, http=http, root_path="/shop") as client:
            answers = [await client.get(path) for path in ("/feed", "/f%65ed", "/shop/feed")]
        assert [answer.status_code for answer in answers] == [200, 200, 404]

    async def test_a_path_that_is_not_utf_8_is_a_400(self, http: str) -> None:
        async with served(app_of(Feed()), http=http) as client, asyncio.timeout(60):
            head = b"GET /%ff HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
            assert (await talk(client, head)).startswith(b"HTTP/1.1 400 ")

    async def test_an_upload_can_be_sent_with_an_ordinary_client(self, http: str) -> None:
        async with served(app_of(Rows()), http=http) as client:
            body = pieces([b'{"id":1}\n', b'{"id":2}\n'])
            response = await client.post("/rows", content=body, headers=NDJSON)
            assert response.text == '{"id":2}\n{"id":4}\n'
