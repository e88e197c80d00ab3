"""Time that passes at once."""

import asyncio
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from queue import Queue, SimpleQueue
from typing import Self, override

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from jero.testing import ASGITransport, VirtualClock


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


type Work = Callable[[], object]
type Runs = Callable[[Work], Awaitable[object]]


async def in_executor(work: Work) -> None:
    await asyncio.get_running_loop().run_in_executor(None, work)


async def in_pool(work: Work) -> None:
    with ThreadPoolExecutor(1) as pool:
        await asyncio.gather(*(asyncio.wrap_future(pool.submit(work)) for _ in range(2)))


class Elsewhere(Executor):
    """An executor of another kind than `ThreadPoolExecutor`, as that of processes is."""

    @override
    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return POOL.submit(fn, *args, **kwargs)


async def in_another_executor(work: Work) -> None:
    await asyncio.get_running_loop().run_in_executor(Elsewhere(), work)


async def in_pool_of_before(work: Work) -> None:
    await asyncio.wrap_future(POOL.submit(work))


async def in_thread_that_calls_the_loop(work: Work) -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def target() -> None:
        work()
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=target).start()
    await done.wait()


async def in_thread_that_runs_a_coroutine(work: Work) -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    async def finish() -> None:
        done.set()

    def target() -> None:
        work()
        asyncio.run_coroutine_threadsafe(finish(), loop).result()

    threading.Thread(target=target).start()
    await done.wait()


POOL = ThreadPoolExecutor(1)
POOL.submit(int).result()

WAYS_INTO_A_THREAD: list[Runs] = [
    asyncio.to_thread,
    anyio.to_thread.run_sync,
    in_executor,
    in_pool,
    in_another_executor,
    in_pool_of_before,
    in_thread_that_calls_the_loop,
    in_thread_that_runs_a_coroutine,
]


class Worker:
    """A thread that serves one job after the other, and answers through the loop, as aiosqlite's does."""

    def __init__(self, jobs: SimpleQueue[Work | None] | Queue[Work | None]) -> None:
        self._jobs = jobs
        self._loop = asyncio.get_running_loop()
        self._results: asyncio.Queue[object] = asyncio.Queue()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    async def do(self, work: Work) -> object:
        self._jobs.put(work)
        return await self._results.get()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        while (work := self._jobs.get()) is not None:
            self._loop.call_soon_threadsafe(self._results.put_nowait, work())


QUEUES = [SimpleQueue, Queue]


@pytest.mark.parametrize("run", WAYS_INTO_A_THREAD, ids=lambda run: run.__name__)
def test_time_does_not_run_ahead_of_a_thread(run: Runs) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await run(lambda: is_over.wait(30))

    is_over = threading.Event()
    threading.Timer(
        0.05, is_over.set
    ).start()  # before the loop is made, so that it is none of its threads
    asyncio.run(main(), loop_factory=VirtualClock)


@pytest.mark.parametrize("queue", QUEUES)
def test_time_does_not_run_ahead_of_a_worker_that_is_handed_a_job(
    queue: type[SimpleQueue[Work | None]],
) -> None:
    async def main() -> None:
        async with Worker(queue()) as worker:
            for _ in range(50):
                async with asyncio.timeout(60):
                    await worker.do(int)

    asyncio.run(main(), loop_factory=VirtualClock)


@pytest.mark.parametrize("queue", QUEUES)
def test_pauses_are_skipped_while_a_worker_waits_for_a_job(
    queue: type[SimpleQueue[Work | None]],
) -> None:
    async def main() -> float:
        async with Worker(queue()) as worker:
            await worker.do(int)
            await asyncio.sleep(1_000_000)
            await worker.do(int)
            return asyncio.get_running_loop().time()

    assert asyncio.run(main(), loop_factory=VirtualClock) >= 1_000_000


@pytest.mark.parametrize("run", [asyncio.to_thread, anyio.to_thread.run_sync])
def test_pauses_are_skipped_that_a_thread_waits_for(run: Runs) -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        await run(lambda: asyncio.run_coroutine_threadsafe(asyncio.sleep(1_000_000), loop).result())
        return loop.time()

    assert asyncio.run(main(), loop_factory=VirtualClock) >= 1_000_000


def test_time_does_not_run_ahead_of_the_peer_of_a_connection() -> None:
    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            threading.Event().wait(0.05)
            connection.sendall(b"at last")

    async def main(listener: socket.socket) -> bytes:
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

    with socket.create_server(("127.0.0.1", 0)) as listener:
        # It is there before the loop is, so that it is the connection by which the loop knows.
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        assert asyncio.run(main(listener), loop_factory=VirtualClock) == b"at last"
        thread.join()


def test_time_does_not_run_ahead_of_another_process() -> None:
    async def main() -> int:
        async with asyncio.timeout(60):
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
            return await process.wait()

    assert asyncio.run(main(), loop_factory=VirtualClock) == 0


def test_a_file_is_served_from_a_thread_as_soon_as_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(300_000))

    def serve(_: Request) -> FileResponse:
        return FileResponse(path)

    app = Starlette(routes=[Route("/", serve)])

    async def main() -> int:
        async with httpx.AsyncClient(transport=ASGITransport(app), base_url="http://t") as client:
            return len((await client.get("/")).content)

    assert asyncio.run(main(), loop_factory=VirtualClock) == 300_000


def test_a_short_job_of_a_thread_takes_no_time() -> None:
    async def main() -> float:
        await asyncio.to_thread(int)
        return asyncio.get_running_loop().time()

    assert asyncio.run(main(), loop_factory=VirtualClock) == 0


def test_a_thread_that_was_busy_before_the_loop_does_not_hold_its_time_up() -> None:
    is_over = threading.Event()
    thread = threading.Thread(target=is_over.wait, args=(30,))
    thread.start()
    asyncio.run(asyncio.sleep(1_000_000), loop_factory=VirtualClock)
    is_over.set()
    thread.join()


def test_a_busy_thread_holds_time_up_once_it_has_called_the_loop() -> None:
    loops: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    def target() -> None:
        loop, event = loops.get(timeout=60)
        loop.call_soon_threadsafe(event.set)
        threading.Event().wait(0.05)
        loop.call_soon_threadsafe(event.set)

    async def main() -> None:
        event = asyncio.Event()
        loops.put((asyncio.get_running_loop(), event))
        await event.wait()
        event.clear()
        async with asyncio.timeout(60):
            await event.wait()

    thread = threading.Thread(target=target)
    thread.start()
    asyncio.run(main(), loop_factory=VirtualClock)
    thread.join()


def test_a_timeout_is_due_when_a_thread_takes_longer() -> None:
    async def main(is_over: threading.Event) -> None:
        async with asyncio.timeout(0.1):
            await anyio.to_thread.run_sync(is_over.wait, 30, abandon_on_cancel=True)

    is_over = threading.Event()
    with pytest.raises(TimeoutError):
        asyncio.run(main(is_over), loop_factory=VirtualClock)
    is_over.set()
