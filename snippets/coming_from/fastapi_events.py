"""FastAPI: the rows of a table as Server-Sent Events, over a connection from a dependency."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel

TABLES = {"orders": ["espresso", "flat white", "cortado"], "damaged": ["espresso", ""]}


class NoTableError(LookupError):
    pass


class Order(BaseModel):
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
app = FastAPI()


async def connect() -> AsyncGenerator[Connection]:
    async with opened("connection"):
        yield Connection()


@app.get("/export/{table}", response_class=EventSourceResponse)
async def export(
    table: str, connection: Annotated[Connection, Depends(connect)]
) -> AsyncIterable[Order]:
    async with connection.select(table) as rows:
        async for row in rows:
            yield row


@app.exception_handler(NoTableError)
async def no_table(_request: Request, error: NoTableError) -> JSONResponse:
    return JSONResponse({"detail": f"no table {error}"}, status_code=404)


# --8<-- [end:stream]
