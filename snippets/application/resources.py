"""Resources of the application: opened at startup, closed in reverse order at shutdown."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from msgspec import Struct

from jero import BaseApp, Endpoint, operation
from jero.asgi import Receive, Scope, Send


class Note(Struct):
    text: str


class Pool:
    """Stands in for a connection pool."""

    async def save(self, notes: list[Note]) -> None:
        await asyncio.sleep(0.1)
        print("saved", notes)


# --8<-- [start:resources]
@asynccontextmanager
async def open_pool() -> AsyncGenerator[Pool]:
    await asyncio.sleep(0.2)
    print("pool opened")
    try:
        yield Pool()
    finally:
        print("pool closed")


@asynccontextmanager
async def open_outbox(pool: Pool) -> AsyncGenerator[list[Note]]:
    print("outbox opened")
    notes: list[Note] = []
    try:
        yield notes
    finally:
        await pool.save(notes)  # so the pool must still be open
        print("outbox closed")


class NotesEndpoint(Endpoint, path="/notes"):
    def __init__(self, outbox: list[Note]) -> None:
        self._outbox = outbox

    @operation(status_code=202)
    async def post(self, json: Note) -> Note:
        self._outbox.append(json)
        return json


class App(BaseApp):
    async def _wire(self) -> None:
        pool = await self._enter(open_pool())
        outbox = await self._enter(open_outbox(pool))
        self._include_endpoint(NotesEndpoint(outbox))


# --8<-- [end:resources]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Starts and stops the application for each request, which a server does only once."""
    if scope["type"] != "http":
        raise NotImplementedError
    served = App()
    async with served.lifespan():
        await served(scope, receive, send)
