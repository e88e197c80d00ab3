"""`ASGITransport`: an application behind an `httpx.AsyncClient`, in the client's own event loop."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Self, cast, overload, override

from jero.asgi import ASGIApp
from jero.testing.clients import AsyncTransport, library_of
from jero.testing.connection import Connection
from jero.testing.scope import HTTPVersion, Options, SpecVersion
from jero.testing.server import Server

if TYPE_CHECKING:
    import httpx
    import httpx2


class ASGITransport(AsyncTransport):
    """Sends the requests of an `AsyncClient` to `app`, any ASGI 3 application, and streams its responses.

    The client may come from httpx or httpx2.

        async with httpx.AsyncClient(
            transport=ASGITransport(app), base_url="http://testserver"
        ) as client:
            async with client.stream("GET", "/orders") as response:
                ...

    Entering the client starts the app's lifespan. Exiting it closes open responses and shuts the app down. The
    lifespan runs in one task, and its `state` is in the scope of every request. A client that is not entered serves
    the app without lifespan. Requires asyncio.

    A request returns as soon as its response starts. A chunk of the body can be read as soon as the app has sent it,
    and the app's `send` waits until the previous chunk is read, so an app is never more than one chunk ahead. If a
    request's body is an asynchronous iterator, it is pulled only when the app calls `receive`. httpx's timeouts do not
    apply: use `asyncio.timeout`.

    Closing a response, for example by exiting `client.stream`, sends the app `http.disconnect` and waits until its
    call has returned, so its teardown has run. Cancelling the task that reads the response does the same. An app that
    has not returned `timeout` seconds after a disconnect or after the start of shutdown is cancelled, and closing
    raises `TimeoutError`.

    An exception that the app raises is raised to the caller: from the request if the response has not started, else
    from reading the body, or else from closing. So is an exception that the app has answered or logged, if it reports
    it (see below). With `raise_app_exceptions=False`, the caller sees what a client on a network would: a 500, or
    `RemoteProtocolError` if the body ends early. In both modes, an app that returns before its response is complete
    raises `RemoteProtocolError`, and a failed startup or shutdown raises `LifespanError` with the app's message.

    `scope["extensions"]["jero.errors"]["report"]` is a function to which an app can pass an exception that it has
    handled. So an error that became a 500 or a log record still fails the test that caused it.

    `spec_version` is the ASGI version in the scope, and decides what `send` does after a disconnect. With "2.3" it does
    nothing, as in uvicorn, hypercorn and granian, so the app must receive `http.disconnect` to notice; with "2.4" it
    raises `OSError`. `root_path` is put before the URL's path, as by uvicorn. `client` is the client's address, or
    `None` as for a Unix socket.

    Raises `RuntimeError` if it is entered again before it is exited.
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

    @override
    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    @override
    async def aclose(self) -> None:
        """Close what is still open, and shut the app down. Raises what either of them raises."""
        await self._server.stop()

    @overload
    async def handle_async_request(self, request: "httpx.Request") -> "httpx.Response": ...
    @overload
    async def handle_async_request(self, request: "httpx2.Request") -> "httpx2.Response": ...
    @override
    async def handle_async_request(
        self, request: "httpx.Request | httpx2.Request"
    ) -> "httpx.Response | httpx2.Response":
        """Ask the app, and return its response as soon as that starts."""
        library = library_of(request)
        request = cast("httpx.Request", request)
        stream = cast("httpx.AsyncByteStream", request.stream)
        connection = self._server.connection(request, stream, library)
        start = await connection.open()
        return self._server.response(start, library.async_stream(_Body(connection)), library)


class _Body:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def chunks(self) -> AsyncGenerator[bytes]:
        while (chunk := await self._connection.read()) is not None:
            yield chunk

    async def close(self) -> None:
        await self._connection.close()
