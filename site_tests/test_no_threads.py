"""Programs that use worker threads run where Python has none: as in the browser."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue

import anyio.from_thread
import anyio.to_thread
import pytest
from docstage.run.events import Request
from docstage.run.no_threads import (
    NO_THREAD,
    NO_WAITING,
    do_without_threads,
    let_anyio_do_without_threads,
)
from docstage.run.runner import run
from docstage.snippet.recording import collect
from playwright.sync_api import expect

from site_tests.blocks import edit, expect_state, press, row
from site_tests.tab import Tab


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading, "_start_joinable_thread", refuse)
    do_without_threads(monkeypatch.setattr)
    let_anyio_do_without_threads(monkeypatch.setattr)


number = ContextVar("number", default=0)


def in_pool(job: Callable[[], object]) -> Awaitable[object]:
    return asyncio.wrap_future(ThreadPoolExecutor().submit(job))


def in_executor(job: Callable[[], object]) -> Awaitable[object]:
    return asyncio.get_running_loop().run_in_executor(ThreadPoolExecutor(), job)


WAYS = {
    "a pool": in_pool,
    "an executor": in_executor,
    "anyio": anyio.to_thread.run_sync,
}


@pytest.mark.usefixtures("no_threads")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.anyio
async def test_a_job_returns_what_it_returns_and_raises_what_it_raises(
    way: Callable[[Callable[[], object]], Awaitable[object]],
) -> None:
    assert await way(threading.get_ident) == threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await way(lambda: 1 // 0)


@pytest.mark.usefixtures("no_threads")
@pytest.mark.anyio
async def test_a_job_of_anyio_reads_context_variables_and_sets_none() -> None:
    def job() -> int:
        before = number.get()
        number.set(2)
        return before

    number.set(1)
    assert await anyio.to_thread.run_sync(job) == 1
    assert number.get() == 1


@pytest.mark.usefixtures("no_threads")
@pytest.mark.anyio
async def test_a_job_of_anyio_calls_functions_of_its_event_loop_and_cannot_await() -> None:
    assert await anyio.to_thread.run_sync(anyio.from_thread.run_sync, int) == 0
    assert await anyio.to_thread.run_sync(anyio.from_thread.check_cancelled) is None
    with pytest.raises(RuntimeError, match="async def") as raised:
        await anyio.to_thread.run_sync(anyio.from_thread.run, anyio.sleep, 0)
    assert str(raised.value) == NO_WAITING
    # It is over: this is not a worker's thread.
    with pytest.raises(RuntimeError):
        anyio.from_thread.run_sync(int)


@pytest.mark.usefixtures("no_threads")
@pytest.mark.anyio
async def test_jobs_of_anyio_keep_to_the_limit_of_their_limiter() -> None:
    limiter = anyio.CapacityLimiter(1)
    async with limiter:
        with anyio.move_on_after(0) as scope:
            await anyio.to_thread.run_sync(int, limiter=limiter)
    assert scope.cancelled_caught


@pytest.mark.usefixtures("no_threads")
def test_a_pool_that_was_shut_down_takes_no_job() -> None:
    with ThreadPoolExecutor() as pool:
        pass
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(int)


@pytest.mark.usefixtures("no_threads")
def test_a_timer_fails_with_what_to_do() -> None:
    with pytest.raises(RuntimeError) as raised:
        threading.Timer(1, print).start()
    assert str(raised.value) == NO_THREAD


@pytest.mark.usefixtures("no_threads")
def test_records_of_a_queue_are_handled_at_once_while_its_listener_is_started() -> None:
    handled: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            handled.append(record.getMessage())

    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    logger = logging.getLogger("test_no_threads")
    logger.setLevel(logging.INFO)
    logger.addHandler(QueueHandler(queue))
    listener = QueueListener(queue, Handler())
    listener.start()
    logger.info("one")
    assert handled == ["one"]
    listener.stop()
    logger.info("two")
    assert (handled, queue.get_nowait().getMessage()) == (["one"], "two")


@pytest.mark.usefixtures("no_threads")
@pytest.mark.anyio
async def test_what_a_job_prints_belongs_to_its_run() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        await anyio.to_thread.run_sync(print, "one")
        await in_pool(lambda: print("two"))

    events = await collect(run(app, Request("GET", "/")))
    assert [getattr(event, "text", None) for event in events][:2] == ["one", "two"]


# In the page. Playwright has an event loop of its own in this thread: these come last.

FASTAPI = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders")
def orders():
    print("read the orders")
    return ["espresso"]
"""
FASTAPI_DEPENDENCIES = """\
from collections.abc import Iterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


def connection() -> Iterator[str]:
    yield "connection"
    print("connection closed")


@app.get("/orders")
def orders(connection: Annotated[str, Depends(connection)], later: BackgroundTasks):
    later.add_task(print, "read the orders")
    return StreamingResponse(iter(["espresso"]))
"""
LITESTAR = """\
from litestar import Litestar, get


@get("/orders")
def orders() -> list[str]:
    print("read the orders")
    return ["espresso"]


app = Litestar([orders])
"""
LITESTAR_THREADS = LITESTAR.replace('"/orders"', '"/orders", sync_to_thread=True')
ASYNCIO = """\
import asyncio
from concurrent.futures import ThreadPoolExecutor


def read() -> bytes:
    print("read the orders")
    return b"espresso"


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = await asyncio.to_thread(read)
    body += await asyncio.get_running_loop().run_in_executor(None, read)
    with ThreadPoolExecutor() as pool:
        body += await asyncio.get_running_loop().run_in_executor(pool, read)
        body += b"".join(pool.map(bytes, [b"more"]))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""
PROGRAMS = {
    "FastAPI": FASTAPI,
    "FastAPI's dependencies": FASTAPI_DEPENDENCIES,
    "Litestar": LITESTAR,
    "Litestar's threads": LITESTAR_THREADS,
    "asyncio": ASYNCIO,
}


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS)
def test_functions_that_a_framework_runs_in_threads_run_in_the_browser(
    tab: Tab, source: str
) -> None:
    where = tab.block("streaming/", "streaming.ndjson")
    edit(where, source)
    press(where, "Run")
    expect_state(where, "closed", "failed")
    expect(where.locator(".live-panel")).to_contain_text("espresso")
    expect(row(where, "stdout", "read the orders").first).to_be_visible()
    expect(where).to_have_attribute("data-state", "closed")


THREAD = """\
import threading

threading.Thread(target=print).start()


async def app(scope, receive, send):
    pass
"""


def test_a_thread_that_is_started_in_the_browser_fails_with_what_to_do(
    tab: Tab,
) -> None:
    where = tab.block("streaming/", "streaming.ndjson")
    edit(where, THREAD)
    press(where, "Run")
    expect_state(where, "failed")
    expect(row(where, "crash")).to_contain_text(NO_THREAD)
