"""Pull, encode and send items until the stream is drained or abandoned. Disconnects, keepalive, back-pressure and
fairness are handled here and nowhere else.

The stream runs in the request's own task, from setup to teardown, in an ordinary coroutine (`_main`) that encodes items
into a buffer. `_drive` runs that coroutine as `await` would. Whenever the coroutine suspends, `_drive` sends the buffer
before it passes the awaited future on to the event loop. So items that are ready at the same time share a write, and
no item waits for the next. A write that doesn't complete at once continues in a task of its own, so nothing that a
stream does to its own task, such as a timeout around an `await`, can interrupt a write. A stream that has suspended
for each of its last two items is written to by `_pull` itself, which costs less: the server is given the whole item in
one message.

Nothing else exists before the stream first suspends, because until then nobody else has had a turn: a stream that is
always ready pays for no task, no timer and no entry among the open streams. Then a second task waits for the client's
disconnect, and timers handle the start timeout and the keepalive. On disconnect, the request's task is cancelled once,
and only while it pulls: teardown may await anything and is never interrupted.
"""

import asyncio
import logging
import types
from collections.abc import Coroutine, Generator
from contextlib import suppress
from time import monotonic
from typing import Final

from jero.asgi import Message, Receive, Scope, Send, report_error
from jero.streaming.ending import CURRENT, StreamEnding
from jero.streaming.lifecycle import Source
from jero.streaming.open import OpenStreams
from jero.streaming.wire import PING, Encode

_logger: Final = logging.getLogger("jero")

START_TIMEOUT: Final = 0.25
"""How long the response's start waits for the first item, in seconds. An error before then gets an error response."""

BATCH: Final = 65_536
"""How many bytes of ready items are collected before they are sent."""

SLICE: Final = 0.0003
"""How long a ready item may wait for others, and how long a stream that never suspends may run before it yields to
the event loop, in seconds."""

STOP_TIMEOUT: Final = 3.0
"""How long after a disconnect a producer may ignore its cancellation before it is abandoned, in seconds."""


class Pump[T]:
    """One streaming response: `start`, every item of `source`, and the end.

    `name` is the handler's, for the log; errors that are logged are reported to the server of `scope`, too. After
    `keepalive` seconds of silence a comment is sent. From when it first suspends, the stream is one of `streams`.
    """

    __slots__ = (
        "_buffer",
        "_cancels",
        "_encode",
        "_failure",
        "_has_paused",
        "_is_abandoned",
        "_is_busy",
        "_is_dropped",
        "_is_gone",
        "_is_pulling",
        "_is_started",
        "_is_torn_down",
        "_keepalive",
        "_loop",
        "_name",
        "_ping_timer",
        "_receive",
        "_scope",
        "_send",
        "_sending",
        "_sent_at",
        "_source",
        "_start",
        "_start_timer",
        "_stop_timer",
        "_streams",
        "_task",
        "_watcher",
        "ending",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - all that a streaming response is, given once
        self,
        source: Source[T],
        encode: Encode,
        start: Message,
        scope: Scope,
        receive: Receive,
        send: Send,
        streams: OpenStreams,
        *,
        name: str,
        keepalive: float | None = None,
    ) -> None:
        self._source = source
        self._encode = encode
        self._start = start
        self._scope = scope
        self._receive = receive
        self._send = send
        self._streams = streams
        self._name = name
        self._keepalive = keepalive
        self._buffer: list[bytes] = []  # whole items, always
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._start_timer: asyncio.TimerHandle | None = None
        self._ping_timer: asyncio.TimerHandle | None = None
        self._stop_timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._sent_at = 0.0
        self._failure: Exception | None = None
        self._cancels = 0
        self._has_paused = False
        self._is_busy = False
        self._is_started = False
        self._is_pulling = True
        self._is_torn_down = False
        self._is_gone = False
        self._is_abandoned = False
        self._is_dropped = False
        self.ending: StreamEnding | None = None

    async def run(self) -> None:
        """Send the whole response.

        Raises what setup or the first item raised, as long as nothing was sent. After that, an error is logged with
        its traceback and the response stays incomplete, which clients can detect. After a disconnect, at most one
        more item is pulled. Teardown runs before the end of the response is sent.
        """
        error: BaseException | None = None
        if self._streams.watch is not None:
            self._streams.add(
                self
            )  # sets signal handlers, which must be in place before a client sees anything
        outer = CURRENT.get()
        CURRENT.set(self)
        try:
            await self._drive(self._main())
        except BaseException as raised:  # noqa: BLE001 - what it means depends on who caused it
            error = raised
        finally:
            self._is_pulling = self._is_torn_down = False  # the task isn't ours to cancel now
            self._streams.discard(self)
            if self._watcher is not None:
                self._stop_watching()
            CURRENT.set(outer)
            is_cancelled_by_others = self._take_back_cancels() if error or self._cancels else False
        if error is not None:
            self._settle(error, is_cancelled_by_others=is_cancelled_by_others)

    def _settle(self, error: BaseException, *, is_cancelled_by_others: bool) -> None:
        """Raise the error, log it, or ignore it, by who caused it and what was sent."""
        failure: BaseException | None = error
        if isinstance(error, asyncio.CancelledError):
            if is_cancelled_by_others:
                raise error
            if self._is_gone:
                failure = self._failure
            else:
                failure = _caused(RuntimeError("the stream was cancelled from within"), error)
        elif isinstance(error, GeneratorExit) and not self._is_dropped:
            failure = _caused(RuntimeError("the stream raised GeneratorExit"), error)
        if failure is None:
            return
        if not isinstance(failure, Exception) or not (self._is_started or self._is_gone):
            raise failure
        reason = f"{type(failure).__name__}: {failure}".removesuffix(": ")
        _logger.error("%s: the stream broke off: %s", self._name, reason, exc_info=failure)
        report_error(self._scope, failure)

    # The stream, in the request's task.

    async def _main(self) -> None:
        source = self._source
        try:
            try:
                await source.open()
                await self._pull()
                self._is_pulling = False
                if source.has_teardown:
                    await self._flush()
            except BaseException as error:
                if self._is_dropped:
                    raise  # nothing can be awaited any more: `_drive` does the rest
                self._is_pulling = False
                is_cancelled = isinstance(error, asyncio.CancelledError) and self._is_cancelled()
                self._note(StreamEnding.CANCELLED if is_cancelled else StreamEnding.FAILED)
                await source.close(error)
                raise
            self._note(StreamEnding.DRAINED)
            await source.close(None)
        except asyncio.CancelledError:
            raise
        except BaseException:
            if not self._is_dropped:
                # Items encoded before the error are complete, so send them.
                await self._flush()
            raise
        self._is_torn_down = True
        while self._sending is not None:
            await asyncio.wait((self._sending,))
        if not self._is_gone:
            await self._put(self._take_buffer(), more_body=False)

    async def _pull(self) -> None:  # noqa: C901 - in one piece: a call per item would cost throughput
        encode, buffer, send = self._encode, self._buffer, self._send
        buffer += filter(None, map(encode, self._source.ready))
        size = sum(map(len, buffer))
        until, is_alone = monotonic() + SLICE, False
        async for item in self._source.rest:
            if not self._has_paused:  # so no other task has run
                part = encode(item)
                if part:
                    buffer.append(part)
                    size += len(part)
                is_alone = False
                if (is_late := monotonic() > until) or size > BATCH:
                    await self._flush()
                    if self._is_gone:
                        return
                    size = 0
                    if is_late:
                        await asyncio.sleep(0)
                continue
            self._has_paused = False
            if self._is_gone:
                return
            part = encode(item)
            if not part:
                continue
            if is_alone and not buffer and self._sending is None:
                # The stream suspends for each item, so no other item will share this write.
                self._is_busy = True
                try:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                except Exception as error:  # noqa: BLE001 - the stream must not catch it
                    self._note_unsent(error)
                self._is_busy = False
                if self._keepalive is not None:
                    self._sent_at = self._loop.time()
                continue
            buffer.append(part)
            if self._sending is not None:
                await asyncio.wait((self._sending,))
            until, is_alone, size = monotonic() + SLICE, self._is_started, sum(map(len, buffer))

    def _take_buffer(self) -> bytes:
        body = b"".join(self._buffer)
        self._buffer.clear()
        return body

    async def _flush(self) -> None:
        """Send the buffer now, and wait until it is sent."""
        while self._sending is not None:
            await asyncio.wait((self._sending,))
        self._send_buffer()
        while self._sending is not None:
            await asyncio.wait((self._sending,))

    @types.coroutine
    def _drive(self, main: Coroutine[object, None, None]) -> Generator[object]:
        """Run `main` as `await` would, and send the buffer whenever it suspends."""
        buffer, resume = self._buffer, main.send
        thrown: BaseException | None = None
        while True:
            try:
                waiting = resume(None) if thrown is None else main.throw(thrown)
            except StopIteration:
                return
            self._has_paused = True
            if buffer:
                self._send_buffer()
            if self._watcher is None:
                self._watch()
            thrown = None
            try:
                yield waiting
            except GeneratorExit:
                # The request itself is closed, with its event loop: nothing can be awaited any more.
                self._close(main)
                raise
            except BaseException as error:
                if not self._is_abandoned:
                    thrown = error
                    continue
                self._drop(main)
                if not self._is_pulling:
                    raise  # teardown did not end
                self._is_pulling = self._is_abandoned = False
                main = self._source.exit(error)
                resume = main.send

    def _drop(self, main: Coroutine[object, None, None]) -> None:
        _logger.error(
            "%s: the stream did not stop after the client disconnected, and was abandoned",
            self._name,
        )
        self._close(main)

    def _close(self, main: Coroutine[object, None, None]) -> None:
        self._is_dropped = True
        with suppress(Exception):  # the coroutine may refuse to be closed, too
            main.close()

    # Writes to the server.

    def _send_buffer(self) -> None:
        """Start sending the buffer. During another write, do nothing: the buffer is sent after it."""
        if self._buffer and self._sending is None and not self._is_gone:
            self._begin_to_send(self._take_buffer())

    def _begin_to_send(self, body: bytes) -> None:
        # Started eagerly: most writes complete at once, and then the task is done when it is created.
        sending = asyncio.Task(self._put(body), loop=self._loop, eager_start=True)
        if not sending.done():
            self._sending = sending
            sending.add_done_callback(self._sent)

    async def _put(self, body: bytes, *, more_body: bool = True) -> None:
        """Send a part of the response, after its start if that is not sent yet. An error counts as a disconnect."""
        self._is_busy = True
        message = {"type": "http.response.body", "body": body, "more_body": more_body}
        try:
            if not self._is_started:
                self._is_started = True
                await self._send(self._start)
            # Even if the body is empty: some servers hold the start back until the first body message.
            await self._send(message)
        except Exception as error:  # noqa: BLE001 - the stream must not catch it
            self._note_unsent(error)
        finally:
            self._is_busy = False
        if self._keepalive is not None:
            self._sent_at = self._loop.time()

    def _note_unsent(self, error: Exception) -> None:
        # ASGI servers may raise OSError after a disconnect (HTTP 2.4).
        if isinstance(error, OSError):
            self._note(StreamEnding.DISCONNECTED)
        else:
            self._failure = error
            self._note(StreamEnding.FAILED)
        self._loop.call_soon(self.leave)

    def _sent(self, _: asyncio.Task[None]) -> None:
        self._sending = None
        if self._buffer:
            self._send_buffer()

    # What goes on beside the stream, from when it first suspends: until then, nothing else runs.

    def _watch(self) -> None:
        self._source.claim()
        self._streams.add(self)
        self._watcher = self._loop.create_task(self._watch_client())
        if not self._is_started:
            self._start_timer = self._loop.call_later(START_TIMEOUT, self._start_anyway)
        if self._keepalive is not None:
            self._sent_at = self._loop.time()
            self._ping_timer = self._loop.call_later(self._keepalive, self._ping)

    def _stop_watching(self) -> None:
        self._source.release()
        beside = (
            self._watcher,
            self._sending,
            self._start_timer,
            self._ping_timer,
            self._stop_timer,
        )
        for each in beside:
            if each is not None:
                each.cancel()

    async def _watch_client(self) -> None:
        try:
            while (await self._receive())["type"] != "http.disconnect":
                pass
        except OSError:
            pass  # a disconnect, too
        except Exception as error:  # noqa: BLE001 - any failure of `receive` ends the stream
            self._failure = error
            self._note(StreamEnding.FAILED)
        self.leave()

    def _start_anyway(self) -> None:
        if not self._is_started and self._is_pulling and not self._is_busy:
            self._begin_to_send(b"")

    def _ping(self) -> None:
        assert self._keepalive is not None
        wait = self._sent_at + self._keepalive - self._loop.time()
        if wait <= 0:
            if self._is_pulling and not self._is_busy and not self._is_gone:
                self._begin_to_send(PING)
            wait = self._keepalive
        self._ping_timer = self._loop.call_later(wait, self._ping)

    # Early ends: disconnect, shutdown, abandonment.

    def _note(self, ending: StreamEnding) -> None:
        if self.ending is None:  # the first reason counts
            self.ending = ending

    def leave(self, ending: StreamEnding = StreamEnding.DISCONNECTED) -> None:
        """Stop pulling and tear down, as on a disconnect. Does nothing if that has happened."""
        if self._is_gone:
            return
        self._note(ending)
        self._is_gone = True
        if self._sending is not None:
            self._sending.cancel()
        if self._is_torn_down:
            self._cancel()
        elif self._is_pulling:
            self._cancel()
            self._stop_timer = self._loop.call_later(STOP_TIMEOUT, self._abandon_if_pulling)

    def abandon(self) -> None:
        """Give up on the stream, including its teardown."""
        self._is_gone = self._is_abandoned = True
        self.ending = StreamEnding.ABANDONED
        self._cancel()

    def _abandon_if_pulling(self) -> None:
        if self._is_pulling:
            self.abandon()

    def _cancel(self) -> None:
        assert self._task is not None
        self._cancels += 1
        self._task.cancel()

    def _take_back_cancels(self) -> bool:
        """Uncancel the task as often as the pump cancelled it. Returns whether others have cancelled it, too."""
        assert self._task is not None
        for _ in range(self._cancels):
            self._task.uncancel()
        return self._task.cancelling() > 0

    def _is_cancelled(self) -> bool:
        """Whether someone other than the pump has cancelled the request's task."""
        assert self._task is not None
        return self._task.cancelling() > self._cancels


def _caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error
