"""jero: the rows of a table as Server-Sent Events, over a connection that the stream opens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from jero import BaseApp, Endpoint, NotFoundError, SSEResponse

TABLES = {"orders": ["espresso", "flat white", "cortado"], "damaged": ["espresso", ""]}


class NoTableError(LookupError):
    pass


class Order(Struct):
    id: int
    item: str


@asynccontextmanager
async def opened(what: str) -> AsyncGenerator[None]:
    """Stands in for a database connection or cursor: closing it awaits the database."""
    print(f"{what} opened")
    try:
        yield
    finally:
        print(f"closing {what}")
        await asyncio.sleep(0.05)
        print(f"{what} closed")


class Connection:
    @asynccontextmanager
    async def select(self, table: str) -> AsyncGenerator[AsyncIterator[Order]]:
        async with opened("cursor"):
            yield self._rows(table)

    async def _rows(self, table: str) -> AsyncIterator[Order]:
        if table not in TABLES:
            raise NoTableError(table)
        for number, item in enumerate(TABLES[table], 1):
            await asyncio.sleep(0.4)
            if not item:
                raise OSError(f"row {number} cannot be read")
            yield Order(id=number, item=item)


# --8<-- [start:stream]
@asynccontextmanager
async def connect() -> AsyncGenerator[Connection]:
    async with opened("connection"):
        yield Connection()


class ExportPath(Struct):
    table: str


class ExportEndpoint(Endpoint, path="/export/{table}"):
    async def get(self, path: ExportPath) -> SSEResponse[Order]:
        return SSEResponse(stream=self._export(path.table), keepalive=15)

    @asynccontextmanager
    async def _export(self, table: str) -> AsyncGenerator[AsyncIterator[Order]]:
        async with connect() as connection, connection.select(table) as rows:
            yield rows


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ExportEndpoint())
        self._map_error(NoTableError, lambda error: NotFoundError(f"no table {error}"))


app = App()
# --8<-- [end:stream]
