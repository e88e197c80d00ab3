"""Starlette: the rows of a table as NDJSON, from a cursor that must be closed."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

TABLES = {"orders": ["espresso", "flat white", "cortado"], "damaged": ["espresso", ""]}


class NoTableError(LookupError):
    pass


@asynccontextmanager
async def open_cursor(table: str) -> AsyncGenerator[AsyncIterator[dict[str, int | str]]]:
    """Stands in for a database cursor: closing it awaits the database."""

    async def rows() -> AsyncIterator[dict[str, int | str]]:
        if table not in TABLES:
            raise NoTableError(table)
        for number, item in enumerate(TABLES[table], 1):
            await asyncio.sleep(0.4)
            if not item:
                raise OSError(f"row {number} cannot be read")
            yield {"id": number, "item": item}

    print("cursor opened")
    try:
        yield rows()
    finally:
        print("closing cursor")
        await asyncio.sleep(0.05)
        print("cursor closed")


# --8<-- [start:stream]
async def lines(table: str) -> AsyncIterator[str]:
    async with open_cursor(table) as rows:
        async for row in rows:
            yield json.dumps(row) + "\n"


async def export(request: Request) -> StreamingResponse:
    table = request.path_params["table"]
    return StreamingResponse(lines(table), media_type="application/x-ndjson")


async def no_table(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": f"no table {error}"}, status_code=404)


app = Starlette(
    routes=[Route("/export/{table}", export)],
    exception_handlers={NoTableError: no_table},
)
# --8<-- [end:stream]
