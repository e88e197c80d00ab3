"""Reading a feed as a test does: so many entries, and not for ever."""

import asyncio
from collections.abc import AsyncGenerator

from demo_app.notifications.events import Message
from demo_app.notifications.feed import Entry, EventID, Feed

TIMEOUT = 60.0
"""How long something that must happen may take, in seconds. Only what fails takes that long."""


async def take(reader: AsyncGenerator[Entry], count: int) -> list[Entry]:
    async with asyncio.timeout(TIMEOUT):
        return [await anext(reader) for _ in range(count)]


async def publish(feed: Feed, count: int, begin: int = 0) -> list[EventID]:
    return [await feed.publish(Message(str(number))) for number in range(begin, begin + count)]


async def texts(reader: AsyncGenerator[Entry], count: int) -> list[str]:
    return [text_of(entry.event) for entry in await take(reader, count)]


def text_of(event: object) -> str:
    assert isinstance(event, Message)
    return event.text
