"""Code that cleans up after a stream learns why the stream ended."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from jero import BaseApp, Endpoint, NDJSONStreamingResponse, StreamEnding, stream_ending
from jero.asgi import Message, Scope
from tests.support.asking import Answer, app_of, ask

pytestmark = pytest.mark.anyio

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}


async def held(items: AsyncIterable[object]) -> AsyncGenerator[AsyncIterable[object]]:
    assert stream_ending() is None
    yield items
    await asyncio.sleep(1)
    print(stream_ending())


@asynccontextmanager
async def managed(items: AsyncIterable[object]) -> AsyncGenerator[AsyncIterable[object]]:
    try:
        yield items
    finally:
        await asyncio.sleep(1)
        print(stream_ending())


either = pytest.mark.parametrize("hold", [held, managed])
type Hold = Callable[[AsyncIterable[object]], Any]


def app_with(stream: Any) -> BaseApp:
    class Streams(Endpoint, path="/"):
        async def get(self) -> NDJSONStreamingResponse[Any]:
            return NDJSONStreamingResponse(stream=stream)

    return app_of(Streams())


async def end(stream: Any, leave_after: float | None = None) -> Answer:
    return await ask(app_with(stream), "/", leave_after=leave_after)


async def silent() -> AsyncIterator[object]:
    await asyncio.Event().wait()
    yield 1


async def busy() -> AsyncIterator[object]:
    for number in count():
        yield number


async def failing() -> AsyncIterator[object]:
    yield 1
    await asyncio.sleep(0.1)
    raise LookupError("row is missing")


async def unencodable() -> AsyncIterator[object]:
    yield 1
    yield Path("/x")


async def cancelled_from_within() -> AsyncIterator[object]:
    yield 1
    raise asyncio.CancelledError


@either
@pytest.mark.parametrize(
    ("items", "leave_after", "ending"),
    [
        (silent, 0.5, StreamEnding.DISCONNECTED),
        (busy, 0.001, StreamEnding.DISCONNECTED),
        (failing, None, StreamEnding.FAILED),
        (unencodable, None, StreamEnding.FAILED),
        (cancelled_from_within, None, StreamEnding.FAILED),
    ],
)
async def test_teardown_learns_why_the_stream_ended(
    hold: Hold,
    items: Callable[[], AsyncIterator[object]],
    leave_after: float | None,
    ending: StreamEnding,
) -> None:
    assert (await end(hold(items()), leave_after)).printed == [ending]


async def few() -> AsyncIterator[object]:
    yield 1


@either
async def test_a_drained_stream_stays_drained_when_the_client_leaves_during_teardown(
    hold: Hold,
) -> None:
    assert (await end(hold(few()))).printed == ["drained"]
    assert (await end(hold(few()), leave_after=0.5)).printed == ["drained"]


async def test_a_stream_that_is_given_up_is_abandoned() -> None:
    is_wanted = True

    async def refusing() -> AsyncIterator[object]:
        while is_wanted:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1)
        yield 1

    answer = await end(held(refusing()), leave_after=1)
    is_wanted = False
    assert answer.printed == ["abandoned"]


async def receive_nothing() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def send_nowhere(_: Message) -> None:
    pass


@either
@pytest.mark.parametrize(
    ("error", "ending"),
    [(OSError("gone"), "disconnected"), (LookupError("middleware"), "failed")],
)
async def test_a_send_that_raises_is_a_disconnect_if_it_is_an_oserror_and_else_a_failure(
    hold: Hold, error: Exception, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise error

    await app_with(hold(few()))(SCOPE, receive_nothing, send)
    assert capsys.readouterr().out == f"{ending}\n"


@either
@pytest.mark.parametrize(
    ("error", "ending"),
    [(OSError("gone"), "disconnected"), (LookupError("middleware"), "failed")],
)
async def test_a_receive_that_raises_is_a_disconnect_if_it_is_an_oserror_and_else_a_failure(
    hold: Hold, error: Exception, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def receive() -> Message:
        raise error

    await app_with(hold(silent()))(SCOPE, receive, send_nowhere)
    assert capsys.readouterr().out == f"{ending}\n"


@either
@pytest.mark.parametrize(
    ("error", "ending"),
    [(OSError("gone"), "disconnected"), (LookupError("middleware"), "failed")],
)
async def test_a_send_that_raises_ends_a_stream_that_waits_for_each_item(
    hold: Hold, error: Exception, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    is_gone, sent = asyncio.Event(), list[Message]()

    async def ticks() -> AsyncIterator[object]:
        for number in count():
            await asyncio.sleep(0.1)
            yield number

    async def receive() -> Message:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) == 5:
            is_gone.set()  # which `receive` then reports as well
            raise error

    await app_with(hold(ticks()))(SCOPE, receive, send)
    assert capsys.readouterr().out == f"{ending}\n"
    assert len(sent) == 5


@either
@pytest.mark.parametrize("items", [silent, few])
async def test_a_request_that_is_cancelled_is_torn_down_whether_or_not_all_items_are_sent(
    hold: Hold, items: Callable[[], AsyncIterator[object]], capsys: pytest.CaptureFixture[str]
) -> None:
    async def send(message: Message) -> None:
        await asyncio.Event().wait()  # a client that does not read

    request = asyncio.ensure_future(app_with(hold(items()))(SCOPE, receive_nothing, send))
    await asyncio.sleep(0.5)
    request.cancel()
    await asyncio.wait([request])
    assert request.cancelled()
    assert capsys.readouterr().out == "cancelled\n"


async def stop_after(app: BaseApp, seconds: float) -> None:
    """Start the app, send it a request, and shut it down after so many seconds."""
    is_stopping, is_started = asyncio.Event(), asyncio.Event()
    inbox = iter(["lifespan.startup"])

    async def receive() -> Message:
        if (kind := next(inbox, None)) is None:
            await is_stopping.wait()
            return {"type": "lifespan.shutdown"}
        return {"type": kind}

    async def send(message: Message) -> None:
        is_started.set()

    life = asyncio.ensure_future(app({"type": "lifespan"}, receive, send))
    await is_started.wait()
    request = asyncio.ensure_future(app(SCOPE, receive_nothing, send_nowhere))
    await asyncio.sleep(seconds)
    is_stopping.set()
    await asyncio.gather(life, request)


@either
async def test_a_server_shutdown_is_distinguished_from_a_disconnect(
    hold: Hold, capsys: pytest.CaptureFixture[str]
) -> None:
    await stop_after(app_with(hold(silent())), 0.5)
    assert capsys.readouterr().out == "server_stopping\n"


async def test_a_teardown_that_never_finishes_is_abandoned_at_shutdown(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async def stuck() -> AsyncGenerator[AsyncIterable[object]]:
        try:
            yield few()
            await asyncio.Event().wait()
        finally:
            print(stream_ending())

    await stop_after(app_with(stuck()), 0.5)
    assert capsys.readouterr().out == "abandoned\n"
    assert "was abandoned" in caplog.text


async def test_a_stream_that_is_open_has_no_ending() -> None:
    async def items() -> AsyncIterator[object]:
        yield stream_ending()

    assert (await end(items())).body == b"null\n"


async def test_tasks_of_a_stream_learn_of_its_ending() -> None:
    has_ended = asyncio.Event()

    async def watch() -> None:
        await has_ended.wait()
        print("seen", stream_ending())

    async def watched() -> AsyncGenerator[AsyncIterable[object]]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            yield few()
            has_ended.set()

    assert (await end(watched())).printed == ["seen drained"]


async def test_stream_ending_is_none_outside_of_a_stream() -> None:
    request = asyncio.ensure_future(app_with(few())(SCOPE, receive_nothing, send_nowhere))
    await request
    assert stream_ending() is None
    await app_with(few())(SCOPE, receive_nothing, send_nowhere)  # in this task
    assert stream_ending() is None
