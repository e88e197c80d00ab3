"""An event loop whose seconds pass at once: nothing waits, everything keeps its order, each time is exact.

Threads know no such seconds: while one works for the loop, time passes as it really does, in whole hundredths.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
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
    is_paused = False
    _waited = 0.0
    _busy = 0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.is_paused:
            return super().select(timeout if timeout == 0 else None)
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
    """An event loop for tests: its `time()` starts at zero and moves only by the timers that it skips to.

    A pause of an hour takes no time, and what falls due does so in order and at its exact time. It is for apps whose
    I/O is in this process: over a network, time would run ahead of the answers.

        asyncio.run(main(), loop_factory=VirtualClock)

    With pytest, anyio's plugin runs every test that is marked `anyio` on it:

        @pytest.fixture
        def anyio_backend() -> tuple[str, dict[str, object]]:
            return "asyncio", {"loop_factory": VirtualClock}

    While a thread works for the loop (`asyncio.to_thread`), time passes as it really does, in hundredths of a second. A
    loop that is never idle for a thousand turns is a millisecond older then, so its timers fall due as well.
    """

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    @override
    def time(self) -> float:
        return self._virtual.skipped

    def pause(self) -> None:
        """Let time stand still until `resume`: what is ready runs, and no timer falls due. In the loop's thread."""
        self._virtual.is_paused = True

    def resume(self) -> None:
        """Let time pass again. In the loop's thread."""
        self._virtual.is_paused = False

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
