"""A stream that fails halfway: its resource is closed, and the client sees that rows are missing."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Order(Struct):
    id: int
    total: float


# --8<-- [start:stream]
class LedgerEndpoint(Endpoint, path="/ledger"):
    async def get(self) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._ledger())

    async def _ledger(self) -> AsyncGenerator[AsyncIterable[Order]]:
        print("ledger locked")
        yield self._rows()
        print("ledger unlocked")  # runs after an error, too

    async def _rows(self) -> AsyncIterator[Order]:
        for number, total in enumerate(("2.40", "3.90", "n/a", "2.80"), 1):
            await asyncio.sleep(0.3)
            yield Order(number, float(total))  # the third one isn't a number


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(LedgerEndpoint())


app = App()
