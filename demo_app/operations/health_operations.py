"""Whether the process lives, and whether it can serve."""

from typing import Literal

from msgspec import Struct

from demo_app.notifications.feed import Feed, FeedUnavailableError
from jero import Endpoint, operation


class Health(Struct):
    """All is well."""

    status: Literal["ok"] = "ok"


class HealthEndpoint(Endpoint, path="/health"):
    """Whether the process lives. One that does not answer is to be restarted."""

    async def get(self) -> Health:
        """Ask nothing of anybody else, so that another's failure restarts nothing here."""
        return Health()


class ReadyEndpoint(Endpoint, path="/ready"):
    """Whether the process can serve. One that cannot is to get no requests for now.

    The model's API is not asked: all processes share it, so its failure is nothing that another one could make up for.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    @operation(errors=[FeedUnavailableError])
    async def get(self) -> Health:
        """Ask the feed's store."""
        await self._feed.check()
        return Health()
