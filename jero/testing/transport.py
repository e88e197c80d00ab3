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
    """Sends the requests of an `AsyncClient` to `app`, any ASGI 3 application, and streams what it answers.

    The client may be that of httpx or of httpx2.

        async with httpx.AsyncClient(
            transport=ASGITransport(app), base_url="http://testserver"
        ) as client:
            async with client.stream("GET", "/orders") as response:
                ...

    Entering the client starts the app's lifespan, and leaving it closes what is still open and shuts the app down.
    The lifespan lives in one task, and its `state` is in the scope of every request. A client that is not entered
    serves the app without lifespan. Works on asyncio.

    A request returns as soon as its response starts. A chunk of the body is there as soon as the app has sent it, and
    the app's `send` waits while the chunk before is unread, so an app is never more than one chunk ahead. A request's
    body that is an asynchronous iterator is pulled as far as the app calls `receive`. httpx's timeouts do not apply:
    use `asyncio.timeout`.

    Closing a response, which leaving `client.stream` does, tells the app `http.disconnect` and waits until its call
    has ended, so teardown has run by then. So does cancelling whoever reads. An app that has not returned `timeout`
    seconds after its client left, or after it was told to shut down, is cancelled, and closing raises `TimeoutError`.

    An exception that the app lets out is raised to the caller: from the request before the response has started, from
    reading the body after that, and else from closing. So is one that the app has answered or logged itself and
    reported (see below). With `raise_app_exceptions=False` the caller sees what a client on a network would: a 500, or
    `RemoteProtocolError` where the body breaks off. That is also raised, with either, where the app returns before its
    response is complete. Start-up and shutdown always raise: `LifespanError` with the app's own message.

    An app finds `scope["extensions"]["jero.errors"]["report"]`, a function that takes the exception that the app has
    dealt with, so that an error which became a 500 or a line in a log fails the test that caused it.

    `spec_version` is the ASGI version that the scope names, and decides what `send` does when the client has left:
    nothing with "2.3", as uvicorn, hypercorn and granian have it, so the app must look out for `http.disconnect`;
    with "2.4" it raises an `OSError`. `root_path` comes before the URL's path, as in uvicorn. `client` is the client's
    address, or `None` for a Unix socket's.

    Raises `RuntimeError` when entered twice at once.
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
