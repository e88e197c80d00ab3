"""A mistake that fails at startup: an event stream that answers POST."""

from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, SSEResponse


class Refill(Struct):
    cups: int


# --8<-- [start:mistake]
class RefillEndpoint(Endpoint, path="/refill"):
    async def post(self) -> SSEResponse[Refill]:
        return SSEResponse(stream=self._refills())

    async def _refills(self) -> AsyncIterator[Refill]:
        yield Refill(1)


# --8<-- [end:mistake]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(RefillEndpoint())


app = App()
