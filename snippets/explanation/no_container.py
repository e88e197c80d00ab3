"""What an endpoint needs is an argument of its `__init__`; `_wire` is where it comes from."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from typing import Protocol

from msgspec import Struct

from jero import BaseApp, ConflictError, Endpoint, operation


class Order(Struct):
    item: str
    cups: int


class Bill(Struct):
    cents: int


# --8<-- [start:endpoint]
class Prices(Protocol):
    """Knows what a drink costs."""

    async def find(self, item: str) -> int | None:
        """The price in cents, or `None` for an unknown drink."""
        ...


class NotOnTheListError(ConflictError):
    title = "Not on the list"


class OrdersEndpoint(Endpoint, path="/orders"):
    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    @operation(errors=[NotOnTheListError])
    async def post(self, json: Order) -> Bill:
        cents = await self._prices.find(json.item)
        if cents is None:
            raise NotOnTheListError(f"{json.item} is not served here")
        return Bill(cents * json.cups)


# --8<-- [end:endpoint]


# --8<-- [start:app]
class PriceTable:
    """Prices from a database."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    async def find(self, item: str) -> int | None:
        query = "SELECT cents FROM prices WHERE item = ?"
        row = self._database.execute(query, (item,)).fetchone()
        return row[0] if row else None


@asynccontextmanager
async def open_database() -> AsyncGenerator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE prices (item TEXT PRIMARY KEY, cents INTEGER)")
        database.execute("INSERT INTO prices VALUES ('espresso', 240), ('cortado', 310)")
        yield database


class App(BaseApp):
    async def _wire(self) -> None:
        database = await self._enter(open_database())
        self._include_endpoint(OrdersEndpoint(PriceTable(database)))


app = App()
# --8<-- [end:app]
