"""Work beside requests: watched while it runs, and ended in time."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest
from msgspec import Struct

from jero import BackgroundTasks, BaseApp, EmptyResponse, Endpoint
from tests.support.asgi import client_of

pytestmark = pytest.mark.anyio


async def forever() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    await asyncio.sleep(1)
    raise OSError("no route to mail")


async def test_a_failure_is_logged_at_once_with_its_traceback_and_other_tasks_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with BackgroundTasks() as tasks:
        other = tasks.start(forever())
        tasks.start(fail(), name="deliver mail 7")
        await asyncio.sleep(2)
        (record,) = caplog.records
        assert not other.done()
    assert (record.name, record.levelno) == ("jero", logging.ERROR)
    assert record.message == "background task deliver mail 7 failed: OSError: no route to mail"
    assert record.exc_info is not None
    assert record.exc_info[2] is not None
    assert len(caplog.records) == 1


async def test_a_task_is_named_after_its_function_unless_it_is_given_a_name() -> None:
    async with BackgroundTasks() as tasks:
        names = [tasks.start(forever(), name=name).get_name() for name in (None, "poller")]
    assert names == ["forever", "poller"]


async def test_a_task_returns_what_its_coroutine_returns() -> None:
    async def count() -> int:
        await asyncio.sleep(1)
        return 7

    async with BackgroundTasks() as tasks:
        assert await tasks.start(count()) == 7


async def test_a_task_that_calls_sys_exit_has_failed_and_the_process_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def leave() -> None:
        await asyncio.sleep(1)
        sys.exit(3)

    async with BackgroundTasks() as tasks:
        tasks.start(leave(), name="leave")
        await asyncio.sleep(2)
    assert caplog.messages == ["background task leave failed: RuntimeError: called sys.exit(3)"]


async def test_a_task_that_was_cancelled_from_within_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shared: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait_for_it() -> None:
        await shared

    async with BackgroundTasks() as tasks:
        tasks.start(wait_for_it(), name="waiter")
        await asyncio.sleep(1)
        shared.cancel()
        await asyncio.sleep(1)
    assert caplog.messages == ["background task waiter ended: cancelled from within"]


async def test_a_task_that_its_owner_cancels_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with BackgroundTasks() as tasks:
        task = tasks.start(forever())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.sleep(1)
        assert task.cancelled()
    assert caplog.messages == []


async def test_on_exit_tasks_are_cancelled_and_awaited(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(number)
            ended.append(number)

    async with BackgroundTasks() as tasks:
        for number in (2, 1):
            tasks.start(work(number))
        await asyncio.sleep(1)
    assert ended == [1, 2]
    assert caplog.messages == []


async def test_a_task_that_does_not_end_in_time_is_logged_and_abandoned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(3600)

    async with BackgroundTasks(timeout=5) as tasks:
        task = tasks.start(slow(), name="slow")
        await asyncio.sleep(1)
        began = loop.time()
    assert loop.time() - began == pytest.approx(5)
    assert caplog.messages == [
        "background task slow did not end within 5 s of being cancelled, and was abandoned"
    ]
    await asyncio.wait((task,))
    assert task.cancelled()


async def test_a_failure_on_exit_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("disk full")

    async with BackgroundTasks() as tasks:
        tasks.start(work(), name="work")
        await asyncio.sleep(1)
    assert caplog.messages == ["background task work failed: OSError: disk full"]


async def test_nothing_starts_unless_the_tasks_are_entered() -> None:
    tasks = BackgroundTasks()
    with pytest.raises(RuntimeError, match=r"forever cannot start: .*`await self\._enter"):
        tasks.start(forever())
    async with tasks:
        with pytest.raises(RuntimeError, match="already entered"):
            await tasks.__aenter__()
    with pytest.raises(RuntimeError, match="accepts no tasks once its exit has begun"):
        tasks.start(forever())


async def test_a_function_that_was_not_called_is_refused_with_the_fix() -> None:
    async with BackgroundTasks() as tasks:
        with pytest.raises(TypeError, match=r"call it, as in `start\(poll\(\)\)`"):
            tasks.start(forever)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with pytest.raises(TypeError, match="expected a coroutine"):
            tasks.start(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_a_debugger_sees_where_a_task_waits() -> None:
    async with BackgroundTasks() as tasks:
        task = tasks.start(forever())
        await asyncio.sleep(1)
        (frame,) = task.get_stack()
        assert frame.f_code is forever.__code__
        assert getattr(task.get_coro(), "cr_await").cr_code is asyncio.Event.wait.__code__  # noqa: B009 - it has none by its type


class Mail(Struct):
    to: str


class MailEndpoint(Endpoint, path="/mails"):
    def __init__(self, tasks: BackgroundTasks, notes: list[str]) -> None:
        self._tasks = tasks
        self._notes = notes

    async def post(self, json: Mail) -> EmptyResponse:
        self._tasks.start(self._deliver(json))
        return EmptyResponse()

    async def _deliver(self, mail: Mail) -> None:
        try:
            await asyncio.sleep(5)
            self._notes.append(f"delivered to {mail.to}")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            self._notes.append("cancelled")


async def test_work_outlives_the_response_and_ends_before_the_resources_it_uses() -> None:
    notes: list[str] = []

    @asynccontextmanager
    async def pool() -> AsyncGenerator[None]:
        yield
        notes.append("pool closed")

    class App(BaseApp):
        async def _wire(self) -> None:
            await self._enter(pool())
            tasks = await self._enter(BackgroundTasks())
            self._include_endpoint(MailEndpoint(tasks, notes))

    async with client_of(App()) as client:
        assert (await client.post("/mails", json={"to": "ada"})).status_code == 204
        assert notes == []
        await asyncio.sleep(6)
        assert notes == ["delivered to ada"]
    assert notes[1:] == ["cancelled", "pool closed"]


SWALLOWS = """
import asyncio, signal
from jero import BackgroundTasks


async def poll():
    while True:
        try:
            print("polling", flush=True)
            await asyncio.Event().wait()
        except:
            pass


async def main():
    async with BackgroundTasks(timeout=0.05) as tasks:
        task = tasks.start(poll())
        await asyncio.sleep(0)


asyncio.run(main())
print("ended", flush=True)
"""


def test_a_task_that_swallows_every_cancellation_does_not_keep_the_process_from_ending() -> None:
    command = [sys.executable, "-c", SWALLOWS]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.endswith("ended\n")
    assert "background task poll did not end within 0.05 s" in ended.stderr


async def test_a_task_that_was_abandoned_ends_when_it_is_cancelled_again() -> None:
    async def poll() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    async with BackgroundTasks(timeout=0.05) as tasks:
        task = tasks.start(poll())
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
