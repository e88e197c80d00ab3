"""ASGI middleware around everything that is served, including streams."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse
from jero.asgi import ASGIApp, Message, Receive, Scope, Send


class Step(Struct):
    name: str


# --8<-- [start:middleware]
class ServedBy:
    """Adds a header to every response."""

    def __init__(self, app: ASGIApp, *, host: str) -> None:
        self._app = app
        self._header = (b"x-served-by", host.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self._header]
            await send(message)

        await self._app(scope, receive, send_with_header)


class StepsEndpoint(Endpoint, path="/deployment"):
    async def get(self) -> NDJSONStreamingResponse[Step]:
        return NDJSONStreamingResponse(stream=self._steps())

    async def _steps(self) -> AsyncIterator[Step]:
        for name in ("built", "tested", "live"):
            await asyncio.sleep(0.4)
            yield Step(name)


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(StepsEndpoint())
        self._wrap(ServedBy, host="lisbon-2")


# --8<-- [end:middleware]


app = App()
