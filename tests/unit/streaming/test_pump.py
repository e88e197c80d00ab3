import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from itertools import count
from typing import Self

import pytest
from msgspec import Struct

from jero import Endpoint, HTTPError, NDJSONStreamingResponse, SSEResponse, StreamingResponse
from jero.asgi import Message, Scope
from jero.streaming.pump import BATCH
from jero.streaming.responses import Stream
from tests.support.asking import Answer, app_of, ask

pytestmark = pytest.mark.anyio


class Row(Struct):
    number: int


async def stream(
    stream: Stream[Row], *, method: str = "GET", leave_after: float | None = None
) -> Answer:
    class RowsEndpoint(Endpoint, path="/rows"):
        async def get(self) -> NDJSONStreamingResponse[Row]:
            return NDJSONStreamingResponse(stream=stream)

    return await ask(app_of(RowsEndpoint()), "/rows", method, leave_after=leave_after)


async def rows(many: int = 3, pause: float = 0.1) -> AsyncIterator[Row]:
    for number in range(many):
        await asyncio.sleep(pause)
        yield Row(number)


async def held(items: AsyncIterable[Row]) -> AsyncGenerator[AsyncIterable[Row]]:
    print("opened")
    yield items
    await asyncio.sleep(1)
    print("closed")


async def failing(before: int) -> AsyncIterator[Row]:
    async for row in rows(before):
        yield row
    raise LookupError("row is missing")


async def test_an_item_is_sent_when_it_is_there_and_not_later() -> None:
    answer = await stream(rows())
    chunks = answer.parts
    assert [(round(chunk.at, 3), chunk.body) for chunk in chunks] == [
        (0.1, b'{"number":0}\n'),
        (0.2, b'{"number":1}\n'),
        (0.3, b'{"number":2}\n'),
    ]


async def test_an_empty_stream_is_a_complete_response() -> None:
    answer = await stream(rows(0))
    assert (answer.status, answer.body, answer.is_complete) == (200, b"", True)


async def test_teardown_runs_after_the_last_item_and_before_the_end() -> None:
    answer = await stream(held(rows()))
    assert (answer.printed, answer.is_complete) == (["opened", "closed"], True)


async def test_teardown_runs_after_an_error_in_the_stream() -> None:
    answer = await stream(held(failing(2)))
    assert (answer.printed, answer.is_complete) == (["opened", "closed"], False)


async def test_teardown_that_awaits_finishes_when_the_client_leaves() -> None:
    answer = await stream(held(rows(100)), leave_after=0.25)
    assert answer.printed == ["opened", "closed"]
    assert len(answer.chunks) == 2


async def test_teardown_finishes_when_the_client_leaves_while_it_runs() -> None:
    answer = await stream(held(rows(1)), leave_after=0.5)
    assert answer.printed == ["opened", "closed"]


async def test_teardown_finishes_when_the_request_is_cancelled() -> None:
    printed: list[str] = []

    async def resource() -> AsyncGenerator[AsyncIterable[Row]]:
        yield rows(100)
        await asyncio.sleep(1)
        printed.append("closed")

    class RowsEndpoint(Endpoint, path="/rows"):
        async def get(self) -> NDJSONStreamingResponse[Row]:
            return NDJSONStreamingResponse(stream=resource())

    async def receive() -> Message:
        await asyncio.sleep(1000)
        raise AssertionError

    async def send(message: Message) -> None:
        pass

    scope: Scope = {"type": "http", "method": "GET", "path": "/rows", "headers": []}
    request = asyncio.create_task(app_of(RowsEndpoint())(scope, receive, send))
    await asyncio.sleep(0.25)
    request.cancel()
    await asyncio.wait([request])
    assert request.cancelled()
    assert printed == ["closed"]


async def test_the_items_generator_is_closed_too_when_the_client_leaves() -> None:
    async def ticks() -> AsyncIterator[Row]:
        try:
            for number in count():
                yield Row(number)
                await asyncio.sleep(0.1)
        finally:
            await asyncio.sleep(0.1)
            print("ticks closed")

    answer = await stream(held(ticks()), leave_after=0.25)
    assert answer.printed == ["opened", "ticks closed", "closed"]


async def test_no_more_than_one_further_item_is_pulled_after_the_client_left() -> None:
    async def stubborn() -> AsyncIterator[Row]:
        for number in count():
            print(number)
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                print("will not end")
            yield Row(number)

    answer = await stream(stubborn(), leave_after=0.25)
    assert answer.printed == ["0", "1", "2", "will not end"]


async def test_a_client_that_leaves_in_silence_is_noticed_at_once() -> None:
    answer = await stream(held(rows(1, pause=1000)), leave_after=3)
    assert answer.left == 3
    assert answer.ended == pytest.approx(3 + 1)  # the second that teardown takes


async def test_an_error_before_the_first_item_is_answered_as_an_error() -> None:
    answer = await stream(failing(0))
    assert (answer.problem["status"], answer.logged[0].text) == (
        500,
        "GET /rows failed: LookupError: row is missing",
    )


async def test_an_http_error_in_set_up_is_answered_as_its_problem() -> None:
    class BusyError(HTTPError):
        status_code = 503

    async def refused() -> AsyncGenerator[AsyncIterable[Row]]:
        for problem in ("no cursor is free",):
            raise BusyError(problem)
        yield rows()

    answer = await stream(refused())
    assert answer.problem == {
        "title": "Service Unavailable",
        "status": 503,
        "detail": "no cursor is free",
    }


async def test_the_start_waits_for_the_first_item_but_never_longer_than_a_quarter_second() -> None:
    answer = await stream(rows(1, pause=10))
    assert answer.start is not None
    assert answer.start.at == pytest.approx(0.25)


async def test_an_error_after_the_first_item_is_logged_and_leaves_the_response_incomplete() -> None:
    answer = await stream(failing(2))
    assert (len(answer.chunks), answer.is_complete) == (2, False)
    (line,) = answer.logged
    assert (line.logger, line.level) == ("jero", "ERROR")
    assert line.text == "RowsEndpoint.get: the stream broke off: LookupError: row is missing"
    assert "LookupError: row is missing" in line.traceback


async def test_an_error_in_teardown_leaves_the_response_incomplete() -> None:
    async def unlucky() -> AsyncGenerator[AsyncIterable[Row]]:
        yield rows()
        raise OSError("commit failed")

    answer = await stream(unlucky())
    assert (len(answer.chunks), answer.is_complete) == (3, False)
    assert "OSError: commit failed" in answer.logged[0].traceback


async def test_a_generator_that_yields_its_stream_twice_is_a_logged_error_that_names_it() -> None:
    async def greedy() -> AsyncGenerator[AsyncIterable[Row]]:
        yield rows()
        yield rows()

    answer = await stream(greedy())
    assert not answer.is_complete
    assert "greedy yielded twice" in answer.logged[0].traceback


async def test_head_neither_starts_the_stream_nor_opens_its_resource() -> None:
    answer = await stream(held(rows()), method="HEAD")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert (answer.printed, answer.body, answer.is_complete) == ([], b"", True)


async def test_set_up_iteration_and_teardown_share_one_task_and_context() -> None:
    tasks: set[asyncio.Task[object] | None] = set()
    tenant: ContextVar[str] = ContextVar("tenant")

    async def items() -> AsyncIterator[Row]:
        tasks.add(asyncio.current_task())
        print(tenant.get())
        yield Row(1)

    async def scoped() -> AsyncGenerator[AsyncIterable[Row]]:
        tasks.add(asyncio.current_task())
        token = tenant.set("acme")
        async with asyncio.timeout(10):
            yield items()
        tasks.add(asyncio.current_task())
        tenant.reset(token)  # raises in any other context

    answer = await stream(scoped())
    assert (len(tasks), answer.printed, answer.is_complete) == (1, ["acme"], True)


async def test_an_iterable_that_is_not_a_generator_is_streamed() -> None:
    class Countdown:
        number = 3

        def __aiter__(self) -> Self:
            return self

        async def __anext__(self) -> Row:
            if not self.number:
                raise StopAsyncIteration
            self.number -= 1
            return Row(self.number)

    answer = await stream(Countdown())
    assert answer.body == b'{"number":2}\n{"number":1}\n{"number":0}\n'


async def test_an_item_that_cannot_be_encoded_breaks_the_stream_off() -> None:
    class TextEndpoint(Endpoint, path="/"):
        async def get(self) -> StreamingResponse:
            return StreamingResponse(stream=self._chunks())

        async def _chunks(self) -> AsyncIterator[bytes]:
            yield b"bytes"
            yield "text"  # type: ignore[misc] # what is tested

    answer = await ask(app_of(TextEndpoint()), "/")
    assert (answer.body, answer.is_complete) == (b"bytes", False)
    assert "the stream gave str" in answer.logged[0].traceback


async def test_an_endless_stream_that_is_always_ready_lets_others_run_and_notices_the_client() -> (
    None
):
    class EndlessEndpoint(Endpoint, path="/"):
        async def get(self) -> StreamingResponse:
            return StreamingResponse(stream=self._zeros())

        async def _zeros(self) -> AsyncIterator[bytes]:
            while True:
                yield b"0"

    answer = await ask(app_of(EndlessEndpoint()), "/", leave_after=0)
    assert not answer.is_complete


async def events(*pauses: float) -> AsyncIterator[Row]:
    for number, pause in enumerate(pauses):
        await asyncio.sleep(pause)
        yield Row(number)


async def listen(*pauses: float, keepalive: float | None) -> list[tuple[float, bytes]]:
    class FeedEndpoint(Endpoint, path="/feed"):
        async def get(self) -> SSEResponse[Row]:
            return SSEResponse(stream=events(*pauses), keepalive=keepalive)

    answer = await ask(app_of(FeedEndpoint()), "/feed")
    return [(round(part.at, 3), part.body) for part in answer.parts]


async def test_keepalive_sends_a_comment_after_each_silence_of_that_many_seconds() -> None:
    assert await listen(0, 2.5, keepalive=1) == [
        (0, b'data: {"number":0}\n\n'),
        (1, b": ping\n\n"),
        (2, b": ping\n\n"),
        (2.5, b'data: {"number":1}\n\n'),
    ]


async def test_keepalive_sends_nothing_while_events_flow() -> None:
    sent = await listen(*[0.9] * 5, keepalive=1)
    assert [body for _, body in sent if body.startswith(b":")] == []


async def test_without_keepalive_a_silence_is_silent() -> None:
    assert len(await listen(0, 20, keepalive=None)) == 2


async def test_streams_ask_caches_and_proxies_not_to_hold_them_back() -> None:
    headers = (await stream(rows())).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"


class CountHeaders(Struct):
    x_rows: int
    cache_control: str = "private"


async def test_status_typed_and_raw_headers_are_sent_and_raw_ones_have_the_last_word() -> None:
    class CountedEndpoint(Endpoint, path="/rows"):
        async def get(self) -> NDJSONStreamingResponse[Row, CountHeaders]:
            return NDJSONStreamingResponse(
                stream=rows(),
                status_code=203,
                headers=CountHeaders(3),
                raw_headers={"Content-Type": "application/jsonl"},
            )

    answer = await ask(app_of(CountedEndpoint()), "/rows")
    assert answer.status == 203
    assert answer.headers == {
        "cache-control": "private",
        "x-accel-buffering": "no",
        "x-rows": "3",
        "content-type": "application/jsonl",
    }


async def test_a_header_value_that_would_forge_another_is_a_500_and_nothing_is_opened() -> None:
    class ForgedEndpoint(Endpoint, path="/rows"):
        async def get(self) -> NDJSONStreamingResponse[Row]:
            return NDJSONStreamingResponse(stream=held(rows()), raw_headers={"x-a": "1\r\nx-b: 2"})

    answer = await ask(app_of(ForgedEndpoint()), "/rows")
    assert (answer.problem["status"], answer.printed) == (500, [])


# What a context manager sees.


@asynccontextmanager
async def transaction(items: AsyncIterable[Row]) -> AsyncGenerator[AsyncIterable[Row]]:
    print("begin")
    try:
        yield items
    except BaseException as error:
        await asyncio.sleep(1)
        print("rolled back after", type(error).__name__)
        raise
    print("committed")


async def test_a_context_manager_is_entered_and_left_around_the_stream() -> None:
    answer = await stream(transaction(rows()))
    assert (answer.printed, answer.is_complete) == (["begin", "committed"], True)


async def test_a_context_manager_gets_an_error_of_the_stream() -> None:
    answer = await stream(transaction(failing(2)))
    assert (answer.printed, answer.is_complete) == (
        ["begin", "rolled back after LookupError"],
        False,
    )


async def test_a_context_manager_gets_the_disconnect_and_can_await() -> None:
    answer = await stream(transaction(rows(100)), leave_after=0.25)
    assert answer.printed == ["begin", "rolled back after CancelledError"]
    assert answer.logged == []


async def test_a_context_manager_that_hides_an_error_does_not_make_the_response_complete() -> None:
    @asynccontextmanager
    async def hiding(items: AsyncIterable[Row]) -> AsyncGenerator[AsyncIterable[Row]]:
        with suppress(LookupError):
            yield items

    answer = await stream(hiding(failing(2)))
    assert not answer.is_complete
    assert "row is missing" in answer.logged[0].text


async def test_an_error_on_entering_is_answered_as_an_error() -> None:
    class Refusing:
        async def __aenter__(self) -> AsyncIterable[Row]:
            raise ConnectionError("no database")

        async def __aexit__(self, *_: object) -> None:
            print("left")

    answer = await stream(Refusing())
    assert (answer.problem["status"], answer.printed) == (500, [])


# What a stream does to itself.


async def test_a_timeout_that_spans_the_yield_breaks_the_stream_off_and_teardown_runs() -> None:
    async def limited() -> AsyncGenerator[AsyncIterable[Row]]:
        async with asyncio.timeout(0.25):
            yield rows(100)
        print("closed")

    answer = await stream(limited())
    assert (len(answer.chunks), answer.is_complete) == (2, False)
    assert answer.printed == ["closed"]
    assert answer.logged[0].text.endswith("RuntimeError: the stream was cancelled from within")


async def test_a_timeout_in_a_context_manager_is_a_timeout_error() -> None:
    @asynccontextmanager
    async def limited() -> AsyncGenerator[AsyncIterable[Row]]:
        async with asyncio.timeout(0.25):
            yield rows(100)

    answer = await stream(limited())
    assert not answer.is_complete
    assert answer.logged[0].text.endswith("the stream broke off: TimeoutError")


async def test_a_task_group_may_span_the_yield() -> None:
    async def fed() -> AsyncGenerator[AsyncIterable[Row]]:
        queue: asyncio.Queue[Row | None] = asyncio.Queue()

        async def feed() -> None:
            async for row in rows():
                await queue.put(row)
            await queue.put(None)

        async def drain() -> AsyncIterator[Row]:
            while (row := await queue.get()) is not None:
                yield row

        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            yield drain()

    answer = await stream(fed())
    assert (len(answer.chunks), answer.is_complete) == (3, True)


async def test_a_task_group_in_a_context_manager_is_cancelled_when_the_client_leaves() -> None:
    @asynccontextmanager
    async def fed() -> AsyncGenerator[AsyncIterable[Row]]:
        queue: asyncio.Queue[Row] = asyncio.Queue(1)

        async def feed() -> None:
            for number in count():
                await queue.put(Row(number))
                await asyncio.sleep(0.1)

        async def drain() -> AsyncIterator[Row]:
            while True:
                yield await queue.get()

        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            yield drain()

    answer = await stream(fed(), leave_after=0.25)
    assert answer.ended == pytest.approx(0.25)


async def test_a_client_that_leaves_cancels_what_the_stream_waits_for() -> None:
    waited_for: list[asyncio.Task[None]] = []

    async def waiting() -> AsyncIterator[Row]:
        task = asyncio.create_task(asyncio.sleep(1000))
        waited_for.append(task)
        await task
        yield Row(1)

    await stream(waiting(), leave_after=1)
    assert waited_for[0].cancelled()


async def test_a_producer_that_refuses_to_end_is_abandoned_and_named() -> None:
    is_wanted = True

    async def refusing() -> AsyncIterator[Row]:
        yield Row(1)
        while is_wanted:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1)

    async def open_refusing() -> AsyncGenerator[AsyncIterable[Row]]:
        yield refusing()

    answer = await stream(open_refusing(), leave_after=1)
    is_wanted = False
    assert answer.ended == pytest.approx(4)
    assert [line.text for line in answer.logged] == [
        "RowsEndpoint.get: the stream did not stop after the client disconnected, and was abandoned"
    ]


async def test_a_producer_that_ignores_generator_exit_is_a_logged_error() -> None:
    async def stubborn() -> AsyncIterator[Row]:
        for number in count():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.1)
            try:
                yield Row(number)
            except GeneratorExit:
                yield Row(-1)
                return

    answer = await stream(held(stubborn()), leave_after=0.25)
    assert answer.printed == ["opened", "closed"]
    assert "ignored GeneratorExit" in answer.logged[0].text


def raising_generator_exit(when: str) -> AsyncIterator[Row]:
    async def items() -> AsyncIterator[Row]:
        if when == "first":
            raise GeneratorExit
        yield Row(0)
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            raise GeneratorExit from None
        if when == "later":
            raise GeneratorExit
        await asyncio.sleep(100)

    return items()


@pytest.mark.parametrize(("when", "leave_after"), [("later", None), ("cancelled", 0.05)])
@pytest.mark.parametrize("hold", [held, transaction])
async def test_a_stream_whose_items_raise_generator_exit_is_torn_down_and_the_error_logged(
    when: str, leave_after: float | None, hold: Callable[[AsyncIterable[Row]], Stream[Row]]
) -> None:
    answer = await stream(hold(raising_generator_exit(when)), leave_after=leave_after)
    begun, ended = (
        ("opened", "closed") if hold is held else ("begin", "rolled back after GeneratorExit")
    )
    assert answer.printed == [begun, ended]
    assert (answer.body, answer.is_complete) == (b'{"number":0}\n', False)
    assert "broke off: RuntimeError: the stream raised GeneratorExit" in answer.logged[0].text


async def test_generator_exit_before_the_first_item_is_a_500_after_teardown() -> None:
    answer = await stream(held(raising_generator_exit("first")))
    assert (answer.status, answer.printed) == (500, ["opened", "closed"])


async def test_generator_exit_in_set_up_is_a_500() -> None:
    async def opening() -> AsyncGenerator[AsyncIterable[Row]]:
        if True:
            raise GeneratorExit
        yield rows()

    assert (await stream(opening())).status == 500


async def test_generator_exit_in_teardown_leaves_the_response_without_its_end() -> None:
    async def closing() -> AsyncGenerator[AsyncIterable[Row]]:
        yield rows(1)
        raise GeneratorExit

    answer = await stream(closing())
    assert (answer.body, answer.is_complete) == (b'{"number":0}\n', False)


def test_a_request_that_is_closed_with_its_event_loop_awaits_nothing_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class RowsEndpoint(Endpoint, path="/rows"):
        async def get(self) -> NDJSONStreamingResponse[Row]:
            return NDJSONStreamingResponse(stream=held(rows(pause=1000)))

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(_: Message) -> None:
        raise AssertionError

    async def begin() -> Coroutine[object, object, None]:
        scope: Scope = {"type": "http", "method": "GET", "path": "/rows", "headers": []}
        request = app_of(RowsEndpoint())(scope, receive, send)
        assert isinstance(request, Coroutine)
        request.send(None)  # to where the stream first suspends
        return request

    request = asyncio.run(begin())
    request.close()
    assert capsys.readouterr().out == "opened\n"


# What shares a write.


async def test_items_that_are_ready_share_a_write() -> None:
    async def ready() -> AsyncIterator[Row]:
        for number in range(3):
            yield Row(number)
        await asyncio.sleep(1)
        yield Row(3)

    answer = await stream(ready())
    assert b'{"number":0}\n{"number":1}\n{"number":2}\n' in b"".join(answer.chunks[:-1])
    assert answer.chunks[-1] == b'{"number":3}\n'


async def test_the_size_of_a_shared_write_is_bounded() -> None:
    class BlocksEndpoint(Endpoint, path="/"):
        async def get(self) -> StreamingResponse:
            return StreamingResponse(stream=self._blocks())

        async def _blocks(self) -> AsyncIterator[bytes]:
            for _ in range(100):
                yield bytes(4096)

    answer = await ask(app_of(BlocksEndpoint()), "/")
    assert len(answer.body) == 100 * 4096
    assert max(map(len, answer.chunks)) <= BATCH + 4096


async def test_items_that_were_ready_before_an_error_are_sent() -> None:
    async def ready() -> AsyncIterator[Row]:
        yield Row(0)
        yield Row(1)
        raise LookupError("row is missing")

    answer = await stream(ready())
    assert (answer.body, answer.is_complete) == (b'{"number":0}\n{"number":1}\n', False)


async def test_an_item_of_another_type_is_not_sent_and_both_types_are_named() -> None:
    async def mistaken() -> AsyncIterator[Row]:
        yield Row(0)
        yield {"number": 1}  # type: ignore[misc] # what is tested

    answer = await stream(mistaken())
    assert (answer.body, answer.is_complete) == (b'{"number":0}\n', False)
    assert answer.logged[0].text == (
        "RowsEndpoint.get: the stream broke off: TypeError: expected Row, and the stream gave dict"
    )


@pytest.mark.parametrize("pause", [None, 0.0, 0.1])
async def test_an_item_is_encoded_before_its_producer_goes_on(pause: float | None) -> None:
    async def reusing_one_row() -> AsyncIterator[Row]:
        row = Row(0)
        for row.number in range(5):
            if pause is not None:
                await asyncio.sleep(pause)
            yield row

    assert (await stream(reusing_one_row())).body == b"".join(
        b'{"number":%d}\n' % number for number in range(5)
    )


async def test_an_empty_chunk_is_not_sent() -> None:
    class ChunksEndpoint(Endpoint, path="/"):
        async def get(self) -> StreamingResponse:
            return StreamingResponse(stream=self._chunks())

        async def _chunks(self) -> AsyncIterator[bytes]:
            for chunk in (b"a", b"", b"b"):
                await asyncio.sleep(0.1)
                yield chunk

    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await app_of(ChunksEndpoint())(scope, receive, send)
    _, *bodies = sent
    assert b"".join(message["body"] for message in bodies) == b"ab"
    assert [message for message in bodies if message["more_body"] and not message["body"]] == []


class Pausing:
    """Rows with a pause after each, without anything to tear down; fails after the last if it shall."""

    def __init__(self, many: int, *, fails: bool) -> None:
        self.numbers = iter(range(many))
        self.fails = fails

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Row:
        await asyncio.sleep(0.1)
        for number in self.numbers:
            return Row(number)
        if self.fails:
            raise LookupError("row is missing")
        raise StopAsyncIteration


@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize("fails", [False, True])
async def test_items_that_come_during_a_slow_write_are_sent_after_it(
    many: int, *, fails: bool
) -> None:
    class RowsEndpoint(Endpoint, path="/rows"):
        async def get(self) -> NDJSONStreamingResponse[Row]:
            return NDJSONStreamingResponse(stream=Pausing(many, fails=fails))

    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        await asyncio.sleep(10)
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "path": "/rows", "headers": []}
    await app_of(RowsEndpoint())(scope, receive, send)
    bodies = sent[1:]
    assert b"".join(message["body"] for message in bodies) == b"".join(
        b'{"number":%d}\n' % number for number in range(many)
    )
    assert [message["more_body"] for message in bodies].count(False) == (0 if fails else 1)
