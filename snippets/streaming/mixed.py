"""Lines of several kinds: a tagged union lets the client decode each into its type."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


# --8<-- [start:stream]
class Row(Struct, tag="row"):
    item: str
    total: float


class Progress(Struct, tag="progress"):
    percent: int


class Summary(Struct, tag="summary"):
    rows: int
    total: float


type Line = Row | Progress | Summary


class ReportEndpoint(Endpoint, path="/report"):
    async def get(self) -> NDJSONStreamingResponse[Line]:
        return NDJSONStreamingResponse(stream=self._lines())

    async def _lines(self) -> AsyncIterator[Line]:
        sales = [("espresso", 2.4), ("cortado", 3.1), ("mocha", 4.2), ("filter", 2.8)]
        for done, (item, total) in enumerate(sales, 1):
            await asyncio.sleep(0.3)
            yield Row(item, total)
            if done % 2 == 0:
                yield Progress(100 * done // len(sales))
        yield Summary(len(sales), sum(total for _, total in sales))


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ReportEndpoint())


app = App()
