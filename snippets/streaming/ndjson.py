"""Rows as NDJSON: one JSON value per line, each sent as soon as it is ready."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Order(Struct):
    id: int
    item: str
    total: float


ORDERS = [
    Order(1, "espresso", 2.4),
    Order(2, "flat white", 3.9),
    Order(3, "cortado", 3.1),
    Order(4, "filter", 2.8),
    Order(5, "mocha", 4.2),
]


class OrdersEndpoint(Endpoint, path="/orders"):
    async def get(self) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._orders())

    async def _orders(self) -> AsyncIterator[Order]:
        for order in ORDERS:
            await asyncio.sleep(0.3)  # a slow database
            yield order


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrdersEndpoint())


app = App()
