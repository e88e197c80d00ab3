"""The rows of a query, sent as they are read, from a cursor that is always closed."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, closing

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse

ORDERS = [("espresso", 240), ("flat white", 390), ("cortado", 310), ("filter", 280), ("mocha", 420)]


class Order(Struct):
    id: int
    item: str
    cents: int


class Filter(Struct):
    min_cents: int = 0


# --8<-- [start:stream]
class OrdersEndpoint(Endpoint, path="/orders"):
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    async def get(self, params: Filter) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._export(params))

    async def _export(self, params: Filter) -> AsyncGenerator[AsyncIterable[Order]]:
        query = "SELECT id, item, cents FROM orders WHERE cents >= ? ORDER BY id"
        with closing(self._database.execute(query, (params.min_cents,))) as cursor:
            print("cursor opened")
            yield self._rows(cursor)
        print("cursor closed")

    async def _rows(self, cursor: sqlite3.Cursor) -> AsyncIterator[Order]:
        while page := cursor.fetchmany(2):  # use hundreds in production
            await asyncio.sleep(0.4)  # a slow table
            for row in page:
                yield Order(*row)


# --8<-- [end:stream]


# --8<-- [start:app]
@asynccontextmanager
async def open_shop() -> AsyncGenerator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, cents INTEGER)")
        database.executemany("INSERT INTO orders (item, cents) VALUES (?, ?)", ORDERS)
        yield database


class App(BaseApp):
    async def _wire(self) -> None:
        database = await self._enter(open_shop())
        self._include_endpoint(OrdersEndpoint(database))


app = App()
# --8<-- [end:app]
