"""Plain ASGI middleware around what is served."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Any

import pytest
from msgspec import Struct
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from jero import BaseApp, Endpoint, NDJSONStreamingResponse, SSEResponse
from jero.app import assembly_of
from jero.asgi import ASGIApp, Receive, Scope, Send
from tests.asking import ask
from tests.serving import served
from tests.testing.asgi import client_of

pytestmark = pytest.mark.anyio


class Row(Struct):
    number: int


class Gated(Endpoint, path="/rows"):
    """Rows that come when they are let through, from a resource whose closing can be waited for."""

    def __init__(self) -> None:
        self.gate = asyncio.Semaphore(0)
        self.closed = asyncio.Event()

    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._held())

    async def _held(self) -> AsyncGenerator[AsyncIterable[Row]]:
        yield self._rows()
        await asyncio.sleep(0)
        self.closed.set()

    async def _rows(self) -> AsyncIterator[Row]:
        for number in range(3):
            await self.gate.acquire()
            yield Row(number)


class Events(Gated, path="/events"):
    async def get(self) -> SSEResponse[Row]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return SSEResponse(stream=self._held(), keepalive=60)


class Noting:
    """Notes when a request goes in and when its answer has come out."""

    def __init__(self, app: ASGIApp, notes: list[str], name: str) -> None:
        self._app, self._notes, self._name = app, notes, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._notes.append(f"{self._name} in")
        await self._app(scope, receive, send)
        self._notes.append(f"{self._name} out")


def wrapped(endpoint: Endpoint, *layers: tuple[Any, dict[str, Any]]) -> BaseApp:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(endpoint)
            for middleware, options in layers:
                self._wrap(middleware, **options)

    return App()


async def test_what_is_put_first_is_outermost_and_each_start_puts_it_anew() -> None:
    notes: list[str] = []
    gated = Gated()
    app = wrapped(
        gated, (Noting, {"notes": notes, "name": "a"}), (Noting, {"notes": notes, "name": "b"})
    )
    for _ in range(2):
        notes.clear()
        async with client_of(app) as client:
            assert notes == []  # the lifespan is no request
            assert (await client.head("/rows")).status_code == 200
        assert notes == ["a in", "b in", "b out", "a out"]


async def test_a_middleware_may_change_the_headers_of_one_answer_and_of_no_other() -> None:
    class Changing:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def change(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-added", b"1"))
                await send(message)

            await self._app(scope, receive, change)

    async with client_of(wrapped(Gated(), (Changing, {}))) as client:
        for method in ("HEAD", "HEAD", "OPTIONS", "PUT", "PUT"):
            response = await client.request(method, "/rows")
            assert response.headers.get_list("x-added") == ["1"]


async def test_starlettes_cors_and_trusted_host_middleware_work_around_a_stream() -> None:
    gated = Gated()
    app = wrapped(
        gated,
        (TrustedHostMiddleware, {"allowed_hosts": ["testserver"]}),
        (CORSMiddleware, {"allow_origins": ["https://a.example"]}),
    )
    origin = {"origin": "https://a.example"}
    async with client_of(app) as client:
        preflight = {**origin, "access-control-request-method": "GET"}
        answer = await client.options("/rows", headers=preflight)
        assert (answer.status_code, answer.text) == (200, "OK")
        answer = await client.get("/rows", headers={"host": "b.example"})
        assert (answer.status_code, answer.text) == (400, "Invalid host header")
        async with client.stream("GET", "/rows", headers=origin) as response:
            assert response.headers["access-control-allow-origin"] == "https://a.example"
            lines = response.aiter_lines()
            for number in range(2):
                gated.gate.release()
                assert await anext(lines) == f'{{"number":{number}}}'
        assert gated.closed.is_set()


class TestCompressed:
    """Starlette's own compression, which flushes after each part, over a real connection."""

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"  # in real time: the network's

    @pytest.mark.parametrize(
        ("kind", "path", "items"),
        [
            (Gated, "/rows", [b'{"number":0}\n', b'{"number":1}\n']),
            (Events, "/events", [b'data: {"number":0}\n\n', b'data: {"number":1}\n\n']),
        ],
    )
    async def test_each_item_can_be_read_before_the_next_is_made_and_leaving_ends_the_stream(
        self, kind: type[Gated], path: str, items: list[bytes]
    ) -> None:
        endpoint = kind()
        app = wrapped(endpoint, (GZipMiddleware, {"exclude_content_types": ()}))
        async with served(app) as client, asyncio.timeout(10):
            async with client.stream("GET", path) as response:
                assert response.headers["content-encoding"] == "gzip"
                chunks, inflate = response.aiter_raw(), zlib.decompressobj(wbits=31).decompress
                for item in items:
                    endpoint.gate.release()
                    text = b""
                    while len(text) < len(item):
                        text += inflate(await anext(chunks))
                    assert text == item
                assert not endpoint.closed.is_set()
            await endpoint.closed.wait()

    async def test_a_whole_stream_ends_as_one_archive(self) -> None:
        gated = Gated()
        for _ in range(3):
            gated.gate.release()
        async with served(wrapped(gated, (GZipMiddleware, {}))) as client:
            for _ in range(2):
                for _ in range(3):
                    gated.gate.release()
                response = await client.get("/rows")
                assert response.headers["vary"] == "Accept-Encoding"
                assert response.text == '{"number":0}\n{"number":1}\n{"number":2}\n'


async def test_nothing_is_between_the_server_and_the_dispatcher_where_nothing_is_put() -> None:
    app = wrapped(Gated())
    assert (await ask(app, "/rows", "HEAD")).status == 200
    assembly = assembly_of(app)
    assert assembly.serve == assembly.dispatcher.serve
