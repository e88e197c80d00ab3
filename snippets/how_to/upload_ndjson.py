"""An NDJSON upload: lines are decoded as they arrive, and either all or none are stored."""

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from msgspec import Meta, Struct, structs

from jero import BaseApp, Endpoint

ORDERS = "(id INTEGER PRIMARY KEY, item TEXT NOT NULL, cents INTEGER NOT NULL)"


class Order(Struct):
    id: int
    item: Annotated[str, Meta(min_length=1)]
    cents: Annotated[int, Meta(gt=0)]


class Stored(Struct):
    orders: int


# --8<-- [start:upload]
class OrdersEndpoint(Endpoint, path="/orders"):
    max_body = 10_000_000  # bytes, for the whole upload

    def __init__(self, file: Path) -> None:
        self._file = file

    async def post(self, ndjson: AsyncIterator[Order]) -> Stored:
        with closing(sqlite3.connect(self._file)) as database:
            database.execute(f"CREATE TEMPORARY TABLE staged {ORDERS}")
            async for order in ndjson:  # raises at an invalid line, with its number
                database.execute("INSERT INTO staged VALUES (?, ?, ?)", structs.astuple(order))
            with database:  # commits or rolls back
                stored = database.execute("INSERT OR REPLACE INTO orders SELECT * FROM staged")
            print(stored.rowcount, "orders committed")
        return Stored(stored.rowcount)


# --8<-- [end:upload]


@asynccontextmanager
async def open_shop() -> AsyncGenerator[Path]:
    with TemporaryDirectory() as folder:
        file = Path(folder, "shop.db")
        with closing(sqlite3.connect(file)) as database:
            database.execute(f"CREATE TABLE orders {ORDERS}")
        yield file


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrdersEndpoint(await self._enter(open_shop())))


app = App()
