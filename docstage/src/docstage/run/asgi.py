"""ASGI's types, and the lifespan half of the protocol seen from the server's side (ASGI 3.0, lifespan 2.0)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

_logger: Final = logging.getLogger(__name__)

# The specification types these as open mappings; `Any` is their values' honest type.
Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


_UNTIL_RAISED: Final = 0.2
"""Seconds that an app which refuses to start has to raise what made it do so."""

_FAILED: Final = {
    "lifespan.startup": "The app's lifespan failed at startup. The app is served without it, as ASGI has it; "
    "to refuse to start, send `lifespan.startup.failed`.",
    "lifespan.shutdown": "The app's lifespan failed at shutdown.",
}


class StartupFailedError(Exception):
    """The app answered `lifespan.startup.failed`. The text is the app's own message; what it then raised is chained."""


class Lifespan:
    """Starts an app once and shuts it down once.

    The app's lifespan call lives in one task from `start` to `stop`, so that what it opens it closes in the same
    context. An app that raises instead of answering has no lifespan, and is served without one; if it has received
    an event before, that is logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.state: dict[str, Any] = {}  # each request gets a shallow copy of it
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = ""
        self._refusal: str | None = None

    async def start(self) -> None:
        """Send `lifespan.startup` and wait for the answer. Raises `StartupFailedError`."""
        self._inbox.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.create_task(self._run())
        await self._answer

    async def stop(self, grace: float) -> None:
        """Send `lifespan.shutdown` and wait at most `grace` seconds until the app has returned."""
        if self._task is None or self._task.done():
            return
        self._inbox.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([self._task], timeout=grace)
        await self.cancel(grace)

    async def cancel(self, grace: float) -> None:
        """Cancel the app, and wait at most `grace` seconds until it has returned. A `start` that waits raises."""
        if self._task is None or self._task.done():
            return
        self._task.cancel()
        if not self._answer.done():
            self._answer.set_exception(StartupFailedError("The app was stopped during startup."))
        await asyncio.wait([self._task], timeout=grace)

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._app(scope, self._receive, self._send)
        except (
            BaseException
        ) as error:  # by the specification, an app says so that it has no lifespan
            if self._refusal is not None:
                self._refuse(error)
            elif self._received and not isinstance(error, asyncio.CancelledError):
                _logger.error(_FAILED[self._received], exc_info=error)  # noqa: TRY400 - it is not only exceptions
        finally:
            if self._refusal is not None:
                self._refuse(None)
            elif not self._answer.done():
                self._answer.set_result(None)

    async def _receive(self) -> Message:
        message = await self._inbox.get()
        self._received = message["type"]
        return message

    def _refuse(self, cause: BaseException | None) -> None:
        if not self._answer.done():
            error = StartupFailedError(self._refusal)
            error.__cause__ = cause
            self._answer.set_exception(error)

    async def _send(self, message: Message) -> None:
        if self._answer.done():
            return
        if message["type"] == "lifespan.startup.complete":
            self._answer.set_result(None)
        elif message["type"] == "lifespan.startup.failed":
            # The exception that it comes from is raised next, as a rule.
            self._refusal = message.get("message", "")
            asyncio.get_running_loop().call_later(_UNTIL_RAISED, self._refuse, None)
