"""What all of them stream, and what must be closed. Each step is told on the standard output."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

ROW: Final = b'{"row":1}\n'

TEARDOWN: Final = 0.05
"""How long closing takes, in seconds: a database must be asked, too."""


async def items(kind: str) -> AsyncIterator[bytes]:
    """A row, and then what `kind` says: `early` raises before it, `late` after it; `idle` waits, `busy` goes on."""
    if kind == "early":
        raise RuntimeError("no row is there")
    yield ROW
    if kind == "late":
        await asyncio.sleep(0.1)
        raise RuntimeError("a row is missing")
    if kind == "idle":
        await asyncio.sleep(60)
    while kind == "busy":
        await asyncio.sleep(0)
        yield ROW


async def resource() -> AsyncGenerator[None]:
    """What must be closed."""
    print("opened", flush=True)
    try:
        yield
    finally:
        print("closing", flush=True)
        await asyncio.sleep(TEARDOWN)
        print("closed", flush=True)


async def rows(kind: str) -> AsyncIterator[bytes]:
    """The items, from a generator that holds the resource."""
    async with asynccontextmanager(resource)():
        async for item in items(kind):
            yield item
