"""An endpoint whose rows a test lets through one by one, and applications wrapped in middleware."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Any

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Row(Struct):
    number: int


class Gated(Endpoint, path="/rows"):
    """Rows that come when they are let through, from a resource whose closing can be waited for.

    With `fails_at`, the stream raises in the place of that row.
    """

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.gate = asyncio.Semaphore(0)
        self.closed = asyncio.Event()
        self._fails_at = fails_at

    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._held())

    async def _held(self) -> AsyncGenerator[AsyncIterable[Row]]:
        yield self._rows()
        await asyncio.sleep(0)
        self.closed.set()

    async def _rows(self) -> AsyncIterator[Row]:
        for number in range(3):
            await self.gate.acquire()
            if number == self._fails_at:
                raise LookupError("row is missing")
            yield Row(number)


def wrapped(endpoint: Endpoint, *layers: tuple[Any, dict[str, Any]]) -> BaseApp:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(endpoint)
            for middleware, options in layers:
                self._wrap(middleware, **options)

    return App()
