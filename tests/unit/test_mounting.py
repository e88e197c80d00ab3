"""Other ASGI applications under a path of this one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from jero import BaseApp, Endpoint, NDJSONStreamingResponse
from jero.asgi import ASGIApp, Receive, Scope, Send
from jero.testing import LifespanError, aiter_ndjson
from tests.support.asgi import END, client_of, start
from tests.support.asking import app_of

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class Orders(Endpoint, path="/orders"):
    def __init__(self, number: int = 1) -> None:
        self._number = number

    async def get(self) -> list[Order]:
        return [Order(self._number)]


class AdminOrders(Orders, path="/admin/orders"):
    pass


async def show(request: Request) -> PlainTextResponse:
    name = request.path_params["name"]
    here = request.url_for("show", name="other").path
    return PlainTextResponse(f"{name} {request.scope['root_path']} {here}")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(f"{websocket.scope['root_path']} {await websocket.receive_text()}")
    await websocket.close()


ROUTES = [Route("/pages/{name}", show, name="show"), WebSocketRoute("/talk", talk)]


def mounting(mounts: dict[str, ASGIApp], *endpoints: Endpoint) -> BaseApp:
    class App(BaseApp):
        async def _wire(self) -> None:
            for endpoint in endpoints:
                self._include_endpoint(endpoint)
            for path, app in mounts.items():
                self._mount(path, app)

    return App()


async def test_a_mounted_app_serves_its_routes_and_finds_its_own_urls() -> None:
    async with client_of(mounting({"/admin": Starlette(routes=ROUTES)}, Orders())) as client:
        page, orders = await client.get("/admin/pages/a%2Fb"), await client.get("/orders")
        assert page.status_code == 404  # as Starlette has it: it matches the decoded path
        page = await client.get("/admin/pages/a")
    assert page.text == "a /admin /admin/pages/other"
    assert orders.json() == [{"id": 1}]


async def test_a_mounted_app_is_found_below_the_root_path_of_the_whole() -> None:
    app = mounting({"/admin": Starlette(routes=ROUTES)})
    async with client_of(app, root_path="/shop") as client:
        page = await client.get("/admin/pages/a")
    assert page.text == "a /shop/admin /shop/admin/pages/other"


async def test_a_mount_at_the_root_serves_every_other_path() -> None:
    pages = Starlette(routes=ROUTES)
    async with client_of(
        mounting({"/": pages, "/old": Starlette(routes=ROUTES)}, Orders())
    ) as client:
        assert (await client.get("/orders")).json() == [{"id": 1}]
        assert (await client.get("/pages/a")).text == "a  /pages/other"
        assert (await client.get("/old/pages/a")).text == "a /old /old/pages/other"
        assert (await client.get("/none")).text == "Not Found"


async def test_an_endpoint_takes_precedence_over_a_mount_above_it() -> None:
    app = mounting({"/admin": Starlette(routes=ROUTES)}, AdminOrders(7))
    async with client_of(app) as client:
        assert (await client.get("/admin/orders")).json() == [{"id": 7}]
        assert (await client.put("/admin/orders")).status_code == 405


def naming(name: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await send(start(200, (b"x-name", f"{name} {scope['root_path']}".encode())))
        await send(END)

    return app


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a", "a /a"), ("/a/", "a /a"), ("/a/x", "a /a"), ("/a/b", "ab /a/b"), ("/a/b/c", "ab /a/b"),
     ("/a/bc", "a /a"), ("/ab", None), ("/", None)],
)  # fmt: skip
async def test_the_longest_path_that_one_is_under_counts(path: str, name: str | None) -> None:
    async with client_of(mounting({"/a": naming("a"), "/a/b": naming("ab")})) as client:
        response = await client.get(path)
    assert response.headers.get("x-name") == name
    assert response.status_code == (404 if name is None else 200)


@pytest.mark.parametrize("path", ["/admin/talk", "/shop/admin/talk"])
async def test_a_websocket_is_passed_to_the_mounted_application(path: str) -> None:
    sent: list[Any] = []
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})
    inbox.put_nowait({"type": "websocket.receive", "text": "hello"})

    async def send(message: Any) -> None:
        sent.append(message)

    root = path.removesuffix("/admin/talk")
    scope: Scope = {"type": "websocket", "path": path, "root_path": root, "headers": []}
    await mounting({"/admin": Starlette(routes=ROUTES)})(scope, inbox.get, send)
    assert sent[1]["text"] == f"{root}/admin hello"


# Its lifespan.


class Notes(list[str]):
    """What happened, in order."""

    def living(self, name: str, *, fails: str = "") -> Starlette:
        """An app that notes its start and its end."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncGenerator[dict[str, str]]:
            if fails == "startup":
                raise LookupError("no such table")
            self.append(f"{name} started")
            yield {"name": name}
            self.append(f"{name} stopped")
            if fails == "shutdown":
                raise LookupError("still in use")

        async def greet(request: Request) -> PlainTextResponse:
            return PlainTextResponse(request.state.name)

        return Starlette(routes=[Route("/", greet)], lifespan=lifespan)

    def holding(self, mounts: dict[str, ASGIApp]) -> BaseApp:
        """An app that enters a resource as well."""
        notes = self

        class App(BaseApp):
            async def _wire(self) -> None:
                for path, app in mounts.items():
                    self._mount(path, app)
                await self._enter(notes.resource())

        return App()

    @asynccontextmanager
    async def resource(self) -> AsyncGenerator[None]:
        self.append("resource opened")
        try:
            yield
        finally:
            self.append("resource closed")


async def test_lifespans_run_within_the_resources_and_are_stopped_in_reverse() -> None:
    notes = Notes()
    app = notes.holding({"/a": notes.living("a"), "/b": notes.living("b")})
    for _ in range(2):
        notes.clear()
        async with client_of(app):
            assert notes == ["resource opened", "a started", "b started"]
        assert notes[3:] == ["b stopped", "a stopped", "resource closed"]


async def test_the_state_of_a_mounted_app_is_in_the_scope_of_its_requests() -> None:
    notes = Notes()
    app = notes.holding({"/a": notes.living("a"), "/b": notes.living("b")})
    async with client_of(app) as client:
        answers = [(await client.get(path)).text for path in ("/a/", "/b/")]
    assert answers == ["a", "b"]


async def test_an_app_that_is_mounted_twice_is_started_once() -> None:
    notes = Notes()
    app = notes.living("a")
    async with client_of(notes.holding({"/a": app, "/b": app})) as client:
        assert (await client.get("/b/")).text == "a"
    assert notes.count("a started") == notes.count("a stopped") == 1


async def test_an_app_without_lifespan_can_be_mounted() -> None:
    async with client_of(mounting({"/a": naming("a")})) as client:
        assert (await client.get("/a")).status_code == 200


async def test_a_start_up_that_fails_fails_the_whole_with_its_message_and_all_others_stop() -> None:
    notes = Notes()
    app = notes.holding({"/a": notes.living("a"), "/b": notes.living("b", fails="startup")})
    with pytest.raises(LifespanError, match="no such table") as raised:
        async with client_of(app):
            pytest.fail("it started")
    assert str(raised.value).startswith("startup of the application mounted under '/b' failed: ")
    assert notes == ["resource opened", "a started", "a stopped", "resource closed"]


async def test_a_shutdown_that_fails_fails_the_whole_and_all_others_stop() -> None:
    notes = Notes()
    app = notes.holding({"/a": notes.living("a"), "/b": notes.living("b", fails="shutdown")})
    with pytest.raises(LifespanError, match="still in use") as raised:
        async with client_of(app):
            pass
    assert str(raised.value).startswith("shutdown of the application mounted under '/b' failed: ")
    assert notes[3:] == ["b stopped", "a stopped", "resource closed"]


async def test_a_start_that_is_cancelled_leaves_nothing_running() -> None:
    notes = Notes()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            notes.append("slow cancelled")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1), client_of(notes.holding({"/a": slow})):
            pytest.fail("it started")
    assert notes == ["resource opened", "slow cancelled", "resource closed"]


# jero in jero, and jero in Starlette.


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
            self._notes.append("stream ended")


async def test_an_app_of_ones_own_kind_can_be_mounted_streams_and_all() -> None:
    notes = Notes()
    inner = mounting({}, Orders(3), Ticks(notes))
    outer = notes.holding({"/inner": inner})
    async with client_of(outer, root_path="/shop") as client:
        assert (await client.get("/inner/orders")).json() == [{"id": 3}]
        assert (await client.get("/inner/order")).json()["status"] == 404
        async with client.stream("GET", "/inner/ticks") as response:
            assert await anext(aiter_ndjson(response, Order)) == Order(1)
        assert notes == ["resource opened", "stream ended"]


async def test_a_wiring_error_of_an_app_that_is_mounted_is_what_the_start_fails_with() -> None:
    app = mounting({"/inner": app_of(Orders(), Orders())})
    with pytest.raises(LifespanError) as raised:
        async with client_of(app):
            pytest.fail("it started")
    assert str(raised.value) == (
        "startup of the application mounted under '/inner' failed: Orders: '/orders' is already"
        " served by Orders"
        ": define all methods of a path in one class, or change the path of one of them"
    )


async def test_it_can_be_mounted_in_starlette() -> None:
    outer = Starlette(routes=[Mount("/shop", app_of(Orders(), AdminOrders()))])
    async with client_of(outer) as client:
        answers = [await client.get(path) for path in ("/shop/orders", "/shop/adm%69n/orders")]
    assert [answer.json() for answer in answers] == [[{"id": 1}]] * 2
