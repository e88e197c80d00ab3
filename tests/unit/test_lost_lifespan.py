"""An application whose lifespan is cancelled by what it entered ends in order, and serves nothing meanwhile."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse
from jero.asgi import Message
from jero.testing import ASGITransport, LifespanError
from tests.support.asking import ask

pytestmark = pytest.mark.anyio


class Row(Struct):
    number: int


class Shop(BaseApp):
    """Opens a pool and a `TaskGroup`, in which something fails when it is told to."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.fails = asyncio.Event()

    async def _wire(self) -> None:
        await self._enter(self.pool())
        group = await self._enter(asyncio.TaskGroup())
        group.create_task(self.poll())
        self._include_endpoint(Rows(self.happened))

    @asynccontextmanager
    async def pool(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self.happened.append("pool closed")

    async def poll(self) -> None:
        await self.fails.wait()
        raise ConnectionError("the broker is gone")


class Rows(Endpoint, path="/rows"):
    def __init__(self, happened: list[str]) -> None:
        self.happened = happened

    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self.held())

    async def post(self) -> Row:
        return Row(1)

    async def held(self) -> AsyncGenerator[AsyncIterable[Row]]:
        yield self.rows()
        await asyncio.sleep(1)
        self.happened.append("stream torn down")

    async def rows(self) -> AsyncIterator[Row]:
        yield Row(1)
        await asyncio.Event().wait()


def client_of(app: BaseApp) -> httpx.AsyncClient:
    transport = ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def ask_while_it_fails(app: Shop) -> None:
    """Open a stream, let the task fail, and ask again at once and after the end."""
    async with client_of(app) as client, client.stream("GET", "/rows") as response:
        await anext(response.aiter_bytes())
        app.fails.set()
        await asyncio.sleep(0.1)
        at_once = await client.post("/rows")
        await asyncio.sleep(10)
        after_the_end = await client.post("/rows")
        app.happened.append(f"{at_once.status_code} {after_the_end.status_code}")


async def lose(app: Shop) -> None:
    with pytest.raises(
        LifespanError, match="Shop: shutdown failed: ConnectionError: the broker is gone"
    ):
        await ask_while_it_fails(app)


async def test_streams_are_torn_down_before_resources_are_closed() -> None:
    app = Shop()
    await lose(app)
    assert app.happened[:2] == ["stream torn down", "pool closed"]


async def test_requests_are_refused_from_the_moment_on() -> None:
    app = Shop()
    await lose(app)
    assert app.happened[-1] == "503 503"


async def test_it_is_logged_at_once_and_with_its_cause_in_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await lose(Shop())
    first, last = (record for record in caplog.records if record.name == "jero")
    assert (first.levelno, "Shop lost its lifespan" in first.message) == (logging.CRITICAL, True)
    assert last.exc_info is not None
    assert "the broker is gone" in repr(last.exc_info[1])


async def test_a_resource_that_is_not_closed_in_time_does_not_keep_the_application_from_ending(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Endless(Shop):
        shutdown_timeout = 2.0

        async def poll(self) -> None:
            await asyncio.Event().wait()

    app = Endless()
    async with client_of(app):
        pass
    assert app.happened == ["pool closed"]
    assert "took longer than 2 s and was cancelled" in caplog.text


async def test_without_lifespan_what_a_failing_wire_has_opened_is_closed_again() -> None:
    happened: list[str] = []

    @asynccontextmanager
    async def pool() -> AsyncGenerator[None]:
        happened.append("opened")
        try:
            yield
        finally:
            happened.append("closed")

    class Failing(BaseApp):
        async def _wire(self) -> None:
            await self._enter(pool())
            raise ConnectionError("no route to the database")

    app = Failing()
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await app({"type": "http", "method": "GET", "path": "/"}, asyncio.Event().wait, print)  # pyright: ignore[reportArgumentType] - neither is called
    assert happened == ["opened", "closed"] * 2


async def test_an_outer_application_can_run_the_lifespan() -> None:
    app = Shop()
    async with app.lifespan():
        assert app.happened == []
        assert (await ask(app, "/rows", "POST")).status == 200
        app.fails.clear()
    assert app.happened == ["pool closed"]


async def test_websockets_are_refused_from_the_moment_on() -> None:
    app, sent = Shop(), list[Message]()

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def connect_while_it_fails() -> None:
        async with client_of(app) as client, client.stream("GET", "/rows"):
            app.fails.set()
            await asyncio.sleep(0.5)  # the stream's teardown takes a second
            await app({"type": "websocket", "path": "/"}, receive, send)

    with pytest.raises(LifespanError, match="the broker is gone"):
        await connect_while_it_fails()
    assert sent == [{"type": "websocket.close", "code": 1012, "reason": ""}]


async def test_a_resource_whose_own_timeout_expires_while_it_closes_fails_the_shutdown() -> None:
    @asynccontextmanager
    async def pool() -> AsyncGenerator[None]:
        yield
        raise TimeoutError("the database did not answer")

    class Closing(BaseApp):
        async def _wire(self) -> None:
            await self._enter(pool())
            self._include_endpoint(Rows([]))

    with pytest.raises(LifespanError, match="TimeoutError: the database did not answer"):
        async with client_of(Closing()):
            pass
