"""An event loop whose seconds pass at once: nothing waits, everything keeps its order, each time is exact.

Threads know no such seconds: while one works for the loop, time passes as it really does, in whole hundredths.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, Final, override

BUSY_TURNS: Final = 1_000
"""How many turns without a pause count as a millisecond, so that timers also come due in a loop that is never idle."""

TICK: Final = 0.01
"""To how many seconds the time of threads is rounded, so that a short errand of one takes none."""


class _Selector(selectors.DefaultSelector):
    """Skips the time until the next timer instead of waiting for it, once no I/O is ready and no thread works."""

    skipped = 0.0
    threads = 0
    _waited = 0.0
    _busy = 0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        ready = super().select(timeout if timeout is None or self.threads else 0)
        if not ready and timeout is not None and timeout > 0:
            self.skipped += timeout
            self._busy = 0
            self._waited = 0.0
        else:
            self._busy += 1
            if self._busy % BUSY_TURNS == 0:
                self.skipped += 0.001
            if self.threads:
                self._waited += time.monotonic() - began
                passed = round(self._waited / TICK) * TICK
                self._waited -= passed
                self.skipped += passed
        return ready


class VirtualClock(asyncio.SelectorEventLoop):
    """A loop whose `time()` starts at zero and moves only by the timers it skips to."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    @override
    def time(self) -> float:
        return self._virtual.skipped

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        done = super().run_in_executor(executor, func, *args)
        self._virtual.threads += 1
        done.add_done_callback(self._after_thread)
        return done

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        self._virtual.threads += 1
        await super().shutdown_default_executor(timeout)

    def _after_thread(self, _: asyncio.Future[Any]) -> None:
        self._virtual.threads -= 1


def run_at_once[T](main: Coroutine[None, None, T]) -> T:
    """`asyncio.run` on a `VirtualClock`."""
    with asyncio.Runner(loop_factory=VirtualClock) as runner:
        return runner.run(main)
