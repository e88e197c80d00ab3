"""An event loop whose seconds pass at once: nothing waits, everything keeps its order, each time is exact."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Final, override

BUSY_TURNS: Final = 1_000
"""How many turns without a pause count as a millisecond, so that timers also come due in a loop that is never idle."""


class _Selector(selectors.DefaultSelector):
    """Skips the time until the next timer instead of waiting for it, once no I/O is ready."""

    skipped = 0.0
    _busy = 0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout is not None and timeout > 0:
            self.skipped += timeout
            self._busy = 0
        else:
            self._busy += 1
            if self._busy % BUSY_TURNS == 0:
                self.skipped += 0.001
        return ready


class VirtualClock(asyncio.SelectorEventLoop):
    """A loop whose `time()` starts at zero and moves only by the timers it skips to."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    @override
    def time(self) -> float:
        return self._virtual.skipped


def run_at_once[T](main: Coroutine[None, None, T]) -> T:
    """`asyncio.run` on a `VirtualClock`."""
    with asyncio.Runner(loop_factory=VirtualClock) as runner:
        return runner.run(main)
