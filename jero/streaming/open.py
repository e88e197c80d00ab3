"""Tracks the open streams of an application, and ends them when the server stops."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import FrameType
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from jero.errors import HTTPError
from jero.streaming.ending import StreamEnding

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
"""The signals that ask a server to stop."""


class ShuttingDownError(HTTPError):
    """The server is stopping and does not start new streams (RFC 9110 § 15.6.4)."""

    status_code = 503

    def __init__(self) -> None:
        super().__init__("The server is stopping.", raw_headers={"retry-after": "1"})


class OpenStream(Protocol):
    """A stream that can be ended from outside."""

    def leave(self, ending: StreamEnding, /) -> None:
        """Stop pulling and tear down, as if the client had gone, for this reason."""
        ...

    def abandon(self) -> None:
        """Give it up as it is."""
        ...


class OpenStreams:
    """The open streams of one application.

    `watch`, if there is one, is called when the first is opened, and the context manager that it returns is exited
    when the last is closed.
    """

    def __init__(self) -> None:
        self.watch: Callable[[], AbstractContextManager[None]] | None = None
        self._watching: AbstractContextManager[None] | None = None
        self._streams: set[OpenStream] = set()
        self._is_ending = False
        self._closed = asyncio.Event()
        self._closed.set()
        self._last_call: asyncio.TimerHandle | None = None

    def require_open(self) -> None:
        """Raises `ShuttingDownError` once `end` was called."""
        if self._is_ending:
            raise ShuttingDownError

    def add(self, stream: OpenStream) -> None:
        """Count a stream as open until `discard`. To add it again changes nothing."""
        if self.watch is not None and not self._streams:
            watching = self.watch()
            watching.__enter__()
            self._watching = watching
        self._streams.add(stream)

    def discard(self, stream: OpenStream) -> None:
        """Count a stream as closed, if it was counted as open."""
        self._streams.discard(stream)
        if not self._streams:
            if self._watching is not None:
                self._watching.__exit__(None, None, None)
                self._watching = None
            if self._is_ending:
                self._closed.set()

    def end(self, timeout: float) -> None:
        """End all streams, as if their clients had disconnected, and refuse new ones.

        Streams whose teardown has not finished after `timeout` seconds are abandoned.
        """
        if self._is_ending:
            return
        self._is_ending = True
        if self._streams:
            self._closed.clear()
            self._last_call = asyncio.get_running_loop().call_later(timeout, self._abandon)
        for stream in tuple(self._streams):
            stream.leave(StreamEnding.SERVER_STOPPING)

    def _abandon(self) -> None:
        for stream in tuple(self._streams):
            stream.abandon()

    async def wait_closed(self) -> None:
        """Wait until every stream is torn down or abandoned. Call `end` first."""
        await self._closed.wait()
        if self._last_call is not None:
            self._last_call.cancel()


class _WithoutLifespan:
    """The applications in one event loop that have open streams but no lifespan in which to handle signals."""

    def __init__(self) -> None:
        self._apps: list[tuple[Callable[[], None], Callable[[], Awaitable[None]]]] = []
        self._watching = ExitStack()

    @contextmanager
    def watch(
        self, end: Callable[[], None], wait_ended: Callable[[], Awaitable[None]]
    ) -> Generator[None]:
        """Like `on_stop_signals`, with one set of signal handlers for all applications."""
        if not self._apps:
            self._watching.enter_context(on_stop_signals(self._end, self._wait_ended))
        self._apps.append((end, wait_ended))
        try:
            yield
        finally:
            self._apps.remove((end, wait_ended))
            if not self._apps:
                self._watching.close()

    def _end(self) -> None:
        for end, _ in tuple(self._apps):
            end()

    async def _wait_ended(self) -> None:
        for _, wait_ended in tuple(self._apps):
            await wait_ended()


_without_lifespan: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _WithoutLifespan]] = (
    WeakKeyDictionary()
)


def watch_without_lifespan(
    end: Callable[[], None], wait_ended: Callable[[], Awaitable[None]]
) -> AbstractContextManager[None]:
    """Like `on_stop_signals`, for an application without lifespan. Entered while it has open streams."""
    loop = asyncio.get_running_loop()
    return _without_lifespan.setdefault(loop, _WithoutLifespan()).watch(end, wait_ended)


@contextmanager
def on_stop_signals(
    end: Callable[[], None], wait_ended: Callable[[], Awaitable[None]]
) -> Generator[None]:
    """Call `end` in the event loop when the process gets a stop signal, then call the previous handler.

    If the previous handler is the default one, which ends the process immediately, wait for `wait_ended` first. Python
    handles signals only in the main thread; in other threads this does nothing. On exit, the previous handlers are
    restored, unless somebody else has replaced ours.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    last_words: set[asyncio.Task[None]] = set()

    async def end_process(number: int) -> None:
        await wait_ended()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def chained(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler is signal.SIG_DFL:
            loop.call_soon_threadsafe(lambda: last_words.add(loop.create_task(end_process(number))))

    for number, handler in before.items():
        # A handler that was not set from Python (`None`) cannot be called, so it is left in place.
        if handler is not None:
            signal.signal(number, chained)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is chained:
                signal.signal(number, handler)
