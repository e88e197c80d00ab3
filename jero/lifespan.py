"""The lifespan half of ASGI, seen from the server's side (ASGI lifespan 2.0)."""

import asyncio
import logging
from typing import Final

from jero.asgi import ASGIApp, Message, Scope

_logger: Final = logging.getLogger("jero")


class LifespanError(Exception):
    """The app reported that its startup or shutdown failed. The text is the app's message.

    If the app then raised an exception, that is the cause.
    """


class Lifespan:
    """Starts an app once and shuts it down once, both within one call of the app, in one task.

    An app that raises or returns before it answers the startup message has no lifespan and is served without one (ASGI
    lifespan 2.0); if it has received the message, that is logged. `timeout` is how long to wait for its end, in
    seconds; `None` for no limit.
    """

    def __init__(self, app: ASGIApp, timeout: float | None = None) -> None:
        self.state: dict[str, object] = {}
        self._app = app
        self._timeout = timeout
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._inbox.put_nowait({"type": "lifespan.startup"})
        self._is_started = asyncio.Event()
        self._is_supported = False
        self._failed: str | None = None
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait until the app has started. Raises `LifespanError`. If this raises, call `abandon`."""
        self._task = asyncio.create_task(self._run())
        await self._is_started.wait()
        if self._failed is not None:
            await self._end()
        elif self._error is not None and self._inbox.empty() and not self._is_supported:
            _logger.warning(
                "the app failed during startup and is served without lifespan", exc_info=self._error
            )

    async def stop(self) -> None:
        """Shut the app down, and wait until it has returned.

        Raises `LifespanError`, any other exception that the app has raised since startup, and `TimeoutError` if it did
        not return in time and was cancelled.
        """
        if self._task is not None and self._is_supported:
            self._inbox.put_nowait({"type": "lifespan.shutdown"})
            await self._end()

    async def abandon(self) -> None:
        """Cancel the app's call, and wait until it has ended."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _end(self) -> None:
        assert self._task is not None
        is_returned = await wait_returned(self._task, self._timeout)
        self._is_supported = False
        if self._failed is not None:
            raise LifespanError(self._failed) from self._error
        if self._error is not None:
            raise self._error
        if not is_returned:
            raise TimeoutError(
                f"the app's lifespan did not end within {self._timeout:g} s and was cancelled"
            )

    async def _run(self) -> None:
        scope: Scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._app(scope, self._inbox.get, self._send)
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - raised again in `start` or `stop`
            self._error = error
        finally:
            self._is_started.set()

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "lifespan.startup.complete" if not self._is_started.is_set():
                self._is_supported = True
            case "lifespan.startup.failed" if not self._is_started.is_set():
                self._failed = message.get("message", "")
            case "lifespan.shutdown.complete" if self._is_supported:
                return
            case "lifespan.shutdown.failed" if self._is_supported:
                self._failed = message.get("message", "")
            case kind:
                raise RuntimeError(
                    f"the app sent the ASGI message {kind!r}, which is not valid in a lifespan"
                )
        self._is_started.set()


async def wait_returned(task: asyncio.Task[None], timeout: float | None) -> bool:  # noqa: ASYNC109 - it does more than raise
    """Wait until `task` is done, and cancel it after `timeout` seconds. Returns whether it returned by itself.

    The task is done when this returns or raises.
    """
    is_returned = False
    try:
        await asyncio.wait((task,), timeout=timeout)
    finally:
        is_returned = task.done()
        if not is_returned:
            task.cancel()
            await asyncio.wait((task,))
    return is_returned
