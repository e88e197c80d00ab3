import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from msgspec import Struct

from jero import Endpoint, NDJSONStreamingResponse
from jero.asgi import Receive, Scope, Send
from jero.testing import LifespanError, SyncASGITransport, VirtualClock, iter_ndjson
from tests.support.asgi import END, ASGIApp, chunk, http, start
from tests.support.asking import app_of


class Row(Struct):
    number: int
    at: float


def client_of(app: ASGIApp, **options: Any) -> httpx.Client:
    transport = SyncASGITransport(app, loop_factory=VirtualClock, **options)
    return httpx.Client(transport=transport, base_url="http://testserver")


class Rows(Endpoint, path="/rows"):
    """A row a second, without end."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._held())

    async def _held(self) -> AsyncGenerator[AsyncIterable[Row]]:
        yield self._rows()
        await asyncio.sleep(1)
        self.notes.append("closed")

    async def _rows(self) -> AsyncIterator[Row]:
        number = 0
        while True:
            await asyncio.sleep(1)
            self.notes.append(f"made {number}")
            yield Row(number, asyncio.get_running_loop().time())
            number += 1


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "jero.testing"]


def test_an_item_arrives_before_the_next_is_produced() -> None:
    rows = Rows()
    with client_of(app_of(rows)) as client, client.stream("GET", "/rows") as response:
        items = iter_ndjson(response, Row)
        assert next(items).number == 0
        assert rows.notes == ["made 0"]
        assert next(items).number == 1
        assert rows.notes == ["made 0", "made 1"]


def test_a_virtual_clock_stands_still_between_calls_of_the_client() -> None:
    class NowEndpoint(Endpoint, path="/now"):
        async def get(self) -> Row:
            return Row(0, asyncio.get_running_loop().time())

    with client_of(app_of(Rows(), NowEndpoint())) as client:

        def now() -> float:
            return client.get("/now").json()["at"]

        assert now() == 0
        with client.stream("GET", "/rows") as response:
            items = iter_ndjson(response, Row)
            assert [next(items).at, now(), now()] == [1, 1, 1]
            assert [next(items).at, now(), now()] == [2, 2, 2]
        assert now() == 3  # teardown took a second


def test_closing_a_response_returns_when_teardown_has_run() -> None:
    rows = Rows()
    with client_of(app_of(rows)) as client:
        with client.stream("GET", "/rows") as response:
            next(response.iter_lines())
        assert rows.notes == ["made 0", "closed"]


def test_an_app_is_one_chunk_ahead_of_its_reader_and_no_more() -> None:
    sent: list[int] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        for number in range(4):
            await send(chunk(b"%d" % number))
            sent.append(number)
        await send(END)

    with client_of(app) as client, client.stream("GET", "/") as response:
        chunks = response.iter_raw()
        for number in range(3):
            assert next(chunks) == b"%d" % number
            assert len(sent) <= number + 2


def test_a_streamed_request_is_pulled_only_as_the_app_receives_it() -> None:
    pulled: list[bytes] = []

    def body() -> Iterator[bytes]:
        for part in (b"a", b"b", b"c"):
            pulled.append(part)
            yield part

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        await send(start())
        await send({"type": "http.response.body", "body": message["body"]})

    with client_of(app) as client:
        assert client.post("/", content=body()).content == b"a"
    assert pulled == [b"a"]


def test_an_error_of_the_app_is_raised_to_the_caller_before_and_after_the_start() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/before":
            raise LookupError("before the start")
        await send(start())
        await send(chunk(b"a"))
        raise LookupError("within the body")

    with client_of(app) as client:
        with pytest.raises(LookupError, match="before the start"):
            client.get("/before")
        with client.stream("GET", "/within") as response:
            chunks = response.iter_raw()
            assert next(chunks) == b"a"
            with pytest.raises(LookupError, match="within the body"):
                next(chunks)


def test_an_app_that_leaves_its_response_incomplete_is_a_protocol_error() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(chunk(b"a"))

    with client_of(app) as client, pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        client.get("/")


def test_the_lifespan_is_that_of_the_client_and_so_is_the_thread() -> None:
    notes: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            notes.append((await receive())["type"])
            scope["state"]["greeting"] = b"hello"
            await send({"type": "lifespan.startup.complete"})
            notes.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await send(start())
            await send({"type": "http.response.body", "body": scope["state"]["greeting"]})

    with client_of(app) as client:
        assert threads() == ["jero.testing"]
        assert client.get("/").text == "hello"
        assert notes == ["lifespan.startup"]
    assert notes == ["lifespan.startup", "lifespan.shutdown"]
    assert threads() == []


def test_a_start_up_that_fails_raises_the_apps_own_message_and_leaves_no_thread() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "the database is away"})

    with pytest.raises(LifespanError, match=r"^the database is away$"), client_of(app):
        pytest.fail("it started")
    assert threads() == []


def test_a_loop_that_cannot_be_made_raises_why() -> None:
    def loop_factory() -> asyncio.AbstractEventLoop:
        raise LookupError("no such loop")

    transport = SyncASGITransport(app_of(Rows()), loop_factory=loop_factory)
    with pytest.raises(LookupError, match="no such loop"), httpx.Client(transport=transport):
        pytest.fail("it started")


def test_a_client_that_is_not_entered_is_an_error_with_the_fix() -> None:
    client = client_of(app_of(Rows()))
    with pytest.raises(RuntimeError, match="enter the client"):
        client.get("/rows")
    client.close()


def test_a_response_that_was_never_closed_is_torn_down_before_the_client_is_left() -> None:
    rows = Rows()
    with client_of(app_of(rows)) as client:
        response = client.send(client.build_request("GET", "/rows"), stream=True)
    assert rows.notes[-1] == "closed"
    response.close()  # which has nothing left to do


def test_threads_may_share_a_client() -> None:
    both: list[asyncio.Barrier] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not both:
            both.append(asyncio.Barrier(2))
        await both[0].wait()
        await send(start())
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    with client_of(app) as client, ThreadPoolExecutor() as pool:
        answers = pool.map(client.get, ["/1", "/2"])
        assert [answer.text for answer in answers] == ["/1", "/2"]


def test_an_app_runs_on_an_ordinary_loop_as_well() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(
            {
                "type": "http.response.body",
                "body": type(asyncio.get_running_loop()).__name__.encode(),
            }
        )

    with httpx.Client(transport=SyncASGITransport(app), base_url="http://testserver") as client:
        assert "EventLoop" in client.get("/").text
