"""A feed with long silences: comments keep proxies from closing the connection."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, SSEResponse


class Price(Struct):
    symbol: str
    cents: int


# --8<-- [start:stream]
class PricesEndpoint(Endpoint, path="/prices"):
    async def get(self) -> SSEResponse[Price]:
        return SSEResponse(
            stream=self._prices(), keepalive=0.5
        )  # use 15 to 30 seconds in production

    async def _prices(self) -> AsyncIterator[Price]:
        yield Price("BEAN", 412)
        await asyncio.sleep(1.8)  # a quiet market
        yield Price("BEAN", 415)
        await asyncio.sleep(0.2)  # a busy one: no keepalive
        yield Price("BEAN", 409)


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(PricesEndpoint())


app = App()
