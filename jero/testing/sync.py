"""`SyncASGITransport`: an application behind a `Client` of httpx or httpx2, in an event loop in a thread of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from concurrent.futures import Future
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast, overload, override

from msgspec import Struct

from jero.asgi import ASGIApp, Message
from jero.testing.clients import Library, SyncTransport, library_of
from jero.testing.clock import VirtualClock
from jero.testing.connection import Connection
from jero.testing.scope import HTTPVersion, Options, SpecVersion
from jero.testing.server import Server

if TYPE_CHECKING:
    import httpx
    import httpx2


class _Running(Struct, frozen=True):
    """An event loop that runs in another thread until `is_over` is set."""

    thread: Thread
    loop: asyncio.AbstractEventLoop
    is_over: asyncio.Event


class SyncASGITransport(SyncTransport):
    """Sends the requests of a `Client` to `app`, any ASGI 3 application, and streams what it answers.

    The client may be that of httpx or of httpx2.

        with httpx.Client(transport=SyncASGITransport(app), base_url="http://testserver") as client:
            with client.stream("GET", "/orders") as response:
                ...

    Entering the client starts an event loop in a thread of its own, and in that the app's lifespan; leaving it ends
    both. The client must be entered: a request that is sent otherwise is a `RuntimeError`. Threads may share it.

    `loop_factory` makes the event loop. On a `VirtualClock` time passes only while a call of the client waits, so what
    the app does between two calls takes none. A request's body that is an iterator is pulled in a thread of the loop's
    executor. Everything else is as in `ASGITransport`.
    """

    def __init__(  # noqa: PLR0913 - the options of a server, by name
        self,
        app: ASGIApp,
        *,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] | None = ("127.0.0.1", 50000),
        http_version: HTTPVersion = "1.1",
        spec_version: SpecVersion = "2.3",
        timeout: float = 10.0,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        options = Options(
            raise_app_exceptions=raise_app_exceptions,
            root_path=root_path,
            client=client,
            http_version=http_version,
            spec_version=spec_version,
            timeout=timeout,
        )
        self._server = Server(app, options)
        self._loop_factory = loop_factory
        self._running: _Running | None = None
        self._calls = 0

    @override
    def __enter__(self) -> Self:
        if self._running is not None:
            raise RuntimeError("this transport is in use already: make one for each client")
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        # A daemon, so that a client that was not left does not keep the process.
        thread = Thread(target=self._run, args=(ready,), name="jero.testing", daemon=True)
        thread.start()
        self._running = _Running(thread, *ready.result())
        try:
            self.call(self._server.start())
        except BaseException:
            self._stop()
            raise
        return self

    @override
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    @override
    def close(self) -> None:
        """Close what is still open, shut the app down, and end the thread. Raises what the first two raise."""
        if self._running is not None:
            try:
                self.call(self._server.stop())
            finally:
                self._stop()

    @overload
    def handle_request(self, request: "httpx.Request") -> "httpx.Response": ...
    @overload
    def handle_request(self, request: "httpx2.Request") -> "httpx2.Response": ...
    @override
    def handle_request(
        self, request: "httpx.Request | httpx2.Request"
    ) -> "httpx.Response | httpx2.Response":
        """Ask the app, and return its response as soon as that starts."""
        library = library_of(request)
        request = cast("httpx.Request", request)
        stream = cast("httpx.SyncByteStream", request.stream)
        body = stream if isinstance(stream, library.byte_stream) else _pulled(stream)
        connection, start = self.call(self._open(request, body, library))
        return self._server.response(start, library.sync_stream(_Body(self, connection)), library)

    @property
    def is_running(self) -> bool:
        """Whether there is a thread to call."""
        return self._running is not None

    def call[T](self, work: Coroutine[object, object, T]) -> T:
        """Do `work` in the event loop's thread and wait for it. A virtual clock stands still between two calls."""
        if self._running is None:
            work.close()
            raise RuntimeError(
                "nothing runs the app: enter the client, as in `with Client(transport=…) as client`"
            )
        future = asyncio.run_coroutine_threadsafe(self._in_time(work), self._running.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # where it was an interrupt that ended the wait
            raise

    async def _in_time[T](self, work: Coroutine[object, object, T]) -> T:
        loop = asyncio.get_running_loop()
        self._calls += 1
        if isinstance(loop, VirtualClock):
            loop.resume()
        try:
            return await work
        finally:
            self._calls -= 1
            if isinstance(loop, VirtualClock) and not self._calls:
                loop.pause()

    async def _open(
        self,
        request: "httpx.Request",
        body: "httpx.ByteStream | AsyncGenerator[bytes]",
        library: Library,
    ) -> tuple[Connection, Message | None]:
        connection = self._server.connection(request, body, library)
        return connection, await connection.open()

    def _run(self, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        try:
            with asyncio.Runner(loop_factory=self._loop_factory) as runner:
                runner.run(self._wait(ready))
        except BaseException as error:  # noqa: BLE001 - `__enter__` raises it
            ready.set_exception(error)

    async def _wait(self, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        loop, is_over = asyncio.get_running_loop(), asyncio.Event()
        ready.set_result((loop, is_over))
        await is_over.wait()
        if isinstance(loop, VirtualClock):
            loop.resume()

    def _stop(self) -> None:
        running, self._running = self._running, None
        assert running is not None
        running.loop.call_soon_threadsafe(running.is_over.set)
        running.thread.join()


class _Body:
    def __init__(self, transport: SyncASGITransport, connection: Connection) -> None:
        self._transport = transport
        self._connection = connection

    def chunks(self) -> Generator[bytes]:
        while (chunk := self._transport.call(self._connection.read())) is not None:
            yield chunk

    def close(self) -> None:
        if self._transport.is_running:  # else the transport has closed it
            self._transport.call(self._connection.close())


async def _pulled(body: Iterable[bytes]) -> AsyncGenerator[bytes]:
    iterator = iter(body)
    while (chunk := await asyncio.to_thread(next, iterator, None)) is not None:
        yield chunk
