"""Litestar: the rows of a table as NDJSON, from a cursor that must be closed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream
from litestar.serialization import encode_json
from msgspec import Struct

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
async def lines(table: str) -> AsyncGenerator[bytes]:
    async with open_cursor(table) as rows:
        async for row in rows:
            yield encode_json(row) + b"\n"


@get("/export/{table:str}")
async def export(table: FromPath[str]) -> Stream:
    return Stream(lines(table), media_type="application/x-ndjson")


def no_table(_request: Request[Any, Any, Any], error: NoTableError) -> Response[dict[str, str]]:
    return Response({"detail": f"no table {error}"}, status_code=404)


app = Litestar(
    [export],
    exception_handlers={NoTableError: no_table},
    logging_config=None,  # the default one needs a thread, and browsers have none
)
# --8<-- [end:stream]
