"""A stream that holds a resource: opened before the first row, and always closed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Self

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Order(Struct):
    id: int
    item: str


# --8<-- [start:cursor]
class Cursor:
    """Stands in for a database cursor, which must be closed."""

    async def __aenter__(self) -> Self:
        print("cursor opened")
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0.05)  # closing awaits the database
        print("cursor closed")

    async def rows(self) -> AsyncIterator[Order]:
        for number, item in enumerate(("espresso", "flat white", "cortado", "filter"), 1):
            await asyncio.sleep(0.3)
            yield Order(number, item)


# --8<-- [end:cursor]


# --8<-- [start:stream]
class ExportEndpoint(Endpoint, path="/orders/export"):
    async def get(self) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._export())

    async def _export(self) -> AsyncGenerator[AsyncIterable[Order]]:
        async with Cursor() as cursor:
            yield cursor.rows()  # once: this is the stream
        # the cursor is closed here: after the last row, an error or a disconnect


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ExportEndpoint())


app = App()
