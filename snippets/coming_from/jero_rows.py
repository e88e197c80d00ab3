"""jero: the rows of a table as NDJSON, from a cursor that must be closed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse, NotFoundError

TABLES = {"orders": ["espresso", "flat white", "cortado"], "damaged": ["espresso", ""]}


class NoTableError(LookupError):
    pass


class Order(Struct):
    id: int
    item: str


@asynccontextmanager
async def open_cursor(table: str) -> AsyncGenerator[AsyncIterator[Order]]:
    """Stands in for a database cursor: closing it awaits the database."""

    async def rows() -> AsyncIterator[Order]:
        if table not in TABLES:
            raise NoTableError(table)
        for number, item in enumerate(TABLES[table], 1):
            await asyncio.sleep(0.4)
            if not item:
                raise OSError(f"row {number} cannot be read")
            yield Order(number, item)

    print("cursor opened")
    try:
        yield rows()
    finally:
        print("closing cursor")
        await asyncio.sleep(0.05)
        print("cursor closed")


# --8<-- [start:stream]
class ExportPath(Struct):
    table: str


class ExportEndpoint(Endpoint, path="/export/{table}"):
    async def get(self, path: ExportPath) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=open_cursor(path.table))


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ExportEndpoint())
        self._map_error(NoTableError, lambda error: NotFoundError(f"no table {error}"))


app = App()
# --8<-- [end:stream]
