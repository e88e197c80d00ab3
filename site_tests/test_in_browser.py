"""The browser's side of the runner, under CPython: the page is a queue, its messages are calls."""

import asyncio
import importlib
import sys
from pathlib import Path

import msgspec
import pytest
from docstage.run.events import Chunk, Crash, Disconnect, End, Log, Request, RunEvent
from docstage.run.in_browser import Host, Job
from docstage.run.runner import WINDOW, Limits

HEADER = """
import asyncio

async def body(send, text, more_body=True):
    message = {"type": "http.response.body", "body": text.encode(), "more_body": more_body}
    await send(message)
"""

HELLO = f"""{HEADER}
calls = 0

async def app(scope, receive, send):
    assert scope["type"] == "http"
    global calls
    calls += 1
    await send({{"type": "http.response.start", "status": 200}})
    await body(send, f"hello {{calls}}", more_body=False)
"""

MANY = f"""{HEADER}
printed = 0

async def app(scope, receive, send):
    assert scope["type"] == "http"
    global printed
    await send({{"type": "http.response.start", "status": 200}})
    for number in range(100):
        print("row", number)
        printed += 1
        await body(send, str(number))
"""

CURSOR = f"""{HEADER}
from pathlib import Path

async def app(scope, receive, send):
    global state
    if scope["type"] == "lifespan":
        await receive()
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
        Path("lifespan").write_text("closed after the run was " + state)
        return await send({{"type": "lifespan.shutdown.complete"}})
    state = "opened"
    await send({{"type": "http.response.start", "status": 200}})
    await body(send, "row")
    await receive()
    await receive()
    state = "closed"
    print("cursor closed")
"""


class Page:
    """Starts runs and takes their events."""

    def __init__(self, limits: Limits = Limits(grace=1)) -> None:  # noqa: B008 - frozen
        self.host = Host(self._post, limits)
        self._events: dict[str, asyncio.Queue[RunEvent]] = {}

    def _post(self, run: str, event: str) -> None:
        self._events[run].put_nowait(msgspec.json.decode(event, type=RunEvent))

    def start(self, run: str, source: str | None, credit: int = 1_000) -> None:
        self._events[run] = asyncio.Queue()
        job = Job("example", Request("GET", "/"), source)
        self.host.start(run, msgspec.json.encode(job).decode())
        self.host.credit(run, credit)

    async def next(self, run: str) -> RunEvent:
        return await asyncio.wait_for(self._events[run].get(), 5)

    async def until(self, run: str, kind: type[RunEvent]) -> list[RunEvent]:
        events = [await self.next(run)]
        while not isinstance(events[-1], kind):
            assert not isinstance(events[-1], End), events
            events.append(await self.next(run))
        return events

    async def all(self, run: str, source: str | None = None) -> list[RunEvent]:
        self.start(run, source)
        return await self.until(run, End)

    def unread(self, run: str) -> int:
        return self._events[run].qsize()


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "example.py").write_text(HELLO)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "example", raising=False)
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()


def bodies(events: list[RunEvent]) -> list[bytes]:
    return [event.body for event in events if isinstance(event, Chunk)]


async def settle() -> None:
    """Let everything happen that can happen without another message."""
    for _ in range(100):
        await asyncio.sleep(0)


def test_a_module_keeps_its_stage_from_run_to_run() -> None:
    async def main() -> None:
        page = Page()
        assert bodies(await page.all("1")) == [b"hello 1"]
        assert bodies(await page.all("2")) == [b"hello 2"]

    asyncio.run(main())


def test_no_event_is_posted_without_credit_and_the_app_waits() -> None:
    async def main() -> None:
        page = Page()
        page.start("1", MANY, credit=4)
        await settle()
        assert page.unread("1") == 4
        assert sys.modules["example"].printed <= 4 + WINDOW
        page.host.credit("1", 3)
        await settle()
        assert page.unread("1") == 7
        page.host.credit("1", 1_000)
        events = await page.until("1", End)
        printed = [event for event in events if isinstance(event, Log)]
        assert len(printed) == 100

    asyncio.run(main())


def test_a_disconnect_reaches_the_app_and_its_teardown_reaches_the_page() -> None:
    async def main() -> None:
        page = Page()
        page.start("1", CURSOR)
        await page.until("1", Chunk)
        page.host.disconnect("1")
        events = await page.until("1", End)
        assert [type(event) for event in events] == [Disconnect, Log, End]

    asyncio.run(main())


def test_a_disconnect_that_is_quicker_than_the_start_is_not_lost() -> None:
    async def main() -> None:
        page = Page()
        page.start("1", CURSOR)
        page.host.disconnect("1")
        assert Disconnect in [type(event) for event in await page.until("1", End)]

    asyncio.run(main())


def test_edited_source_runs_in_the_modules_place_and_is_forgotten_after_it() -> None:
    async def main() -> None:
        page = Page()
        assert bodies(await page.all("1")) == [b"hello 1"]
        edited = HELLO.replace("hello", "edited")
        assert bodies(await page.all("2", edited)) == [b"edited 1"]
        assert bodies(await page.all("3", edited)) == [b"edited 2"]
        assert bodies(await page.all("4")) == [b"hello 1"]

    asyncio.run(main())


def test_a_mistake_in_edited_source_points_at_its_line() -> None:
    async def main() -> None:
        page = Page()
        events = await page.all("1", HELLO + "\n1 / 0\n")
        (crash,) = (event for event in events if isinstance(event, Crash))
        assert (crash.phase, crash.line) == ("import", HELLO.count("\n") + 2)
        assert bodies(await page.all("2")) == [b"hello 1"]

    asyncio.run(main())


def test_new_source_first_disconnects_and_closes_what_ran_before(tmp_path: Path) -> None:
    async def main() -> None:
        page = Page()
        page.start("1", CURSOR)
        await page.until("1", Chunk)
        assert bodies(await page.all("2", HELLO)) == [b"hello 1"]
        assert [type(event) for event in await page.until("1", End)] == [Disconnect, Log, End]

    asyncio.run(main())
    assert (tmp_path / "lifespan").read_text() == "closed after the run was closed"


def test_a_run_that_nobody_looks_at_is_disconnected_and_posts_nothing_more() -> None:
    async def main() -> None:
        page = Page()
        page.start("1", CURSOR)
        await page.until("1", Chunk)
        page.host.close("1")
        assert bodies(await page.all("2", HELLO)) == [b"hello 1"]
        assert page.unread("1") == 0

    asyncio.run(main())


def test_a_run_that_is_closed_in_the_turn_it_was_started_in_is_forgotten() -> None:
    async def main() -> None:
        page = Page()
        page.start("1", HELLO)
        page.host.close("1")
        await settle()
        assert not page.host._running  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    asyncio.run(main())


def test_what_ran_before_a_run_that_never_began_is_still_closed(tmp_path: Path) -> None:
    async def main() -> None:
        page = Page()
        page.start("1", CURSOR)
        await page.until("1", Chunk)
        page.start("2", MANY)
        page.host.close("2")
        assert bodies(await page.all("3", HELLO)) == [b"hello 1"]

    asyncio.run(main())
    assert (tmp_path / "lifespan").read_text() == "closed after the run was closed"


def test_code_that_cancels_every_task_still_ends_its_run() -> None:
    source = f"""{HEADER}
async def app(scope, receive, send):
    assert scope["type"] == "http"
    for task in asyncio.all_tasks():
        if "_serve" in repr(task):
            task.cancel()
    await asyncio.sleep(0)
"""

    async def main() -> None:
        events = await Page().all("1", source)
        assert isinstance(events[-1], End)
        (crash,) = (event for event in events if isinstance(event, Crash))
        assert "cancelled" in crash.message

    asyncio.run(main())


def test_a_ping_is_answered_after_what_was_asked_before_it() -> None:
    async def main() -> None:
        page = Page()
        page.start("1", None)
        answered = asyncio.Event()
        page.host.ping(answered.set)
        assert not answered.is_set(), "the answer comes from the event loop"
        await asyncio.wait_for(answered.wait(), 5)
        await page.until("1", End)

    asyncio.run(main())


def test_messages_for_a_run_that_is_over_do_nothing() -> None:
    async def main() -> None:
        page = Page()
        await page.all("1")
        page.host.credit("1", 1)
        page.host.disconnect("1")
        page.host.close("1")

    asyncio.run(main())
