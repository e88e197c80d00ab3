"""A stream that logs why it ended: all rows sent, a disconnect, or an error."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse, StreamEnding, stream_ending


class Order(Struct):
    id: int
    item: str


class Range(Struct):
    rows: int = 4


# --8<-- [start:stream]
class ExportEndpoint(Endpoint, path="/orders/export"):
    async def get(self, params: Range) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._export(params.rows))

    async def _export(self, many: int) -> AsyncGenerator[AsyncIterable[Order]]:
        yield self._rows(many)
        match stream_ending():
            case StreamEnding.DRAINED:
                print("audit: exported", many, "orders")
            case ending:
                print("audit: export incomplete:", ending)

    # --8<-- [end:stream]

    async def _rows(self, many: int) -> AsyncIterator[Order]:
        for number in range(1, many + 1):
            await asyncio.sleep(0.3)
            if number > 4:
                raise LookupError("order 5 is locked")
            yield Order(number, "espresso")


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ExportEndpoint())


app = App()
