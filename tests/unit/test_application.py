"""The application: its lifespan, what it includes, and what it opens and closes."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse
from jero.asgi import Message
from jero.testing import LifespanError
from tests.support.asgi import client_of
from tests.support.asking import app_of, ask
from tests.support.wiring import failure_of, live

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class Orders(Endpoint, path="/orders"):
    async def get(self) -> list[Order]:
        return [Order(1)]


class OrderPath(Struct):
    shop: str
    id: int


class OneOrder(Endpoint, path="/orders/{id}"):
    async def get(self, path: OrderPath) -> OrderPath:
        return path


class Shop(Struct):
    shop: str


class ShopRoot(Endpoint, path="/"):
    async def get(self, path: Shop) -> Shop:
        return path


async def test_startup_wires_the_application_and_is_reported_complete() -> None:
    assert await live(app_of(Orders())) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


async def test_a_wiring_error_fails_the_start_with_its_text_and_nothing_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = await failure_of(app_of(Orders(), Orders()))
    assert message == (
        "Orders: '/orders' is already served by Orders: define all methods of a path in one class, or change the path"
        " of one of them"
    )
    assert caplog.messages == []


async def test_any_other_error_in_wire_fails_the_start_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            raise OSError("no database")

    assert await failure_of(App()) == "App._wire failed: OSError: no database"
    assert caplog.record_tuples == [("jero", logging.ERROR, "App: startup failed")]


async def test_without_lifespan_the_first_request_wires_it_and_only_the_first() -> None:
    wired = 0

    class App(BaseApp):
        async def _wire(self) -> None:
            nonlocal wired
            await asyncio.sleep(0.1)
            wired += 1
            self._include_endpoint(Orders())

    app = App()
    answers = await asyncio.gather(*(ask(app, "/orders") for _ in range(3)))
    assert ([answer.status for answer in answers], wired) == ([200] * 3, 1)


async def test_an_init_of_ones_own_need_not_call_the_apps() -> None:
    class App(BaseApp):
        def __init__(self) -> None:  # pyright: ignore[reportMissingSuperCall]
            self.endpoint = Orders()

        async def _wire(self) -> None:
            self._include_endpoint(self.endpoint)

    assert (await ask(App(), "/orders")).status == 200
    async with client_of(App()) as client:
        assert (await client.get("/orders")).status_code == 200


async def test_an_app_without_endpoints_logs_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    await live(app_of())
    assert caplog.messages == ["App serves nothing: include endpoints in `_wire`"]


async def test_endpoints_are_included_under_a_prefix_whose_slots_are_theirs() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoints("/shops/{shop}", ShopRoot(), OneOrder())
            self._include_endpoint(Orders())

    app = App()
    bodies = [(await ask(app, path)).body for path in ("/shops/a", "/shops/a/orders/7", "/orders")]
    assert bodies == [b'{"shop":"a"}', b'{"shop":"a","id":7}', b'[{"id":1}]']
    assert [(await ask(app, path)).status for path in ("/shops/a/", "/shops//orders/7")] == [
        404
    ] * 2


class Held(BaseApp):
    """Enters two resources, and notes what happens to them."""

    fails: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    async def _wire(self) -> None:
        for name in ("pool", "client"):
            self.notes.append(f"got {await self._enter(self._hold(name))}")
        self._include_endpoint(Ticks(self.notes))

    @asynccontextmanager
    async def _hold(self, name: str) -> AsyncGenerator[str]:
        if self.fails == name:
            raise OSError(f"no {name}")
        task = asyncio.current_task()
        try:
            async with asyncio.timeout(3600):  # which only the task that entered it may leave
                yield name
        finally:
            assert asyncio.current_task() is task
            self.notes.append(f"closed {name}")
        if self.fails == f"closing {name}":
            raise OSError(f"{name} is stuck")


class Ticks(Endpoint, path="/ticks"):
    def __init__(self, notes: list[str]) -> None:
        self._notes = notes

    async def get(self) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._ticks())

    async def _ticks(self) -> AsyncIterator[Order]:
        try:
            yield Order(1)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            self._notes.append("stream ended")


async def test_resources_are_closed_in_reverse_when_the_server_stops() -> None:
    app = Held()
    async with client_of(app):
        assert app.notes == ["got pool", "got client"]
    assert app.notes[2:] == ["closed client", "closed pool"]


async def test_resources_are_closed_only_after_the_last_stream_has_ended() -> None:
    app, notes = Held(), list[str]()
    inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    inbox.put_nowait({"type": "lifespan.startup"})

    async def tell(message: object) -> None:
        notes.append(str(message))

    living = asyncio.create_task(app({"type": "lifespan"}, inbox.get, tell))
    asking = asyncio.create_task(ask(app, "/ticks"))
    await asyncio.sleep(5)
    inbox.put_nowait({"type": "lifespan.shutdown"})
    await living
    await asking
    assert app.notes[2:] == ["stream ended", "closed client", "closed pool"]


async def test_resources_are_closed_when_starting_up_fails_half_way() -> None:
    class Short(Held):
        fails = "client"

    app = Short()
    with pytest.raises(LifespanError, match=r"Short\._wire failed: OSError: no client"):
        async with client_of(app):
            pytest.fail("it started")
    assert app.notes == ["got pool", "closed pool"]


async def test_a_resource_that_fails_to_close_fails_the_shutdown_after_all_are_closed() -> None:
    class Stuck(Held):
        fails = "closing client"

    app = Stuck()
    with pytest.raises(LifespanError, match="Stuck: shutdown failed: OSError: client is stuck"):
        async with client_of(app):
            pass
    assert "closed client" in app.notes


async def test_resources_without_lifespan_are_logged_as_never_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Held()
    assert (await ask(app, "/orders")).status == 404
    text = "Held is served without lifespan: its resources will not be closed"
    assert caplog.messages == [text, text]


async def test_without_lifespan_a_failed_start_closes_its_resources() -> None:
    class Short(Held):
        fails = "client"

    app = Short()
    with pytest.raises(OSError, match="no client"):
        await asking(app)
    assert app.notes == ["got pool", "closed pool"]
    app.notes.clear()
    Short.fails = ""
    await asking(app)
    assert app.notes == ["got pool", "got client"]


async def asking(app: BaseApp) -> None:
    """Send a request without a lifespan, and let the application's exception out."""

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        pass

    await app({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)


async def test_a_restart_wires_and_opens_everything_again() -> None:
    app = Held()
    for _ in range(2):
        app.notes.clear()
        async with client_of(app) as client:
            assert (await client.get("/")).status_code == 404
        assert app.notes == ["got pool", "got client", "closed client", "closed pool"]
