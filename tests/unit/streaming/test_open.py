import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

import pytest

from jero import Endpoint, NDJSONStreamingResponse
from jero.asgi import Message
from jero.streaming.ending import StreamEnding
from jero.streaming.open import OpenStreams, ShuttingDownError, on_stop_signals
from tests.support.asking import app_of, ask

pytestmark = pytest.mark.anyio


async def at_once() -> None:
    pass


class Open:
    def __init__(self, streams: OpenStreams, teardown: float) -> None:
        self.streams = streams
        self.teardown = teardown
        self.is_abandoned = False
        streams.add(self)

    def leave(self, _: StreamEnding) -> None:
        asyncio.get_running_loop().call_later(self.teardown, self.streams.discard, self)

    def abandon(self) -> None:
        self.is_abandoned = True
        self.streams.discard(self)


async def test_shutdown_waits_until_every_stream_has_torn_down() -> None:
    streams = OpenStreams()
    opened = [Open(streams, teardown=1), Open(streams, teardown=2)]
    streams.end(timeout=10)
    began = asyncio.get_running_loop().time()
    await streams.wait_closed()
    assert asyncio.get_running_loop().time() - began == pytest.approx(2)
    assert not any(stream.is_abandoned for stream in opened)


async def test_ending_streams_twice_keeps_the_first_timeout() -> None:
    streams = OpenStreams()
    opened = Open(streams, teardown=5)
    streams.end(timeout=10)
    streams.end(timeout=1)
    await streams.wait_closed()
    assert not opened.is_abandoned


async def test_a_stream_that_takes_too_long_is_abandoned_at_shutdown() -> None:
    streams = OpenStreams()
    slow = Open(streams, teardown=20)
    streams.end(timeout=10)
    await streams.wait_closed()
    assert slow.is_abandoned


async def test_without_streams_shutdown_waits_for_nothing() -> None:
    streams = OpenStreams()
    streams.end(timeout=10)
    await streams.wait_closed()
    assert asyncio.get_running_loop().time() == pytest.approx(0, abs=0.1)


async def test_no_stream_starts_once_the_server_is_stopping() -> None:
    streams = OpenStreams()
    streams.end(timeout=10)
    with pytest.raises(ShuttingDownError):
        streams.require_open()


async def test_the_servers_own_handler_follows_and_is_put_back() -> None:
    called: list[str] = []

    def servers_own(*_: object) -> None:
        called.append("server")

    before = signal.signal(signal.SIGTERM, servers_own)
    try:
        with on_stop_signals(lambda: called.append("streams"), at_once):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.sleep(0.1)
        assert sorted(called) == ["server", "streams"]
        assert signal.getsignal(signal.SIGTERM) is servers_own
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_without_a_lifespan_signals_are_handled_before_anything_is_sent() -> None:
    async def rows() -> AsyncIterator[int]:
        yield 1

    class Rows(Endpoint, path="/rows"):
        async def get(self) -> NDJSONStreamingResponse[int]:
            return NDJSONStreamingResponse(stream=rows())

    before, handlers = signal.getsignal(signal.SIGTERM), list[object]()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        handlers.append(signal.getsignal(signal.SIGTERM))

    scope: Message = {
        "type": "http",
        "method": "GET",
        "path": "/rows",
        "headers": [],
        "query_string": b"",
    }
    await app_of(Rows())(scope, receive, send)
    assert before not in handlers
    assert signal.getsignal(signal.SIGTERM) is before


async def unblock(number: signal.Signals) -> None:
    """Wait until the signal is pending, and discard it."""
    while number not in signal.sigpending():  # noqa: ASYNC110 - a pending signal sets no event
        await asyncio.sleep(0.1)
    signal.sigwait({number})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


async def test_the_default_handler_follows_after_teardown() -> None:
    called: list[str] = []

    async def torn_down() -> None:
        called.append("torn down")
        # What follows would end this process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with on_stop_signals(lambda: called.append("streams"), torn_down):
            signal.raise_signal(signal.SIGTERM)
            await unblock(signal.SIGTERM)
        assert called == ["streams", "torn down"]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_a_signal_ends_the_streams_of_every_application_without_lifespan() -> None:
    torn_down: list[float] = []

    async def held() -> AsyncGenerator[AsyncIterable[int]]:
        yield endless()
        await asyncio.sleep(1)
        torn_down.append(asyncio.get_running_loop().time())
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    async def endless() -> AsyncIterator[int]:
        yield 1
        await asyncio.Event().wait()

    class NumbersEndpoint(Endpoint, path="/"):
        async def get(self) -> NDJSONStreamingResponse[int]:
            return NDJSONStreamingResponse(stream=held())

    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        asked = [asyncio.create_task(ask(app_of(NumbersEndpoint()), "/")) for _ in range(2)]
        await asyncio.sleep(1)
        signal.raise_signal(signal.SIGTERM)
        await unblock(signal.SIGTERM)
        answers = await asyncio.gather(*asked)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [answer.body for answer in answers] == [b"1\n"] * 2
    assert not any(answer.is_complete for answer in answers)
    assert torn_down == [2, 2]


async def test_a_handler_that_was_set_in_between_is_left_in_place() -> None:
    def newer(*_: object) -> None:
        pass

    before = signal.getsignal(signal.SIGTERM)
    try:
        with on_stop_signals(lambda: None, at_once):
            signal.signal(signal.SIGTERM, newer)
        assert signal.getsignal(signal.SIGTERM) is newer
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_no_handler_is_installed() -> None:
    seen: list[object] = []

    async def main() -> None:
        with on_stop_signals(lambda: None, at_once):
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
    assert seen == [before]


DIES = """
import asyncio, signal
from jero.streaming.open import on_stop_signals


async def torn_down():
    await asyncio.sleep(0.05)
    print("torn down", flush=True)


async def main():
    with on_stop_signals(lambda: print("ending", flush=True), torn_down):
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(60)


asyncio.run(main())
"""


def test_without_another_handler_the_process_ends_by_the_signal_after_teardown() -> None:
    command = [sys.executable, "-c", DIES]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGTERM
    assert ended.stdout == "ending\ntorn down\n"
