"""A reader of notifications that comes back where it was cut off, as a browser does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import msgspec

from demo_app.notifications.events import Message, Notification

TIMEOUT = 60.0
"""How long something that must happen may take, in seconds. Only what fails takes that long."""

RECONNECTING = 0.1
"""After how long a reader comes back, in seconds."""


_decode = msgspec.json.Decoder(Notification).decode


class Reader:
    """What one reader has seen."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.connections = 0
        self.is_connected = asyncio.Event()
        self._grown = asyncio.Condition()
        self._place: str | None = None

    async def wait_for(self, text: str) -> None:
        async with asyncio.timeout(TIMEOUT), self._grown:
            await self._grown.wait_for(lambda: text in self.seen)

    async def run(self, url: str) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT) as client:
            while True:
                try:
                    await self._read(client)
                except httpx.TransportError:
                    await asyncio.sleep(RECONNECTING)

    async def _read(self, client: httpx.AsyncClient) -> None:
        headers = {} if self._place is None else {"last-event-id": self._place}
        async with client.stream("GET", "/notifications", headers=headers) as response:
            if response.status_code != 200:
                return
            self.connections += 1
            async for line in response.aiter_lines():
                if line.startswith("id: "):
                    self._place = line.removeprefix("id: ")
                    self.is_connected.set()
                elif line.startswith("data: "):
                    await self._take(_decode(line.removeprefix("data: ")))

    async def _take(self, notification: Notification) -> None:
        assert isinstance(notification, Message), notification
        async with self._grown:
            self.seen.append(notification.text)
            self._grown.notify_all()


@asynccontextmanager
async def readers(url: str, count: int) -> AsyncGenerator[list[Reader]]:
    """So many readers, all of which are connected."""
    made = [Reader() for _ in range(count)]
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(reader.run(url)) for reader in made]
        async with asyncio.timeout(TIMEOUT):
            for reader in made:
                await reader.is_connected.wait()
        yield made
        for task in running:
            task.cancel()
