"""ASGI's types, and the lifespan half of the protocol seen from the server's side (ASGI 3.0, lifespan 2.0)."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# The specification types these as open mappings; `Any` is their values' honest type.
type Message = MutableMapping[str, Any]
type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class StartupFailedError(Exception):
    """The app answered `lifespan.startup.failed`. The text is the app's own message."""


class Lifespan:
    """Starts an app once and shuts it down once.

    The app's lifespan call lives in one task from `start` to `stop`, so that what it opens it closes in the same
    context. An app that raises instead of answering has no lifespan, and is served without one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Send `lifespan.startup` and wait for the answer. Raises `StartupFailedError`."""
        self._inbox.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.create_task(self._run())
        await self._answer

    async def stop(self, patience: float) -> None:
        """Send `lifespan.shutdown` and wait at most `patience` seconds until the app has returned."""
        if self._task is None or self._task.done():
            return
        self._inbox.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([self._task], timeout=patience)
        await self.cancel(patience)

    async def cancel(self, patience: float) -> None:
        """Cancel the app, and wait at most `patience` seconds until it has returned. A `start` that waits raises."""
        if self._task is None or self._task.done():
            return
        self._task.cancel()
        if not self._answer.done():
            self._answer.set_exception(StartupFailedError("The app was stopped while it started."))
        await asyncio.wait([self._task], timeout=patience)

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            await self._app(scope, self._inbox.get, self._send)
        except BaseException:  # noqa: BLE001, S110 - by the specification, an app says so that it has no lifespan
            pass
        finally:
            if not self._answer.done():
                self._answer.set_result(None)

    async def _send(self, message: Message) -> None:
        if self._answer.done():
            return
        if message["type"] == "lifespan.startup.complete":
            self._answer.set_result(None)
        elif message["type"] == "lifespan.startup.failed":
            self._answer.set_exception(StartupFailedError(message.get("message", "")))
