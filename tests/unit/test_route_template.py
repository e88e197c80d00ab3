"""`scope["route"]`: middleware learns which route a request matched, for metrics and traces of bounded cardinality."""

from collections.abc import AsyncIterator

import pytest
from msgspec import Struct
from starlette.applications import Starlette
from starlette.routing import Mount

from jero import BaseApp, Endpoint, NDJSONStreamingResponse
from jero.asgi import ASGIApp, Message, Receive, Scope, Send
from tests.support.asking import ask

pytestmark = pytest.mark.anyio


class OrderPath(Struct):
    order_id: int


class Order(Struct):
    id: int


class OrderEndpoint(Endpoint, path="/orders/{order_id}"):
    async def get(self, path: OrderPath) -> Order:
        if not path.order_id:
            raise LookupError
        return Order(path.order_id)

    async def post(self, path: OrderPath) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._orders(path.order_id))

    async def _orders(self, order_id: int) -> AsyncIterator[Order]:
        yield Order(order_id)


class RootEndpoint(Endpoint, path="/"):
    async def get(self) -> Order:
        return Order(0)


class Seen:
    """A middleware that notes the route of each request when its response starts, and when it has ended."""

    def __init__(self, app: ASGIApp, notes: list[str | None]) -> None:
        self._app = app
        self._notes = notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope)
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            self._note(scope)

    def _note(self, scope: Scope) -> None:
        self._notes.append(getattr(scope.get("route"), "path", None))


class Orders(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrderEndpoint())
        self._include_endpoint(RootEndpoint())


class Shop(BaseApp):
    def __init__(self, notes: list[str | None]) -> None:
        super().__init__()
        self._notes = notes

    async def _wire(self) -> None:
        self._wrap(Seen, self._notes)
        self._include_endpoints("/v1/{region}", Regional())
        self._include_endpoint(OrderEndpoint())
        self._mount("/jero", Orders())
        self._mount("/nested", Starlette(routes=[Mount("/inner", Orders())]))
        self._mount("/plain", plain)
        self._mount("/", Orders())


class Region(Struct):
    region: str


class Regional(Endpoint, path="/"):
    async def get(self, path: Region) -> Order:
        return Order(0)


async def plain(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    ("method", "target", "status", "route"),
    [
        ("GET", "/orders/7", 200, "/orders/{order_id}"),
        ("HEAD", "/orders/7", 200, "/orders/{order_id}"),
        ("POST", "/orders/7", 200, "/orders/{order_id}"),
        ("GET", "/orders/x", 422, "/orders/{order_id}"),
        ("GET", "/orders/0", 500, "/orders/{order_id}"),
        ("PUT", "/orders/7", 405, "/orders/{order_id}"),
        ("OPTIONS", "/orders/7", 204, "/orders/{order_id}"),
        ("GET", "/v1/eu", 200, "/v1/{region}"),
        ("GET", "/jero/orders/7", 200, "/jero/orders/{order_id}"),
        ("GET", "/jero/", 200, "/jero/"),
        ("GET", "/jero/none", 404, "/jero"),
        ("GET", "/nested/inner/orders/7", 200, "/nested/inner/orders/{order_id}"),
        ("GET", "/plain/a/b", 200, "/plain"),
        ("GET", "/", 200, "/"),
    ],
)
async def test_a_middleware_sees_the_template_that_a_request_matched(
    method: str, target: str, status: int, route: str
) -> None:
    notes: list[str | None] = []
    answer = await ask(Shop(notes), target, method)
    assert (answer.status, notes) == (status, [route, route])


async def test_a_request_that_matches_nothing_has_no_route() -> None:
    notes: list[str | None] = []

    class App(BaseApp):
        async def _wire(self) -> None:
            self._wrap(Seen, notes)
            self._include_endpoint(OrderEndpoint())

    assert (await ask(App(), "/other")).status == 404
    assert notes == [None, None]


@pytest.mark.parametrize(
    ("target", "route"), [("/jero/orders/7", "/jero/orders/{order_id}"), ("/plain/x", "/plain")]
)
async def test_the_route_of_a_mounted_application_has_its_template_under_both_names(
    target: str, route: str
) -> None:
    formats: list[str] = []

    def noting(app: ASGIApp) -> ASGIApp:
        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)
            if scope["type"] == "http":
                formats.append(scope["route"].path_format)

        return served

    class Noted(Shop):
        async def _wire(self) -> None:
            self._wrap(noting)
            await super()._wire()

    await ask(Noted([]), target)
    assert formats == [route]
