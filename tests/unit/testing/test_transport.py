import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextvars import ContextVar

import anyio
import httpx
import pytest
from msgspec import Struct
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from jero import Endpoint, NDJSONStreamingResponse
from jero.asgi import Receive, Scope, Send
from jero.testing import ASGITransport
from tests.support.asgi import END, client_of, http, start
from tests.support.asking import app_of

pytestmark = pytest.mark.anyio


class Row(Struct):
    number: int


class Rows(Endpoint, path="/rows"):
    """Rows without end, that note what happens to them."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._held())

    async def _held(self) -> AsyncGenerator[AsyncIterable[Row]]:
        self.notes.append("opened")
        yield self._rows()
        await asyncio.sleep(1)
        self.notes.append("closed")

    async def _rows(self) -> AsyncIterator[Row]:
        number = 0
        while True:
            await asyncio.sleep(1)
            self.notes.append(f"made {number}")
            yield Row(number)
            number += 1


async def test_a_request_returns_as_soon_as_its_response_starts() -> None:
    is_wanted = asyncio.Event()

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await is_wanted.wait()
        await send(END)

    async with client_of(app) as client, client.stream("GET", "/") as response:
        assert response.status_code == 200
        is_wanted.set()
        assert await response.aread() == b""


async def test_an_item_arrives_before_the_next_is_produced() -> None:
    rows = Rows()
    async with client_of(app_of(rows)) as client, client.stream("GET", "/rows") as response:
        lines = response.aiter_lines()
        assert await anext(lines) == '{"number":0}'
        assert rows.notes == ["opened", "made 0"]
        assert await anext(lines) == '{"number":1}'
        assert rows.notes == ["opened", "made 0", "made 1"]


async def test_closing_a_response_returns_when_teardown_has_run() -> None:
    rows = Rows()
    async with client_of(app_of(rows)) as client:
        async with client.stream("GET", "/rows"):
            await asyncio.sleep(0)
        assert rows.notes == ["opened", "closed"]


async def test_a_cancelled_reader_returns_when_teardown_has_run() -> None:
    rows = Rows()
    async with client_of(app_of(rows)) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await client.get("/rows")
        assert rows.notes == ["opened", "made 0", "closed"]


async def test_a_reader_in_a_cancelled_scope_returns_when_teardown_has_run() -> None:
    rows = Rows()
    async with client_of(app_of(rows)) as client:
        with anyio.move_on_after(1.5):
            await client.get("/rows")
        assert rows.notes == ["opened", "made 0", "closed"]


async def test_a_caller_that_is_cancelled_before_the_start_lets_the_app_finish() -> None:
    notes: list[str] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"
        await asyncio.sleep(1)
        notes.append("torn down")

    async with client_of(app) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await client.get("/")
    assert notes == ["torn down"]


async def test_a_response_that_was_never_closed_is_torn_down_before_the_app_is_shut_down() -> None:
    notes: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send(start())
        notes.append((await receive())["type"])

    async with client_of(app) as client:
        await client.send(client.build_request("GET", "/"), stream=True)
    assert notes == ["http.disconnect", "lifespan.shutdown"]


async def test_an_app_that_does_not_return_is_cancelled_and_closing_raises() -> None:
    notes: list[str] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        try:
            await asyncio.sleep(3600)
        finally:
            notes.append("cancelled")

    async with client_of(app, timeout=5) as client:
        with pytest.raises(TimeoutError, match=r"GET /slow: the app had not returned 5 s after"):
            async with client.stream("GET", "/slow"):
                pass
        assert asyncio.get_running_loop().time() == 5
    assert notes == ["cancelled"]


async def test_a_disconnect_follows_a_complete_response_and_closing_waits_for_the_app() -> None:
    notes: list[str] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(start())
        await send(END)
        notes.append((await receive())["type"])
        await asyncio.sleep(1)
        notes.append("returned")

    async with client_of(app) as client:
        await client.get("/")
        assert notes == ["http.disconnect", "returned"]


async def test_an_app_sees_the_context_of_its_caller() -> None:
    user = ContextVar("user", default="nobody")

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200, (b"x-user", user.get().encode())))
        await send(END)

    async with client_of(app) as client:
        user.set("ada")
        assert (await client.get("/")).headers["x-user"] == "ada"


async def test_requests_are_served_side_by_side() -> None:
    both = asyncio.Barrier(2)

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await both.wait()
        await send(start())
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async with client_of(app) as client:
        one, two = await asyncio.gather(client.get("/1"), client.get("/2"))
    assert (one.text, two.text) == ("/1", "/2")


async def test_a_transport_serves_one_client_at_a_time() -> None:
    transport = ASGITransport(app_of(Rows()))
    async with httpx.AsyncClient(transport=transport):
        with pytest.raises(RuntimeError, match="in use already"):
            await transport.__aenter__()


async def test_a_starlette_app_streams_and_is_cancelled_when_its_client_leaves() -> None:
    notes: list[str] = []

    async def numbers() -> AsyncIterator[bytes]:
        try:
            for number in range(100):
                yield b"%d" % number
                await asyncio.sleep(1)
        finally:
            notes.append("torn down")

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(numbers())

    app = Starlette(routes=[Route("/numbers", stream)])
    async with client_of(app) as client:
        async with client.stream("GET", "/numbers") as response:
            chunks = response.aiter_raw()
            assert [await anext(chunks), await anext(chunks)] == [b"0", b"1"]
        assert notes == ["torn down"]


async def test_a_starlette_app_has_run_its_background_task_when_a_request_is_over() -> None:
    notes: list[str] = []

    async def late() -> None:
        await asyncio.sleep(1)
        notes.append("done")

    async def answer(request: Request) -> PlainTextResponse:
        body = await request.body()
        return PlainTextResponse(body, background=BackgroundTask(late))

    app = Starlette(routes=[Route("/", answer, methods=["POST"])])
    async with client_of(app) as client:
        assert (await client.post("/", content=b"echo")).text == "echo"
        assert notes == ["done"]
