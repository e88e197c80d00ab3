import asyncio
import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from docstage.run.asgi import ASGIApp, Message, Receive, Scope, Send
from docstage.run.events import (
    Chunk,
    Crash,
    Disconnect,
    End,
    Limit,
    Log,
    Request,
    RunEvent,
    Start,
)
from docstage.run.runner import WINDOW, Limits, run, run_on
from docstage.run.stage import Stage
from docstage.snippet.recording import collect

from jero.testing import VirtualClock

pytestmark = pytest.mark.anyio
GET = Request("GET", "/a%20b?c=%20", (("X-Name", "caf\xe9"),))


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualClock}


START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"x", b"\xe9")]}
END: Message = {"type": "http.response.body", "body": b""}


def body(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def patient(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a chunk every second until the client leaves, and takes two seconds to tear down."""
    await receive()
    gone = asyncio.create_task(receive_disconnect(receive))
    await send(START)
    for number in count():
        if gone.done():
            break
        await send(body(b"%d" % number))
        await asyncio.wait([gone], timeout=1)
    await asyncio.sleep(2)
    print("torn down")


async def receive_disconnect(receive: Receive) -> None:
    assert (await receive())["type"] == "http.disconnect"


async def test_a_run_is_told_from_start_to_end_with_the_seconds_since_the_request() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        print("asked")
        await send(START)
        await asyncio.sleep(1)
        await send(body(b"one"))
        await asyncio.sleep(1)
        await send(END)
        await asyncio.sleep(1)
        print("done", file=sys.stderr)

    assert await collect(run(app, GET)) == [
        Log(0, "stdout", "asked"),
        Start(0, 200, (("x", "é"),)),
        Chunk(1, b"one"),
        Log(3, "stderr", "done"),
        End(3, complete=True),
    ]


async def test_the_app_sees_the_request_as_asgi_has_it() -> None:
    seen: list[Scope | Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([scope, await receive()])

    await collect(run(app, Request("POST", GET.target, GET.headers, b"body")))
    scope, message = seen
    assert (scope["method"], scope["path"], scope["raw_path"]) == ("POST", "/a b", b"/a%20b")
    assert scope["query_string"] == b"c=%20"
    assert scope["headers"] == [
        (b"host", b"127.0.0.1:8000"),
        (b"x-name", b"caf\xe9"),
        (b"content-length", b"4"),
    ]
    assert message == {"type": "http.request", "body": b"body", "more_body": False}


async def test_events_go_on_after_a_disconnect_until_the_app_has_torn_down() -> None:
    events = await collect(run(patient, GET), disconnect_after=1.5)
    assert events[1:] == [
        Chunk(0, b"0"),
        Chunk(1, b"1"),
        Disconnect(1.5),
        Log(3.5, "stdout", "torn down"),
        End(3.5, complete=False),
    ]


async def test_an_app_that_listens_when_its_response_is_complete_is_told_so() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        listening = asyncio.create_task(receive_disconnect(receive))
        await asyncio.sleep(1)
        await send(START)
        await send(END)
        await listening
        await receive_disconnect(receive)

    events = await collect(run(app, GET))
    assert [type(event) for event in events] == [Start, End]
    assert events[-1] == End(1, complete=True)


async def test_a_disconnect_before_the_first_step_is_the_first_thing_the_app_sees() -> None:
    request = run(patient, GET)
    request.disconnect()
    assert (await collect(request))[0] == Disconnect(0)


async def test_leaving_the_context_disconnects_and_waits_for_the_teardown() -> None:
    printed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await receive()
        await receive()
        await asyncio.sleep(1)
        printed.append("torn down")

    async with run(app, GET) as request:
        await anext(request)
    assert printed == ["torn down"]


async def test_a_run_that_was_never_begun_closes_at_once() -> None:
    async with run(patient, GET) as request:
        pass
    assert [event async for event in request] == []


async def test_an_app_that_was_never_asked_is_not_asked_when_its_run_closes() -> None:
    is_asked = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal is_asked
        is_asked = True

    await run(app, GET).aclose()
    await asyncio.sleep(1)
    assert not is_asked


async def test_an_app_that_sends_nothing_again_and_again_gives_way() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            await send(body(b""))

    events = await collect(run(app, GET, Limits(seconds=0.01, grace=0.01)))
    assert [type(event) for event in events[:2]] == [Limit, Disconnect]


async def test_a_consumer_that_does_not_read_holds_the_app_back() -> None:
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send(START)
        while True:
            await send(body(b"x"))
            sent += 1

    async with run(app, GET, Limits(grace=0.1)) as request:
        await anext(request)
        await asyncio.sleep(10)
        assert sent <= WINDOW


async def test_output_of_runs_at_the_same_time_goes_to_the_run_that_caused_it() -> None:
    def app_named(name: str) -> ASGIApp:
        async def helper() -> None:
            logging.getLogger(name).warning("%s in a task", name)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            for _ in range(3):
                print(name)
                await asyncio.sleep(0.1)
            await asyncio.create_task(helper())

        return app

    async def texts(name: str) -> set[str]:
        events = await collect(run(app_named(name), GET))
        return {event.text for event in events if isinstance(event, Log)}

    one, other = await asyncio.gather(texts("one"), texts("other"))
    assert one == {"one", "one in a task"}
    assert other == {"other", "other in a task"}


def test_what_a_thread_prints_belongs_to_the_run_that_started_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(print, "in a thread")

    async def main() -> RunEvent:  # in real time: a thread's
        return (await collect(run(app, GET)))[0]

    log = asyncio.run(main())
    assert isinstance(log, Log)
    assert log.text == "in a thread"


async def test_output_outside_of_runs_goes_where_it_always_went(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with run(patient, GET) as request:
        await anext(request)
        print("mine")
    assert capsys.readouterr().out == "mine\n"


async def test_a_line_is_one_event_however_it_was_written() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        print("a", end="")
        print("b\nc\n\nd", end="")

    texts = [event.text for event in await collect(run(app, GET)) if isinstance(event, Log)]
    assert texts == ["ab", "c", "", "d"]


async def test_text_that_no_encoding_can_carry_is_shown_as_an_escape() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        print("\ud800")

    assert (await collect(run(app, GET)))[0] == Log(0, "stdout", r"\ud800")


async def test_a_record_carries_its_level_logger_and_traceback() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            {}["gone"]
        except LookupError:
            logging.getLogger("shop").exception("no %s", "tea")

    log, _ = await collect(run(app, GET))
    assert isinstance(log, Log)
    assert (log.stream, log.level, log.logger, log.text) == ("logging", "ERROR", "shop", "no tea")
    assert log.traceback.endswith("KeyError: 'gone'\n")


async def test_an_exception_that_the_app_lets_out_is_a_crash() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("by nothing")

    crash, end = await collect(run(app, GET))
    assert isinstance(crash, Crash)
    assert (crash.phase, crash.message) == ("request", "ZeroDivisionError: by nothing")
    assert "docstage/run/runner.py" not in crash.traceback
    assert end == End(0, complete=False)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError("by itself"), "asyncio.exceptions.CancelledError: by itself"),
    ],
)
async def test_whatever_the_app_raises_is_a_crash_and_nothing_more(
    error: BaseException, message: str
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    crash, _ = await collect(run(app, GET))
    assert isinstance(crash, Crash)
    assert (crash.phase, crash.message) == ("request", message)


async def test_the_message_of_a_crash_is_the_exceptions_and_not_its_note() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        error = ValueError("no tea")
        error.add_note("Ask again.")
        raise error

    crash, _ = await collect(run(app, GET))
    assert isinstance(crash, Crash)
    assert crash.message == "ValueError: no tea"
    assert "Ask again." in crash.traceback


async def test_a_line_that_was_begun_comes_before_the_crash() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        print("half", end="")
        raise ValueError

    events = await collect(run(app, GET))
    assert [type(event) for event in events] == [Log, Crash, End]


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (Limits(seconds=2.5), Limit(2.5, "seconds", 2.5)),
        (Limits(events=3), Limit(3, "events", 3)),
        (Limits(bytes=3), Limit(3, "bytes", 3)),
    ],
)
async def test_a_run_over_a_limit_is_disconnected_and_still_tears_down(
    limits: Limits, limit: Limit
) -> None:
    events = await collect(run(patient, GET, limits))
    at = events.index(limit)
    assert isinstance(events[at + 1], Disconnect)
    assert [event.text for event in events if isinstance(event, Log)] == ["torn down"]
    assert isinstance(events[-1], End)


async def test_an_app_that_prints_without_end_is_cut_off() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            print("flood")
            await asyncio.sleep(0)

    events = await collect(run(app, GET, Limits(events=10, grace=0.01)))
    assert len(events) < 200
    assert isinstance(events[-1], End)


async def test_an_app_that_does_not_notice_the_disconnect_is_cancelled() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            print("cancelled")

    events = await collect(run(app, GET, Limits(grace=2)), disconnect_after=1)
    assert events == [
        Disconnect(1),
        Log(3, "stdout", "cancelled"),
        Crash(
            3,
            "teardown",
            "The app had not returned 2 s after the client disconnected and was cancelled.",
        ),
        End(3, complete=False),
    ]


async def test_an_app_that_refuses_to_be_cancelled_is_abandoned() -> None:
    is_wanted = True
    stuck: list[asyncio.Task[object] | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        stuck.append(asyncio.current_task())
        while is_wanted:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                print("no")

    events = await collect(run(app, GET, Limits(grace=2)), disconnect_after=1)
    is_wanted = False
    assert [type(event) for event in events] == [Disconnect, Log, Crash, End]
    assert isinstance(events[2], Crash)
    assert "was abandoned" in events[2].message
    for task in filter(None, stuck):
        task.cancel()


# What comes of modules.

APP = """
import asyncio
print("imported")

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        print("started")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("stopped")
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


@asynccontextmanager
async def staged(source: str) -> AsyncGenerator[Stage]:
    stage = Stage("edited_snippet", source)
    yield stage
    await stage.aclose()


async def ask(stage: Stage) -> list[RunEvent]:
    return [event async for event in run_on(stage, GET)]


async def test_a_module_is_imported_and_started_once_and_the_first_run_shows_it() -> None:
    async with staged(APP) as stage:
        first, second = await ask(stage), await ask(stage)
    assert [event.text for event in first if isinstance(event, Log)] == ["imported", "started"]
    assert [type(event) for event in second] == [Start, Chunk, End]


async def test_the_lifespan_is_shut_down_when_the_stage_closes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with staged(APP) as stage:
        await ask(stage)
        assert "stopped" not in capsys.readouterr().out
    assert "stopped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "stage_name", "message", "line"),
    [
        ("\nimport nowhere", "import", "ModuleNotFoundError: No module named 'nowhere'", 2),
        ("x = 1\ny = (", "import", "SyntaxError: '(' was never closed", 2),
        (
            "x = 1",
            "import",
            "edited_snippet has no `app`: give the module an ASGI application",
            None,
        ),
        (APP.replace('print("started")', "1 / 0"), None, None, None),
        (
            'async def app(scope, receive, send):\n await send({"type": "lifespan.startup.failed", "message": "no"})',
            "startup",
            "no",
            None,
        ),
        (
            'async def app(scope, receive, send):\n if scope["type"] == "http":\n  1 / 0',
            "request",
            "ZeroDivisionError: division by zero",
            3,
        ),
    ],
)
async def test_what_fails_is_a_crash_that_says_where(
    source: str, stage_name: str | None, message: str | None, line: int | None
) -> None:
    async with staged(source) as stage:
        events = await ask(stage)
    crash = next((event for event in events if isinstance(event, Crash)), None)
    if stage_name is None:  # an app that raises in its lifespan has none, says ASGI
        assert crash is None
        return
    assert crash is not None
    assert (crash.phase, crash.line) == (stage_name, line)
    assert crash.message.startswith(str(message))
    assert isinstance(events[-1], End)


async def test_edited_source_leaves_nothing_behind() -> None:
    async with staged(APP) as stage:
        await ask(stage)
        assert "edited_snippet" in sys.modules
    assert "edited_snippet" not in sys.modules


async def test_a_traceback_shows_the_lines_of_edited_source() -> None:
    source = 'async def app(scope, receive, send):\n    if scope["type"] == "http":\n        raise ValueError("here")\n'
    async with staged(source) as stage:
        crash = next(event for event in await ask(stage) if isinstance(event, Crash))
    assert (
        'File "edited_snippet.py", line 3, in app\n    raise ValueError("here")' in crash.traceback
    )


@pytest.mark.parametrize("separator", ["\f", "\x0b", "\x1c", "\x85", "\u2028", "\u2029"])
async def test_only_what_python_takes_for_the_end_of_a_line_counts_as_one(separator: str) -> None:
    async with staged(f"# {separator}\nraise ValueError('here')\n") as stage:
        (crash,) = (event for event in await ask(stage) if isinstance(event, Crash))
    assert crash.line == 2
    assert "line 2, in <module>\n    raise ValueError('here')" in crash.traceback
