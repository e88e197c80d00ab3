"""`live/builds`: notifies open pages of each rebuild of the site, successful or failed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import override

from msgspec import Struct

from jero import BaseApp, Endpoint, ServerSentEvent, SSEResponse


class Built(Struct, frozen=True):
    """The site was built: the `build`th time since the server started."""

    build: int


class Failed(Struct, frozen=True):
    """The site could not be built, and the one before is still served. `message` is the build's own."""

    message: str


type BuildResult = Built | Failed


class BuildNotices:
    """Publishes build results to any number of listeners, each from when it subscribed."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[BuildResult]] = set()
        self._is_closed = False

    def publish(self, change: BuildResult) -> None:
        """Send the result to all listeners."""
        for listener in self._listeners:
            listener.put_nowait(change)

    def close(self) -> None:
        """End all streams, and refuse new ones."""
        self._is_closed = True
        for listener in self._listeners:
            listener.shutdown()

    async def listen(self) -> AsyncGenerator[AsyncIterable[ServerSentEvent[BuildResult]]]:
        """A one-yield generator of the events from now on."""
        listener: asyncio.Queue[BuildResult] = asyncio.Queue()
        if self._is_closed:
            listener.shutdown()
        self._listeners.add(listener)
        try:
            yield _events(listener)
        finally:
            self._listeners.discard(listener)


async def _events(
    listener: asyncio.Queue[BuildResult],
) -> AsyncIterator[ServerSentEvent[BuildResult]]:
    # Soon, so that a page that outlives a server restart gets the next result.
    yield ServerSentEvent(retry=1_000)
    while True:
        try:
            change = await listener.get()
        except asyncio.QueueShutDown:
            return
        yield ServerSentEvent(data=change, event="built" if isinstance(change, Built) else "failed")


class BuildsEndpoint(Endpoint, path="/live/builds"):
    """The stream that each open page subscribes to."""

    def __init__(self, notices: BuildNotices) -> None:
        self._notices = notices

    async def get(self) -> SSEResponse[BuildResult]:
        """`built` and `failed` events, from now on."""
        return SSEResponse(stream=self._notices.listen(), keepalive=15.0)


class BuildsApp(BaseApp):
    """The front's own part of `/live/`."""

    def __init__(self, notices: BuildNotices) -> None:
        super().__init__()
        self._notices = notices

    @override
    async def _wire(self) -> None:
        self._include_endpoint(BuildsEndpoint(self._notices))
