"""A feed that a client can resume: recent events are kept, and a gap is reported."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle

from msgspec import Struct

from jero import BaseApp, Endpoint, ServerSentEvent, SSEResponse


class Headline(Struct):
    text: str


class Dropped(Struct):
    missed: int


HEADLINES = [
    "Roastery opens at dawn",
    "Beans delayed at sea",
    "Grinder beats own record",
    "Milk found in fridge",
    "Queue reaches the corner",
    "Last cup goes to poet",
]


# --8<-- [start:feed]
class Feed:
    """Published headlines, numbered from 1. The last `keep` of them can be read again."""

    def __init__(self, keep: int) -> None:
        self.has_readers = asyncio.Event()
        self._kept = deque[tuple[int, Headline]](maxlen=keep)
        self._last = 0
        self._news = asyncio.Condition()

    async def publish(self, headline: Headline) -> None:
        async with self._news:
            self._last += 1
            self._kept.append((self._last, headline))
            self._news.notify_all()

    async def read(self, seen: int | None) -> AsyncIterator[ServerSentEvent[Headline | Dropped]]:
        self.has_readers.set()
        if seen is None:
            seen = self._last  # a new client: from now on
        elif seen > self._last:
            seen = 0  # an id from before a restart
        while True:
            async with self._news:
                while self._last <= seen:
                    await self._news.wait()
            kept = [entry for entry in self._kept if entry[0] > seen]
            if missed := kept[0][0] - seen - 1:
                seen += missed
                yield ServerSentEvent(event="dropped", id=str(seen), data=Dropped(missed))
            for number, headline in kept:
                yield ServerSentEvent(id=str(number), data=headline)
                seen = number


# --8<-- [end:feed]


# --8<-- [start:endpoint]
class NewsEndpoint(Endpoint, path="/news"):
    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def get(self, last_event_id: int | None) -> SSEResponse[Headline | Dropped]:
        return SSEResponse(stream=self._feed.read(last_event_id), keepalive=15)


# --8<-- [end:endpoint]


async def write_news(feed: Feed) -> None:
    await feed.has_readers.wait()
    for text in cycle(HEADLINES):
        await asyncio.sleep(1)
        await feed.publish(Headline(text))


@asynccontextmanager
async def open_newsroom() -> AsyncGenerator[Feed]:
    feed = Feed(keep=4)
    for text in HEADLINES:
        await feed.publish(Headline(text))
    writing = asyncio.create_task(write_news(feed))
    yield feed
    writing.cancel()


class App(BaseApp):
    async def _wire(self) -> None:
        feed = await self._enter(open_newsroom())
        self._include_endpoint(NewsEndpoint(feed))


app = App()
