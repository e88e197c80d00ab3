"""Pull, encode, send, until the stream is drained or abandoned. The only place that knows about disconnects,
keepalive, back-pressure and fairness.

The stream lives in the request's own task, from set-up to teardown. A second task watches: it waits for the client to
leave, and then cancels the first one once, while that one is pulling and only then, so that teardown, which may await
whatever it likes, is never cut short; and it sends what falls due while the stream is silent.
"""

import asyncio
import logging
from typing import Final

from jero.asgi import Message, Receive, Send
from jero.streaming.lifecycle import opened
from jero.streaming.responses import Stream
from jero.streaming.wire import PING, Encode

_logger: Final = logging.getLogger("jero")

PATIENCE: Final = 0.25
"""How long the response's start waits for the first item, in seconds. An error before then is answered properly."""

FAIRNESS: Final = 0.005
"""How long a stream that is always ready may go on before others get their turn, in seconds."""


async def pump[T](  # noqa: PLR0913 - all that a streaming response is, given once
    stream: Stream[T],
    encode: Encode,
    start: Message,
    receive: Receive,
    send: Send,
    *,
    name: str,
    keepalive: float | None = None,
) -> None:
    """Send `start`, every item of `stream`, and the end of the response.

    Raises what set-up or the first item raised, as long as nothing was sent. After that an error is logged with
    its traceback under `name`, and the response is left without its end, so that the client can tell. When the
    client leaves, no more than one further item is pulled. Teardown has run before the end is sent.
    """
    await _Pump(stream, encode, start, receive, send, name, keepalive).run()


class _Pump[T]:
    def __init__(  # noqa: PLR0913, PLR0917 - see `pump`, its only caller
        self,
        stream: Stream[T],
        encode: Encode,
        start: Message,
        receive: Receive,
        send: Send,
        name: str,
        keepalive: float | None,
    ) -> None:
        self._stream = stream
        self._encode = encode
        self._start = start
        self._receive = receive
        self._send = send
        self._name = name
        self._keepalive = keepalive
        self._loop = asyncio.get_running_loop()
        self._sending = asyncio.Lock()
        self._sent_at = self._gave_way_at = self._loop.time()
        self._is_started = False
        self._is_pulling = True
        self._is_gone = False

    async def run(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        watchers = [
            asyncio.create_task(self._watch_client(task)),
            asyncio.create_task(self._watch_silence()),
        ]
        try:
            await self._stream_all()
            if not self._is_gone:
                await self._put(b"", more_body=False)
        except asyncio.CancelledError:
            if not self._is_gone:
                raise
            task.uncancel()
        except Exception:
            if not self._is_started and not self._is_gone:
                raise
            _logger.exception("%s: the stream broke off", self._name)
        finally:
            for watcher in watchers:
                watcher.cancel()

    async def _stream_all(self) -> None:
        async with opened(self._stream) as source:
            try:
                for item in source.ready:
                    await self._send_item(item)
                async for item in source.rest:
                    if self._is_gone:
                        break
                    await self._send_item(item)
            finally:
                self._is_pulling = False

    async def _send_item(self, item: T) -> None:
        buffer = bytearray()
        self._encode(item, buffer)
        await self._put(bytes(buffer))
        if self._loop.time() - self._gave_way_at > FAIRNESS:
            await asyncio.sleep(0)
            self._gave_way_at = self._loop.time()

    async def _put(self, body: bytes, *, more_body: bool = True) -> None:
        try:
            async with self._sending:
                if not self._is_started:
                    self._is_started = True
                    await self._send(self._start)
                if body or not more_body:
                    await self._send(
                        {"type": "http.response.body", "body": body, "more_body": more_body}
                    )
        except OSError:  # how ASGI servers of spec version 2.4 say that the client is gone
            self._is_gone = True
        self._sent_at = self._loop.time()

    async def _watch_client(self, task: asyncio.Task[object]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._is_pulling:
            task.cancel()

    async def _watch_silence(self) -> None:
        await asyncio.sleep(PATIENCE)
        if not self._is_started:
            await self._put(b"")
        while self._keepalive is not None:
            due = self._sent_at + self._keepalive
            if (wait := due - self._loop.time()) > 0 or self._sending.locked():
                await asyncio.sleep(max(wait, self._keepalive / 10))
            elif self._is_pulling:
                await self._put(PING)
