"""Pull, encode, send, until the stream is drained or abandoned. The only place that knows about disconnects,
keepalive, back-pressure and fairness.

The stream lives in the request's own task, from set-up to teardown, in an ordinary coroutine (`_main`), which encodes
items into a buffer. `_drive` runs that coroutine as `await` would; whenever it suspends, what is in the buffer is sent
before its wait is handed on to the event loop. So items that are ready share a write, and none waits for the next.
A write that the server does not take at once goes on in a task of its own: nothing that a stream does to its task, such
as a timeout around an `await`, can tear a write in two.

Nothing else is started before the stream first suspends. Then another task waits for the client to leave, and timers
see to what falls due in silence. When the client leaves, the request's task is cancelled once, and only while it
pulls: teardown may await whatever it likes, and is never cut short.
"""

import asyncio
import logging
import types
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from time import monotonic
from typing import Final

from jero.asgi import Message, Receive, Send
from jero.streaming.ending import CURRENT, StreamEnding
from jero.streaming.lifecycle import Source
from jero.streaming.wire import PING, Encode

_logger: Final = logging.getLogger("jero")

START_TIMEOUT: Final = 0.25
"""How long the response's start waits for the first item, in seconds. An error before then is answered properly."""

BATCH: Final = 65_536
"""How much ready items may come to before they are sent, in bytes."""

SLICE: Final = 0.0003
"""How long an item may wait for others that are ready, and how long a stream that is always ready may go on before
others get their turn, in seconds."""

REFUSAL: Final = 3.0
"""How long a producer may go on pulling after the client has left before it is abandoned, in seconds."""


class Pump[T]:
    """One streaming response: `start`, every item of `source`, and the end.

    `name` is the handler's, for the log; errors that are logged are told to `report` as well. After `keepalive` seconds
    of silence a comment is sent.
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
        "_refusal_timer",
        "_report",
        "_send",
        "_sending",
        "_sent_at",
        "_source",
        "_start",
        "_start_timer",
        "_task",
        "_watcher",
        "ending",
    )

    def __init__(  # noqa: PLR0913 - all that a streaming response is, given once
        self,
        source: Source[T],
        encode: Encode,
        start: Message,
        receive: Receive,
        send: Send,
        *,
        name: str,
        keepalive: float | None = None,
        report: Callable[[Exception], None] | None = None,
    ) -> None:
        self._source = source
        self._encode = encode
        self._start = start
        self._receive = receive
        self._send = send
        self._name = name
        self._keepalive = keepalive
        self._report = report
        self._buffer: list[bytes] = []  # whole items, always
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._start_timer: asyncio.TimerHandle | None = None
        self._ping_timer: asyncio.TimerHandle | None = None
        self._refusal_timer: asyncio.TimerHandle | None = None
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
        """Send it all.

        Raises what set-up or the first item raised, as long as nothing was sent. After that an error is logged with
        its traceback, and the response is left without its end, so that the client can tell. When the client leaves,
        no more than one further item is pulled. Teardown has run before the end is sent.
        """
        error: BaseException | None = None
        outer = CURRENT.get()
        CURRENT.set(self)
        try:
            await self._drive(self._main())
        except BaseException as raised:  # noqa: BLE001 - who caused it decides what it means
            error = raised
        finally:
            self._source.release()
            self._stop_all_beside()
            CURRENT.set(outer)
        is_cancelled_by_others = self._take_back_cancels()
        if isinstance(error, asyncio.CancelledError):
            if is_cancelled_by_others:
                raise error
            if self._is_gone:
                error = self._failure
            else:
                error = _caused(RuntimeError("the stream was cancelled from within"), error)
        elif isinstance(error, GeneratorExit) and not self._is_dropped:
            error = _caused(RuntimeError("the stream raised GeneratorExit"), error)
        if error is None:
            return
        if not isinstance(error, Exception) or not (self._is_started or self._is_gone):
            raise error
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        _logger.error("%s: the stream broke off: %s", self._name, reason, exc_info=error)
        if self._report is not None:
            self._report(error)

    # The stream's side, in the request's task.

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
                    raise  # nothing can be awaited any more: `_drive` sees to the rest
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
                # What was ready before the error is whole, and goes out.
                await self._flush()
            raise
        self._is_torn_down = True
        while self._sending is not None:
            await asyncio.wait((self._sending,))
        if not self._is_gone:
            await self._put(self._take_buffer(), more_body=False)

    async def _pull(self) -> None:  # noqa: C901 - in one piece, because each call an item would be felt
        encode, buffer, send = self._encode, self._buffer, self._send
        buffer += filter(None, map(encode, self._source.ready))
        size = sum(map(len, buffer))
        since, is_alone = monotonic(), False
        async for item in self._source.rest:
            if self._is_gone:
                return
            part = encode(item)
            if not self._has_paused:  # so nothing else has had a turn
                if part:
                    buffer.append(part)
                    size += len(part)
                is_alone = False
                if (is_late := monotonic() - since > SLICE) or size > BATCH:
                    await self._flush()
                    size = 0
                    if is_late:
                        await asyncio.sleep(0)
                continue
            self._has_paused = False
            if not part:
                continue
            if is_alone and not buffer and self._sending is None:
                # The stream suspends for each item, so nothing else will share this one's write.
                self._is_busy = True
                try:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                except Exception as error:  # noqa: BLE001 - it is not for the stream to catch
                    self._note_unsent(error)
                self._is_busy = False
                if self._keepalive is not None:
                    self._sent_at = self._loop.time()
                continue
            buffer.append(part)
            if self._sending is not None:
                await asyncio.wait((self._sending,))
            since, is_alone, size = monotonic(), self._is_started, sum(map(len, buffer))

    def _take_buffer(self) -> bytes:
        body = b"".join(self._buffer)
        self._buffer.clear()
        return body

    async def _flush(self) -> None:
        """Send what is in the buffer, now, and wait until it is sent."""
        while self._sending is not None:
            await asyncio.wait((self._sending,))
        self._send_buffer()
        while self._sending is not None:
            await asyncio.wait((self._sending,))

    @types.coroutine
    def _drive(self, main: Coroutine[object, None, None]) -> Generator[object]:
        """Run `main` as `await` would, and see to what is due whenever it suspends."""
        thrown: BaseException | None = None
        while True:
            try:
                waiting = main.send(None) if thrown is None else main.throw(thrown)
            except StopIteration:
                return
            self._has_paused = True
            if self._buffer:
                self._send_buffer()
            if self._watcher is None:
                self._watch()
            try:
                thrown = None
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
                    raise  # it was teardown that did not end
                self._is_pulling = self._is_abandoned = False
                main = self._source.exit(error)

    def _drop(self, main: Coroutine[object, None, None]) -> None:
        _logger.error(
            "%s: the stream did not end after the client had left, and was abandoned", self._name
        )
        self._close(main)

    def _close(self, main: Coroutine[object, None, None]) -> None:
        self._is_dropped = True
        with suppress(Exception):  # It may refuse that as well.
            main.close()

    # The client's side.

    def _send_buffer(self) -> None:
        """Begin to send what is in the buffer, unless something is being sent: then it is sent next."""
        if self._buffer and self._sending is None and not self._is_gone:
            self._begin_to_send(self._take_buffer())

    def _begin_to_send(self, body: bytes) -> None:
        # Eagerly: where the server takes it at once, as they mostly do, the task is over when it is made.
        sending = asyncio.Task(self._put(body), loop=self._loop, eager_start=True)
        if not sending.done():
            self._sending = sending
            sending.add_done_callback(self._sent)

    async def _put(self, body: bytes, *, more_body: bool = True) -> None:
        """Send a part of the response, and its start if that is not sent yet. What goes wrong makes the client gone."""
        self._is_busy = True
        message = {"type": "http.response.body", "body": body, "more_body": more_body}
        try:
            if not self._is_started:
                self._is_started = True
                await self._send(self._start)
            # Even without a body: some servers hold the start back until there is a message of it.
            await self._send(message)
        except Exception as error:  # noqa: BLE001 - it is not for the stream to catch
            self._note_unsent(error)
        finally:
            self._is_busy = False
        if self._keepalive is not None:
            self._sent_at = self._loop.time()

    def _note_unsent(self, error: Exception) -> None:
        # ASGI servers may report a client that is gone with an OSError (HTTP 2.4).
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

    # What goes on beside: nothing, until the stream first suspends.

    def _watch(self) -> None:
        self._watcher = self._loop.create_task(self._watch_client())
        if not self._is_started:
            self._start_timer = self._loop.call_later(START_TIMEOUT, self._start_anyway)
        if self._keepalive is not None:
            self._sent_at = self._loop.time()
            self._ping_timer = self._loop.call_later(self._keepalive, self._ping)

    def _stop_all_beside(self) -> None:
        beside = (
            self._watcher,
            self._sending,
            self._start_timer,
            self._ping_timer,
            self._refusal_timer,
        )
        for each in beside:
            if each is not None:
                each.cancel()

    async def _watch_client(self) -> None:
        try:
            while (await self._receive())["type"] != "http.disconnect":
                pass
        except OSError:
            pass  # which says as much
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody is there
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

    # How it ends before its end.

    def _note(self, ending: StreamEnding) -> None:
        if self.ending is None:  # the first reason counts
            self.ending = ending

    def leave(self, ending: StreamEnding = StreamEnding.DISCONNECTED) -> None:
        """Stop pulling and tear down, as if the client had gone. Does nothing if it has."""
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
            self._refusal_timer = self._loop.call_later(REFUSAL, self._refuse)

    def abandon(self) -> None:
        """Give the stream up as it is, its teardown included."""
        self._is_gone = self._is_abandoned = True
        self.ending = StreamEnding.ABANDONED
        self._cancel()

    def _refuse(self) -> None:
        if self._is_pulling:
            self.abandon()

    def _cancel(self) -> None:
        assert self._task is not None
        self._cancels += 1
        self._task.cancel()

    def _take_back_cancels(self) -> bool:
        """Uncancel the task as often as it was cancelled here. Whether others have cancelled it as well."""
        assert self._task is not None
        for _ in range(self._cancels):
            self._task.uncancel()
        return self._task.cancelling() > 0

    def _is_cancelled(self) -> bool:
        """Whether others have cancelled the task of the request."""
        assert self._task is not None
        return self._task.cancelling() > self._cancels


def _caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error
