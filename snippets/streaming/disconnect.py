"""An endless stream, which a disconnect ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from itertools import count

from msgspec import Struct

from jero import BaseApp, Endpoint, SSEResponse


class Tick(Struct):
    number: int


# --8<-- [start:stream]
class ClockEndpoint(Endpoint, path="/clock"):
    async def get(self) -> SSEResponse[Tick]:
        return SSEResponse(stream=self._clock())

    async def _clock(self) -> AsyncGenerator[AsyncIterable[Tick]]:
        print("clock wound up")
        yield self._ticks()
        await asyncio.sleep(0.05)  # teardown can await
        print("clock stopped")

    async def _ticks(self) -> AsyncIterator[Tick]:
        for number in count(1):
            yield Tick(number)
            await asyncio.sleep(0.4)


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ClockEndpoint())


app = App()
