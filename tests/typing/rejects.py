"""What a type checker must reject: each line that is wrong says which error it is. One that is none is an error."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from collections.abc import AsyncIterator
from pathlib import Path

from msgspec import Struct

from jero import (
    BaseApp,
    BearerAuthenticator,
    BytesResponse,
    CustomType,
    Endpoint,
    HTTPError,
    JSONResponse,
    NDJSONStreamingResponse,
    NotFoundError,
    ServerSentEvent,
    SSEResponse,
    StreamingResponse,
    TextResponse,
    operation,
)
from tests.typing.accepts import (
    Order,
    OrderId,
    OrderStore,
    PageOf,
    Plain,
    Refund,
    Tokens,
    Trace,
    User,
    chunks,
    orders,
)


class Other(Struct):
    x_other: str


async def events() -> AsyncIterator[ServerSentEvent[Refund]]:
    yield ServerSentEvent(data=Refund(1))


class Streams(Endpoint, path="/streams"):
    async def get(self) -> NDJSONStreamingResponse[Refund]:
        return NDJSONStreamingResponse(stream=orders())  # type: ignore[arg-type]

    async def post(self) -> NDJSONStreamingResponse[Order, Trace]:
        return NDJSONStreamingResponse(stream=orders(), headers=Other("a"))  # type: ignore[arg-type]

    async def put(self) -> StreamingResponse:
        return StreamingResponse(stream=orders())  # type: ignore[arg-type]

    async def patch(self) -> StreamingResponse:
        return StreamingResponse(stream=chunks(), headers=Trace("a"))  # type: ignore[arg-type]

    async def delete(self) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=[Order(1)])  # type: ignore[arg-type]


class Events(Endpoint, path="/events"):
    async def get(self) -> SSEResponse[Order]:
        return SSEResponse(stream=events())  # type: ignore[arg-type]


class Whole(Endpoint, path="/whole"):
    async def get(self) -> JSONResponse[Order]:
        return JSONResponse(content=Refund(1))  # type: ignore[arg-type]

    async def post(self) -> JSONResponse[Order, Trace]:
        return JSONResponse(content=Order(1), headers=Other("a"))  # type: ignore[arg-type]

    async def put(self) -> TextResponse:
        return TextResponse(content=b"text")  # type: ignore[arg-type]

    async def patch(self) -> BytesResponse:
        return BytesResponse(content="text")  # type: ignore[arg-type]

    async def delete(self) -> JSONResponse[Order]:
        return JSONResponse(content=Order(1), status_code="200")  # type: ignore[arg-type]


class Numbers(Endpoint, path="/numbers"):
    async def get(self) -> NDJSONStreamingResponse[int]:
        return NDJSONStreamingResponse(stream=orders())  # type: ignore[arg-type]

    async def post(self) -> PageOf[OrderId]:
        return {"ids": [1]}  # type: ignore[list-item]


def to_text(order: Order) -> str:
    return str(order.id)


def to_path(number: int) -> Path:
    return Path(str(number))


OF_OTHER_CLASS = CustomType(Path, str, encode=to_text)  # type: ignore[arg-type]
OF_OTHER_WIRE = CustomType(Path, str, encode=str, decode=to_path)  # type: ignore[arg-type]
MISSING_ENCODE = CustomType(Path, str)  # type: ignore[call-arg]


class OtherTokens(BearerAuthenticator[User]):
    async def verify(self, token: str) -> Order | None:  # type: ignore[override]
        return Order(1)


class OutOfUse(BearerAuthenticator[User]):
    async def verify(self) -> User | None:  # type: ignore[override]
        return None


class Failing(Endpoint, path="/failing"):
    @operation(errors=[ValueError])  # type: ignore[list-item]
    async def get(self) -> Order:
        raise NotFoundError(members={1: 2})  # type: ignore[dict-item]


def of_key(error: KeyError) -> HTTPError:
    return NotFoundError(str(error))


class App(BaseApp):
    custom_types = (Path,)  # type: ignore[assignment]

    async def _wire(self) -> None:
        self._include_endpoint(OrderStore(Refund(1)))  # type: ignore[arg-type]
        self._include_endpoint(Whole)  # type: ignore[arg-type]
        self._include_endpoint(Whole(), authenticator=Tokens)  # type: ignore[arg-type]
        self._include_endpoints(Whole())  # type: ignore[arg-type]
        self._mount("/app", Whole())  # type: ignore[arg-type]
        self._wrap(Plain, limit="3")  # type: ignore[arg-type]
        self._map_error(LookupError, of_key)  # type: ignore[arg-type]
        self._map_error(ValueError, str)  # type: ignore[arg-type]
        await self._enter(orders())  # type: ignore[arg-type]
