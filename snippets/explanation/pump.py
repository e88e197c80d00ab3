"""How the pump sends a stream: a middleware prints every write."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, SSEResponse
from jero.asgi import ASGIApp, Message, Receive, Scope, Send


class Item(Struct):
    number: int


# --8<-- [start:stream]
class ItemsEndpoint(Endpoint, path="/items"):
    async def get(self) -> SSEResponse[Item]:
        return SSEResponse(stream=self._items(), keepalive=0.5)

    async def _items(self) -> AsyncGenerator[AsyncIterable[Item]]:
        yield self._numbers()
        await asyncio.sleep(0.1)
        print("torn down")

    async def _numbers(self) -> AsyncIterator[Item]:
        await asyncio.sleep(0.3)
        for number in (1, 2, 3):
            yield Item(number)  # ready together: they share a write
        for number in (4, 5):
            await asyncio.sleep(0.3)
            yield Item(number)  # awaited: each is a write of its own
        await asyncio.sleep(1.25)  # silence


# --8<-- [end:stream]


# --8<-- [start:writes]
class Writes:
    """An ASGI middleware that prints what the application sends to the server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            body: bytes = message.get("body", b"")
            if body == b": ping\n\n":
                print("write: keepalive")
            elif body:
                numbers = re.findall(r"\d+", body.decode())
                print("write:", ", ".join(numbers))
            elif message["type"] == "http.response.body":
                print("write: the start" if message["more_body"] else "write: the end")
            await send(message)

        await self._app(scope, receive, tell)


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ItemsEndpoint())
        self._wrap(Writes)


app = App()
# --8<-- [end:writes]
