"""An application that has a bit of everything that a document can tell."""

from collections.abc import AsyncIterator
from datetime import date
from enum import Enum
from typing import Annotated, override
from uuid import UUID

from msgspec import Meta, Struct, field

from jero import (
    APIKeyAuthenticator,
    BaseApp,
    BearerAuthenticator,
    BytesResponse,
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


class SoldOutError(HTTPError):
    """Nothing of it is left.

    Ask again tomorrow.
    """

    status_code = 409


class TakenError(HTTPError):
    status_code = 409
    title = "Taken"


class Roast(Enum):
    LIGHT = "light"
    DARK = "dark"


class Bean(Struct, tag="bean"):
    """What coffee is made of.

    It comes in bags.
    """

    id: Annotated[int, Meta(ge=1, le=1_000_000, description="Its number in the shop.")]
    name: Annotated[str, Meta(min_length=1, max_length=40, examples=["Yirgacheffe"])]
    roast: Roast = Roast.DARK
    grams: int = 250


class Mug(Struct, tag="mug"):
    id: int
    is_blue: bool = False
    gift_for: str | None = field(name="giftFor", default=None)


class Box(Struct, tag="box"):
    holds: list["Bean | Mug | Box"] = []


type Item = Bean | Mug | Box


class Page[T](Struct):
    items: list[T]
    more: bool = False


class Search(Struct):
    text: str | None = None
    roast: list[Roast] = []
    limit: Annotated[int, Meta(ge=1, le=50, description="How many at most.")] = 10
    since: date | None = None


class ItemPath(Struct):
    item_id: Annotated[int, Meta(ge=1, le=100)]


class Trace(Struct):
    x_request_id: UUID
    x_tags: list[str] = []
    authorization: str | None = None


class Counted(Struct):
    x_count: int
    x_next: str | None = None


class Price(Struct):
    item: int
    cents: int


class Delivered(Struct, tag="delivered"):
    on: date


class Lost(Struct, tag="lost"):
    reason: str


class ItemsEndpoint(Endpoint, path="/items"):
    """What the shop sells."""

    async def get(self, params: Search) -> Page[Item]:
        """Find items,
        the newest first.

        An item is found by a part of its name.
        """
        return Page([Bean(1, "a"), Mug(2), Box([Bean(3, "b")])][: params.limit])

    @operation(status_code=201, errors=[SoldOutError, TakenError])
    async def post(self, json: Item) -> Item:
        return json


class ItemEndpoint(Endpoint, path="/items/{item_id}"):
    @operation(errors=[NotFoundError], operation_id="one", tags=["Items", "Stock"])
    async def get(self, path: ItemPath) -> Item:
        if path.item_id > 50:
            raise NotFoundError(f"there is no item {path.item_id}")
        return Mug(path.item_id)

    @operation(is_deprecated=True)
    async def put(
        self, path: ItemPath, headers: Trace, json: list[Price]
    ) -> JSONResponse[dict[str, Price], Counted]:
        prices = {str(number): price for number, price in enumerate(json)}
        return JSONResponse(prices, headers=Counted(len(prices)))

    async def delete(self, path: ItemPath) -> EmptyResponse:
        return EmptyResponse()


class BulkEndpoint(Endpoint, path="/items/bulk"):
    async def post(self, ndjson: AsyncIterator[Item]) -> NDJSONStreamingResponse[Item]:
        items = [item async for item in ndjson]
        return NDJSONStreamingResponse(stream=_each(items))


class PictureEndpoint(Endpoint, path="/picture"):
    async def get(self) -> BytesResponse:
        return BytesResponse(b"\x89PNG")

    async def put(self, content: bytes) -> TextResponse:
        return TextResponse(f"{len(content)} bytes")

    async def post(self, content: AsyncIterator[bytes]) -> HTMLResponse:
        return HTMLResponse(f"<p>{sum([len(each) async for each in content])} bytes")


class PricesEndpoint(Endpoint, path="/prices"):
    async def get(self, last_event_id: int | None) -> SSEResponse[Price]:
        start = max(0, min(last_event_id or 0, 5))
        return SSEResponse(stream=_each([Price(each, 100) for each in range(start, 8)]))


class ParcelEndpoint(Endpoint, path="/parcel"):
    async def get(self) -> SSEResponse[Delivered | Lost]:
        return SSEResponse(stream=self._events())

    async def _events(self) -> AsyncIterator[Delivered | ServerSentEvent[Delivered | Lost]]:
        yield ServerSentEvent(event="gone", id="1", retry=50, data=Lost("rain"))
        yield Delivered(date.min)


class NewsEndpoint(Endpoint, path="/news"):
    async def get(self) -> SSEResponse[str]:
        return SSEResponse(stream=_each(["open", "closed"]))


class TapeEndpoint(Endpoint, path="/tape"):
    @operation(status_code=206)
    async def get(self) -> StreamingResponse:
        return StreamingResponse(stream=_each([b"one", b"two"]), status_code=206)


class HomeEndpoint(Endpoint, path="/"):
    @operation(status_code=303)
    async def get(self) -> RedirectResponse:
        return RedirectResponse("/news", status_code=303)


class Keeper(Struct):
    name: str


class TokenAuthenticator(BearerAuthenticator[Keeper]):
    """A token from the till."""

    @override
    async def verify(self, token: str) -> Keeper | None:
        return Keeper("Ada") if token == "till" else None


class KeyAuthenticator(APIKeyAuthenticator[Keeper]):
    header = "X-Shop-Key"

    @override
    async def verify(self, key: str) -> Keeper | None:
        return None


class KeeperEndpoint(Endpoint, path="/keeper"):
    async def get(self, user: Keeper) -> Keeper:
        return user


class SafeEndpoint(Endpoint, path="/safe"):
    async def get(self) -> Keeper:
        return Keeper("nobody")


async def _each[T](items: list[T]) -> AsyncIterator[T]:
    for item in items:
        yield item


class Shop(BaseApp):
    """Coffee, and what it takes."""

    async def _wire(self) -> None:
        # --8<-- [start:both]
        self._include_openapi(version="2.1")
        self._include_openapi("/openapi-3.1.json", openapi="3.1")
        # --8<-- [end:both]
        self._include_endpoints(
            "/shop",
            ItemsEndpoint(),
            ItemEndpoint(),
            BulkEndpoint(),
            PictureEndpoint(),
            PricesEndpoint(),
            ParcelEndpoint(),
            NewsEndpoint(),
            TapeEndpoint(),
            HomeEndpoint(),
        )
        self._include_endpoint(KeeperEndpoint(), authenticator=TokenAuthenticator())
        self._include_endpoint(SafeEndpoint(), authenticator=KeyAuthenticator())


app = Shop()
