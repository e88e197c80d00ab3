"""One HTTP connection from the server's side: what the app receives and sends, and what its client reads."""

import asyncio
from collections.abc import AsyncIterable, Callable
from typing import TYPE_CHECKING

from jero.asgi import ASGIApp, Message, Scope
from jero.testing.clients import Library
from jero.testing.waiting import wait_returned

if TYPE_CHECKING:
    import httpx


class DisconnectedError(OSError):
    """The client has disconnected, so nothing can be sent any more (ASGI HTTP 2.4)."""


class Connection:
    """One call of `app`, in a task of its own, for one request.

    The app's `send` waits until the previous chunk is read. Its `receive` pulls `body` one part per call.
    """

    def __init__(  # noqa: PLR0913 - what a connection is, said once
        self,
        app: ASGIApp,
        scope: Scope,
        request: "httpx.Request",
        body: AsyncIterable[bytes],
        *,
        raise_app_exceptions: bool,
        timeout: float,
        library: Library,
        on_closed: Callable[["Connection"], None],
    ) -> None:
        self._app = app
        self._scope = scope
        self._request = request
        self._body = body
        self._raises = raise_app_exceptions
        self._timeout = timeout
        self._library = library
        self._on_closed = on_closed
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        self._is_wanted = asyncio.Event()
        self._has_news = asyncio.Event()
        self._start: Message | None = None
        self._failure: BaseException | None = None
        self._has_crashed = False
        self._is_complete = False
        self._is_gone = False
        self._task: asyncio.Task[None] | None = None
        self._uploading: asyncio.Task[None] | None = None

    # What the client does.

    async def open(self) -> Message | None:
        """Call the app and wait until its response starts; the message that starts it, or `None` if the app let an
        exception out first that is not to be raised.

        Raises what the app let out or reported before that, what the request's body raised, and
        `RemoteProtocolError` if the app just returned. By then the call has ended. When cancelled, the client
        leaves.
        """
        if isinstance(self._body, self._library.byte_stream):
            self._inbox.put_nowait(_request(b"".join(self._body), more_body=False))
        else:
            self._uploading = asyncio.create_task(self._upload())
        self._task = asyncio.create_task(self._run())
        try:
            await self._has_news.wait()
        except asyncio.CancelledError:
            await self._end()
            raise
        if self._start is not None:
            return self._start
        await self.close()
        if self._has_crashed:
            return None
        raise self._library.protocol_error(
            "the app returned without a response", request=self._request
        )

    async def read(self) -> bytes | None:
        """The next chunk of the response's body, as the app sent it; `None` after the last.

        Raises what the app let out or reported since, once it has returned, and `RemoteProtocolError` if it
        returned before its response was complete.
        """
        try:
            return await self._chunks.get()
        except asyncio.QueueShutDown:
            if self._is_complete:
                return None
        await self.close()
        raise self._library.protocol_error(
            "the app returned and left its response incomplete", request=self._request
        )

    async def close(self) -> None:
        """Leave, and wait until the app has returned.

        Raises what it let out or reported that was not raised yet, and `TimeoutError` if it had to be cancelled because
        it did not return in time.
        """
        await self._end()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _end(self) -> None:
        self._leave()
        assert self._task is not None
        if not await wait_returned(self._task, self._timeout):
            method, path = self._scope["method"], self._scope["path"]
            late = f"{method} {path}: the app had not returned {self._timeout:g} s after its client had left"
            self._fail(TimeoutError(f"{late}, and was cancelled"))
        if self._uploading is not None:
            await wait_returned(self._uploading, self._timeout)
        self._on_closed(self)

    def _leave(self) -> None:
        self._is_gone = True
        self._chunks.shutdown(immediate=True)
        self._stop_receiving()

    def _stop_receiving(self) -> None:
        self._inbox.shutdown(immediate=True)
        if self._uploading is not None:
            self._uploading.cancel()

    async def _upload(self) -> None:
        # In a task of its own: that the app gives up on a `receive` must not tear the body's iterator.
        await self._is_wanted.wait()
        try:
            async for chunk in self._body:
                if chunk:
                    self._is_wanted.clear()
                    self._inbox.put_nowait(_request(chunk, more_body=True))
                    await self._is_wanted.wait()
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the client's own, and so raised to it
            self._fail(error)
            self._inbox.shutdown(immediate=True)
        else:
            self._inbox.put_nowait(_request(b"", more_body=False))

    # What the app does.

    def report(self, error: BaseException) -> None:
        """Record an error that the app has handled itself, for the client to raise."""
        if self._raises:
            self._fail(error)

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except DisconnectedError:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised to the client
            self._has_crashed = True
            self.report(error)
        finally:
            self._has_news.set()
            self._chunks.shutdown()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._has_news.set()
        self._chunks.shutdown()
        if self._start is None:
            self._leave()  # so that an answer which the app may still send is not taken for the news

    async def _receive(self) -> Message:
        if self._inbox.empty():
            self._is_wanted.set()
        try:
            return await self._inbox.get()
        except asyncio.QueueShutDown:
            return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._is_gone:
            await self._send_to_nobody()
        elif kind == "http.response.start" and self._start is None:
            self._start = message
            self._has_news.set()
        elif kind == "http.response.body" and self._start is not None and not self._is_complete:
            await self._send_chunk(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self._is_complete = True
                self._chunks.shutdown()
                self._stop_receiving()
        else:
            raise RuntimeError(f"the app sent the ASGI message {kind!r}, which is not valid here")

    async def _send_chunk(self, chunk: bytes) -> None:
        assert self._start is not None
        if chunk and self._request.method != "HEAD" and self._start["status"] not in (204, 304):
            try:
                await self._chunks.put(chunk)
            except asyncio.QueueShutDown:
                await self._send_to_nobody()
        else:
            await asyncio.sleep(0)  # nothing else holds an app back that only ever sends such

    async def _send_to_nobody(self) -> None:
        if self._scope["asgi"]["spec_version"] >= "2.4":
            raise DisconnectedError("the client has disconnected")
        await asyncio.sleep(0)


def _request(body: bytes, *, more_body: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more_body}
