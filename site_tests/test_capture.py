"""What a run prints and logs, from wherever and however much."""

import asyncio
import concurrent.futures
import faulthandler
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import anyio
import pytest
from docstage.run.asgi import Receive, Scope, Send
from docstage.run.capture import LONGEST_LINE, Lines
from docstage.run.events import Crash, Disconnect, End, Limit, Log, Request, RunEvent
from docstage.run.runner import Limits, run
from docstage.snippet.recording import collect
from hypothesis import given
from hypothesis import strategies as st

from jero.testing import VirtualClock

GET = Request("GET", "/")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualClock}


@contextmanager
def unconfigured_logging() -> Generator[None]:
    """Logging as a process finds it: without pytest's handlers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.root, "handlers", [])
        yield


def logs(events: list[RunEvent]) -> list[Log]:
    return [event for event in events if isinstance(event, Log)]


@given(st.lists(st.text("ab\n")))
def test_lines_are_the_same_however_their_text_was_cut(parts: list[str]) -> None:
    lines = Lines()
    ended = [line for part in parts for line in lines.add(part)]
    assert [*ended, lines.take()] == "".join(parts).split("\n")


def test_a_line_that_is_too_long_is_cut() -> None:
    lines = Lines()
    cut = [*lines.add("x"), *lines.add("x" * 2 * LONGEST_LINE + "\n")]
    assert [len(line) for line in cut] == [LONGEST_LINE, LONGEST_LINE, 1]


@pytest.mark.anyio
@pytest.mark.parametrize("end", ["\n", ""])
async def test_what_is_printed_counts_towards_the_limit_of_bytes(end: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(10):
            print("x" * 100, end=end)
        print("torn down")

    events = await collect(run(app, GET, Limits(bytes=350)))
    assert Limit(0, "bytes", 350) in events
    assert logs(events)[-1].text.endswith("torn down")


@pytest.mark.anyio
async def test_a_line_over_the_limit_of_bytes_is_not_shown() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        print("x" * 100_000, end="")
        logging.getLogger("shop").warning("%s", "x" * 100_000)

    events = await collect(run(app, GET, Limits(bytes=1_000)))
    assert [type(event) for event in events] == [Limit, Disconnect, End]


@pytest.mark.anyio
async def test_what_a_thread_prints_arrives_while_it_works() -> None:
    has_arrived = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        def work() -> None:
            print("working")
            logging.getLogger("shop").warning("working")
            print("in time" if has_arrived.wait(5) else "too late")

        await asyncio.to_thread(work)

    texts: list[str] = []
    async for event in run(app, GET):
        if isinstance(event, Log):
            texts.append(event.text)
        if len(texts) == 2:
            has_arrived.set()
    assert texts == ["working", "working", "in time"]


async def in_default_executor(work: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, work)


async def in_pool_of_its_own(work: Callable[[], None]) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        await asyncio.wrap_future(pool.submit(work))


async def in_thread_of_its_own(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)


async def in_thread_of_a_thread(work: Callable[[], None]) -> None:
    def start() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    await in_default_executor(start)


WAYS_INTO_A_THREAD = [
    asyncio.to_thread,
    anyio.to_thread.run_sync,
    in_default_executor,
    in_pool_of_its_own,
    in_thread_of_its_own,
    in_thread_of_a_thread,
]


@pytest.mark.anyio
@pytest.mark.parametrize("do", WAYS_INTO_A_THREAD, ids=lambda do: do.__name__)
async def test_what_a_thread_prints_and_logs_is_its_runs_however_it_was_started(
    do: Callable[[Callable[[], None]], Awaitable[None]],
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        def work() -> None:
            print("printed")
            logging.getLogger("shop").warning("logged")

        await do(work)

    assert [log.text for log in logs(await collect(run(app, GET)))] == ["printed", "logged"]


@pytest.mark.anyio
async def test_a_job_of_a_shared_pool_prints_in_the_run_that_submitted_it() -> None:
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.wrap_future(pool.submit(print, scope["path"]))

        for path in ("/first", "/second"):
            (log,) = logs(await collect(run(app, Request("GET", path))))
            assert log.text == path


async def print_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass


@pytest.mark.anyio
async def test_what_starts_threads_is_put_back_unless_a_library_has_replaced_it_meanwhile() -> None:
    start, submit = threading.Thread.start, concurrent.futures.ThreadPoolExecutor.submit

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        captured = threading.Thread.start

        def traced(self: threading.Thread) -> None:
            captured(self)

        patch.setattr(threading.Thread, "start", traced)

    with pytest.MonkeyPatch.context() as patch:
        await collect(run(app, GET))
        assert threading.Thread.start.__name__ == "traced"
        assert concurrent.futures.ThreadPoolExecutor.submit is submit
    threading.Thread.start = start
    await collect(run(print_nothing, GET))
    assert threading.Thread.start is start


@pytest.mark.anyio
@pytest.mark.parametrize(
    "read",
    [
        lambda: input("Your name? "),
        lambda: sys.stdin.read(),  # noqa: PLW0108 - to be looked up within the run
        lambda: next(sys.stdin),
        lambda: sys.stdin.buffer.readline(),  # noqa: PLW0108 - to be looked up within the run
    ],
    ids=["input", "read", "next", "buffer"],
)
async def test_reading_standard_input_fails_with_what_to_do_instead(
    read: Callable[[], object],
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        read()

    (crash,) = (event for event in await collect(run(app, GET)) if isinstance(event, Crash))
    assert crash.message == (
        "EOFError: an example has no standard input to read: take what it needs from the request instead"
    )


@pytest.mark.anyio
async def test_a_log_call_whose_message_does_not_fit_is_reported_and_the_app_goes_on() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        logging.getLogger("shop").warning("%d cups", "two")
        print("went on")

    with unconfigured_logging():
        first, *_, last = logs(await collect(run(app, GET)))
    assert (first.stream, first.text) == ("stderr", "--- Logging error ---")
    assert last.text == "went on"


@pytest.mark.anyio
async def test_a_record_is_told_once_in_every_run_of_an_app_that_configures_logging() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        logging.basicConfig()
        logging.getLogger("shop").warning("no tea")

    with unconfigured_logging():
        for _ in range(2):
            (log,) = logs(await collect(run(app, GET)))
            assert log.text == "WARNING:shop:no tea"


@pytest.mark.anyio
async def test_the_captured_streams_are_files_as_others_know_them() -> None:
    real = sys.stdout.encoding, sys.stdout.errors

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (sys.stdout.encoding, sys.stdout.errors) == real
        assert not sys.stdout.isatty()
        sys.stdout.buffer.write(b"caf\xc3\xa9\n")

    events = await collect(run(app, GET))
    assert events == [Log(0, "stdout", "café"), End(0, complete=False)]


def test_a_fault_is_reported_on_the_real_stream(capfd: pytest.CaptureFixture[str]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        faulthandler.dump_traceback(sys.stderr)

    asyncio.run(collect(run(app, GET)))
    assert "most recent call first" in capfd.readouterr().err
