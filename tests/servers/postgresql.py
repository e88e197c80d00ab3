"""Rows of PostgreSQL, as the page on streaming rows has them: read in pages, from a cursor that the server keeps."""

import os
from collections.abc import AsyncGenerator, AsyncIterable

from msgspec import Struct
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


# --8<-- [start:stream]
class Order(Struct):
    id: int
    item: str
    cents: int


class Filter(Struct):
    min_cents: int = 0


class OrdersEndpoint(Endpoint, path="/orders"):
    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def get(self, params: Filter) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._export(params))

    async def _export(self, params: Filter) -> AsyncGenerator[AsyncIterable[Order]]:
        query = "SELECT id, item, cents FROM orders WHERE cents >= %s ORDER BY id"
        async with (
            self._pool.connection() as connection,  # in a transaction, until it is given back
            connection.cursor("export", row_factory=class_row(Order)) as cursor,
        ):
            await cursor.execute(query, [params.min_cents])
            yield cursor


class App(BaseApp):
    async def _wire(self) -> None:
        pool: AsyncConnectionPool = AsyncConnectionPool(os.environ["DATABASE"], open=False)
        self._include_endpoint(OrdersEndpoint(await self._enter(pool)))


app = App()
# --8<-- [end:stream]
