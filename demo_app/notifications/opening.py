"""Which feed the settings ask for."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from demo_app.notifications.feed import Feed
from demo_app.notifications.memory import MemoryFeed
from demo_app.notifications.redis import open_redis_feed
from demo_app.settings import Settings


@asynccontextmanager
async def open_feed(settings: Settings) -> AsyncGenerator[Feed]:
    """In memory, or in Redis: nothing else in the application knows which."""
    if settings.notifications_url.startswith("memory:"):
        yield MemoryFeed(settings.notifications_kept)
        return
    url, kept = settings.notifications_url, settings.notifications_kept
    async with open_redis_feed(url, kept) as feed:
        yield feed
