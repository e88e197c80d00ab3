"""What a type checker must accept: code as its users write it, and what it is inferred to be."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal, NewType, assert_type

import httpx
import httpx2
from msgspec import Struct
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp as StarletteApp
from starlette.types import Receive, Scope, Send

from jero import (
    BaseApp,
    BearerAuthenticator,
    BytesResponse,
    CustomType,
    EmptyResponse,
    Endpoint,
    HTMLResponse,
    HTTPError,
    JSONResponse,
    NDJSONStreamingResponse,
    NotFoundError,
    RedirectResponse,
    ServerSentEvent,
    SSEResponse,
    StreamingResponse,
    TextResponse,
    operation,
)
from jero.testing import (
    ASGITransport,
    ReceivedEvent,
    SyncASGITransport,
    aiter_events,
    aiter_ndjson,
    iter_events,
    iter_ndjson,
)


class Order(Struct):
    id: int


class Refund(Struct):
    id: int


class Trace(Struct):
    x_trace_id: str


class User(Struct):
    name: str


class Pool:
    pass


async def orders() -> AsyncIterator[Order]:
    yield Order(1)


async def held_orders() -> AsyncGenerator[AsyncIterable[Order]]:
    yield orders()


@asynccontextmanager
async def open_orders() -> AsyncGenerator[AsyncIterator[Order]]:
    yield orders()


async def either() -> AsyncIterator[Order | Refund]:
    yield Refund(1)


async def chunks() -> AsyncIterator[bytes]:
    yield b""


async def events() -> AsyncIterator[Order | str | ServerSentEvent[Order]]:
    yield ServerSentEvent(data=Order(1), id="1")
    yield ServerSentEvent(event="tick")
    yield "text"
    yield Order(1)


class Streams(Endpoint, path="/streams"):
    async def get(self) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=orders())

    async def post(self) -> NDJSONStreamingResponse[Order, Trace]:
        return NDJSONStreamingResponse(stream=held_orders(), headers=Trace("a"))

    async def put(self) -> NDJSONStreamingResponse[Order | Refund]:
        return NDJSONStreamingResponse(stream=either())

    async def patch(self) -> StreamingResponse:
        return StreamingResponse(stream=chunks(), raw_headers={"content-type": "text/csv"})

    async def delete(self) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=open_orders(), status_code=202)


class Events(Endpoint, path="/events"):
    async def get(self, last_event_id: int | None) -> SSEResponse[Order, Trace]:
        return SSEResponse(stream=events(), headers=Trace("a"), keepalive=15)


class Whole(Endpoint, path="/whole/{id}"):
    async def get(self, path: Order, user: User) -> Order:
        return path

    @operation(status_code=201, errors=[NotFoundError], tags=["orders"])
    async def post(self, path: Order, json: list[Order]) -> JSONResponse[list[Order], Trace]:
        return JSONResponse(content=json, headers=Trace("a"))

    async def put(self, path: Order, content: bytes) -> EmptyResponse:
        return EmptyResponse()

    async def patch(self, path: Order, ndjson: AsyncIterator[Order]) -> list[Order]:
        return [order async for order in ndjson]

    async def delete(self, path: Order) -> RedirectResponse[Trace]:
        return RedirectResponse(location="/", status_code=303, headers=Trace("a"))


class Texts(Endpoint, path="/texts"):
    async def get(self) -> TextResponse:
        return TextResponse(content="text")

    async def post(self) -> HTMLResponse[Trace]:
        return HTMLResponse(content="<p>", headers=Trace("a"))

    async def put(self) -> BytesResponse:
        return BytesResponse(content=b"")


type PageOf[T] = dict[str, list[T]]
OrderId = NewType("OrderId", int)


class Store[T](Endpoint):
    def __init__(self, *items: T) -> None:
        self.items = list(items)

    async def get(self) -> JSONResponse[PageOf[T]]:
        return JSONResponse(content={"items": self.items})

    async def post(self, json: T) -> list[T]:
        return [*self.items, json]

    async def put(self, json: Order | None = None) -> PageOf[OrderId]:
        return {} if json is None else {"ids": [OrderId(json.id)]}


class OrderStore(Store[Order], path="/orders"):
    pass


class Plainly(Endpoint, path="/plainly"):
    async def get(self) -> NDJSONStreamingResponse[int]:
        return NDJSONStreamingResponse(stream=numbers())

    async def post(self, json: dict[str, int]) -> dict[str, int]:
        return json


async def numbers() -> AsyncIterator[int]:
    yield 1


class Tokens(BearerAuthenticator[User]):
    async def verify(self, token: str) -> User | None:
        return User(token)


class Plain:
    """A middleware with an option."""

    def __init__(self, app: StarletteApp, limit: int = 0) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def to_not_found(error: LookupError) -> HTTPError:
    return NotFoundError(str(error))


@asynccontextmanager
async def open_pool() -> AsyncGenerator[Pool]:
    yield Pool()


class App(BaseApp):
    custom_types = (
        CustomType(Path, str, encode=str, decode=Path),
        CustomType(complex, dict[str, float], encode=lambda z: {"re": z.real, "im": z.imag}),
    )

    async def _wire(self) -> None:
        self._include_endpoint(OrderStore(Order(1)))
        self._include_endpoint(Store[User]())
        assert_type(await self._enter(open_pool()), Pool)
        self._include_endpoint(Streams())
        self._include_endpoint(Whole(), authenticator=Tokens())
        self._include_endpoints("/api", Events(), Texts(), authenticator=Tokens())
        self._mount("/app", App())
        self._wrap(CORSMiddleware, allow_origins=["*"])
        self._wrap(Plain, limit=3)
        self._map_error(LookupError, to_not_found)
        self._map_error(KeyError, to_not_found)
        self._map_error(ValueError, lambda error: NotFoundError(str(error.args)))


app: StarletteApp = App()


type Line = Order | Refund
type Page[T] = dict[str, list[T]]
Number = NewType("Number", int)


def read(response: httpx.Response, newer: httpx2.Response) -> None:
    assert_type([*iter_ndjson(response, Order)], list[Order])
    assert_type([*iter_ndjson(newer, list[Order])], list[list[Order]])
    assert_type([*iter_ndjson(newer, Order | Refund)], list[object])
    assert_type([*iter_ndjson(newer, Line)], list[object])
    assert_type([*iter_events(newer)], list[ReceivedEvent])
    assert_type([*iter_events(newer, Order)], list[ReceivedEvent[Order]])
    assert_type([*iter_events(response, Line)], list[ReceivedEvent[object]])
    iter_ndjson(newer, Page[Order])
    iter_ndjson(newer, Literal["a"])
    iter_ndjson(newer, Annotated[int, "positive"])
    iter_ndjson(newer, Number)


async def aread(response: httpx.Response, newer: httpx2.Response) -> None:
    assert_type([each async for each in aiter_ndjson(newer, Order)], list[Order])
    assert_type([each async for each in aiter_ndjson(response, Line)], list[object])
    assert_type([each async for each in aiter_events(newer)], list[ReceivedEvent])
    assert_type([each async for each in aiter_events(response, Line)], list[ReceivedEvent[object]])


def ask() -> None:
    httpx.AsyncClient(transport=ASGITransport(app))
    httpx2.AsyncClient(transport=ASGITransport(app))
    httpx.Client(transport=SyncASGITransport(app))
    httpx2.Client(transport=SyncASGITransport(app))
