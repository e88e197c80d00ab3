"""`live/builds`: notifies open pages of each rebuild of the site, successful or failed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct
from starlette.types import Message, Receive, Scope, Send

KEEPALIVE: Final = 15.0
"""Seconds without an event after which a comment is sent, so that nothing on the way takes the stream for dead."""

RETRY: Final = 1_000
"""Milliseconds until a page that has lost the server looks for it again: soon, so that it gets the next result."""


class Built(Struct, frozen=True):
    """The site was built: the `build`th time since the server started."""

    build: int


class Failed(Struct, frozen=True):
    """The site could not be built, and the one before is still served. `message` is the build's own."""

    message: str


BuildResult: TypeAlias = Built | Failed


class BuildNotices:
    """Publishes build results to any number of listeners, each from when it subscribed."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[BuildResult | None]] = set()
        self._is_closed = False

    def publish(self, change: BuildResult) -> None:
        """Send the result to all listeners."""
        for listener in self._listeners:
            listener.put_nowait(change)

    def close(self) -> None:
        """End all streams, and refuse new ones."""
        self._is_closed = True
        for listener in self._listeners:
            listener.put_nowait(None)

    async def listen(self) -> AsyncGenerator[bytes]:
        """The events from now on, as Server-Sent Events (WHATWG HTML § 9.2), until `close`."""
        listener: asyncio.Queue[BuildResult | None] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            yield b"retry: %d\n\n" % RETRY
            while not self._is_closed:
                try:
                    async with asyncio.timeout(KEEPALIVE):
                        change = await listener.get()
                except TimeoutError:
                    yield b":\n\n"
                    continue
                if change is not None:
                    event = b"built" if isinstance(change, Built) else b"failed"
                    yield b"event: %b\ndata: %b\n\n" % (event, msgspec.json.encode(change))
        finally:
            self._listeners.discard(listener)


class Builds:
    """The ASGI app of `live/builds`: the stream that each open page subscribes to."""

    def __init__(self, notices: BuildNotices) -> None:
        self._notices = notices

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Stream until the reader leaves, or the server stops."""
        streaming = asyncio.create_task(self._stream(send))
        leaving = asyncio.create_task(_disconnect(receive))
        try:
            await asyncio.wait((streaming, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (streaming, leaving):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await streaming

    async def _stream(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        events = self._notices.listen()
        try:
            async for event in events:
                await send(_body(event, more=True))
            await send(_body(b"", more=False))
        finally:
            await events.aclose()


def _body(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
