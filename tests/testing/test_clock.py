"""Time that passes at once."""

import asyncio
import threading

import pytest

from jero.testing import VirtualClock


def test_a_pause_takes_no_time_and_its_time_is_exact() -> None:
    async def main() -> float:
        await asyncio.sleep(1_000_000)
        return asyncio.get_running_loop().time()

    assert asyncio.run(main(), loop_factory=VirtualClock) == 1_000_000


def test_a_timer_also_comes_due_in_a_loop_that_is_never_idle() -> None:
    async def main() -> None:
        async with asyncio.timeout(0.01):
            for _ in range(100_000):
                await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        asyncio.run(main(), loop_factory=VirtualClock)


def test_time_does_not_run_ahead_of_a_thread() -> None:
    async def main() -> bool:
        is_wanted = threading.Event()
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, is_wanted.set)
        async with asyncio.timeout(60):
            return await asyncio.to_thread(is_wanted.wait, 30)

    assert asyncio.run(main(), loop_factory=VirtualClock)


def test_a_short_errand_of_a_thread_takes_no_time() -> None:
    async def main() -> float:
        await asyncio.to_thread(int)
        return asyncio.get_running_loop().time()

    assert asyncio.run(main(), loop_factory=VirtualClock) == 0
