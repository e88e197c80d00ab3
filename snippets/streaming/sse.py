"""Server-Sent Events: plain data, or events with a type, an id and a reconnection delay."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, ServerSentEvent, SSEResponse


# --8<-- [start:stream]
class Step(Struct):
    name: str
    seconds: float


class DeploymentEndpoint(Endpoint, path="/deployment"):
    async def get(self) -> SSEResponse[Step]:
        return SSEResponse(stream=self._steps())

    async def _steps(self) -> AsyncIterator[Step | str | ServerSentEvent[Step]]:
        yield ServerSentEvent(event="hello", data="deploying to two machines", retry=3000)
        await asyncio.sleep(0.4)
        yield Step("build", 41.5)  # a Struct is sent as JSON
        await asyncio.sleep(0.4)
        yield "machine 1 is up\nmachine 2 is up"  # a string is sent as is, line by line
        await asyncio.sleep(0.4)
        yield ServerSentEvent(event="done", id="7", data=Step("switch over", 0.3))


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(DeploymentEndpoint())


app = App()
