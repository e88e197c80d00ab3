"""An event loop whose seconds pass at once: nothing waits, everything keeps its order, each time is exact.

Only what happens in the loop can be skipped to. While something outside it is working, be it a thread, another process
or the peer of a connection, time passes as it really does, in tenths of a second.
"""

import asyncio
import math
import selectors
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import Context
from typing import Any, Final, override

from jero.testing.threads import Threads

BUSY_TURNS: Final = 1_000
"""How many iterations of a busy loop count as a millisecond, so that timers fire in a loop that is never idle, too."""

TICK: Final = 0.1
"""The unit, in seconds, to which real time is rounded, so that a short job in a thread takes no time on any machine."""

EARLY: Final = 0.02
"""How many seconds a tick may lack: what a thread takes is measured from when the loop has nothing else to do."""

LOOK: Final = 0.001
"""Seconds between two checks of what threads do, because a thread that starts to wait sends no notification."""


class _Selector(selectors.DefaultSelector):
    """Skips the time until the next timer instead of waiting for it, once nothing outside the loop is working."""

    skipped = 0.0
    elsewhere = 0
    is_paused = False
    _waited = 0.0
    _busy = 0

    def __init__(self) -> None:
        super().__init__()
        self.threads = Threads()

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.is_paused:
            return super().select(timeout if timeout == 0 else None)
        ready = self._select(timeout)
        self._busy += 1
        if self._busy % BUSY_TURNS == 0:
            self.skipped += 0.001
        return ready

    def _select(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        looks = 0
        seen = time.monotonic()
        while looks < 2:
            is_working = self._is_outside_working()
            if not is_working:
                self._waited = 0.0
                if timeout is None or not self.threads.are_there():
                    break
            looks = 0 if is_working else looks + 1
            ready = super().select(
                None if timeout is None else max(0, min(LOOK, timeout - self._waited))
            )
            before, seen = seen, time.monotonic()
            if is_working:
                self._waited += seen - before
            if ready or timeout is None:
                self._pass(math.inf if timeout is None else timeout)
                return ready
            if self._waited >= timeout:
                break
        # What threads did before they were seen waiting has made the loop's own socket ready by now.
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout is not None:
            self.skipped += timeout
            self._waited = 0.0
            self._busy = 0
        return ready

    def _is_outside_working(self) -> bool:
        # The one file that every loop watches is its own socket, by which threads wake it.
        return self.elsewhere > 0 or len(self.get_map()) > 1 or self.threads.are_working()

    def _pass(self, timeout: float) -> None:
        """Let time pass by what was waited, in ticks, but not as far as the next timer: something came first."""
        ticks = math.floor((self._waited + EARLY) / TICK)
        if ticks * TICK >= timeout:
            ticks = math.ceil(timeout / TICK) - 1
        self._waited -= ticks * TICK
        self.skipped += ticks * TICK


class VirtualClock(asyncio.SelectorEventLoop):
    """An event loop for tests: its `time()` starts at zero and skips to each timer as soon as nothing else can happen.

    A pause of an hour takes no time, and what falls due does so in order and at its exact time.

        asyncio.run(main(), loop_factory=VirtualClock)

    With pytest, anyio's plugin runs every test that is marked `anyio` on it:

        @pytest.fixture
        def anyio_backend() -> tuple[str, dict[str, object]]:
            return "asyncio", {"loop_factory": VirtualClock}

    While something outside the loop is working, nothing is skipped: time passes as it really does, in tenths of a
    second, so a job of a thread that takes less takes none. Outside the loop are

    - threads: those of executors, of anyio, of libraries such as aiosqlite, and your own. A thread that waits for a job
      is not working: one that waits without a timeout, in `Queue.get`, `SimpleQueue.get`, `Event.wait`, `Future.result`
      or `Thread.join`. One that was doing something else when the loop was made does not count until it waits like this
      or calls the loop;
    - executors of another kind than `ThreadPoolExecutor`, from `run_in_executor` to their result;
    - sockets, pipes and subprocesses, as long as they are open: a peer may answer at any time.

    A loop that is never idle for a thousand turns is a millisecond older then, so its timers fall due as well.
    """

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    @override
    def time(self) -> float:
        return self._virtual.skipped

    def pause(self) -> None:
        """Stop the clock until `resume`: ready callbacks run, but no timer fires. Call it in the loop's thread."""
        self._virtual.is_paused = True

    def resume(self) -> None:
        """Start the clock again. Call it in the loop's thread."""
        self._virtual.is_paused = False

    @override
    def call_soon_threadsafe[*Ts](
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        self._virtual.threads.called_by(threading.current_thread())
        return super().call_soon_threadsafe(callback, *args, context=context)

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        done = super().run_in_executor(executor, func, *args)
        if not isinstance(executor, ThreadPoolExecutor | None):
            self._virtual.elsewhere += 1
            done.add_done_callback(self._after_elsewhere)
        return done

    def _after_elsewhere(self, _: asyncio.Future[Any]) -> None:
        self._virtual.elsewhere -= 1
