"""An application that is served in this process: its lifespan and its open connections."""

from collections.abc import AsyncIterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from anyio import CancelScope

from jero.asgi import ASGIApp, Message
from jero.lifespan import Lifespan
from jero.testing.clients import Library
from jero.testing.connection import Connection
from jero.testing.scope import Options, http_scope

if TYPE_CHECKING:
    import httpx


class Server:
    """Serves `app` to one of the two transports."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app = app
        self._options = options
        self._lifespan: Lifespan | None = None
        self._open: set[Connection] = set()

    async def start(self) -> None:
        """Start the app. Raises `LifespanError`, and `RuntimeError` if it is started already."""
        if self._lifespan is not None:
            raise RuntimeError("this transport is in use already: make one for each client")
        self._lifespan = lifespan = Lifespan(self._app, self._options.timeout)
        try:
            await lifespan.start()
        except BaseException:
            self._lifespan = None
            with CancelScope(shield=True):
                await lifespan.abandon()
            raise

    async def stop(self) -> None:
        """Close what is still open, then shut the app down. Raises what either of them raises."""
        lifespan, self._lifespan = self._lifespan, None
        async with AsyncExitStack() as stack:
            if lifespan is not None:
                stack.push_async_callback(_stop, lifespan)
            for connection in tuple(self._open):
                stack.push_async_callback(connection.close)

    def connection(
        self, request: "httpx.Request", body: AsyncIterable[bytes], library: Library
    ) -> Connection:
        """A connection for `request`, which is of `library`, yet to be opened."""

        def report(error: BaseException) -> None:
            connection.report(error)

        state = {} if self._lifespan is None else self._lifespan.state
        connection = Connection(
            self._app,
            http_scope(request, self._options, state, report),
            request,
            body,
            raise_app_exceptions=self._options.raise_app_exceptions,
            timeout=self._options.timeout,
            library=library,
            on_closed=self._open.discard,
        )
        self._open.add(connection)
        return connection

    def response(
        self,
        start: Message | None,
        body: "httpx.AsyncByteStream | httpx.SyncByteStream",
        library: Library,
    ) -> "httpx.Response":
        """The response that `start` begins; or a 500 if the app sent none (see `Connection.open`)."""
        extensions = {"http_version": f"HTTP/{self._options.http_version}".encode("ascii")}
        if start is None:
            return library.response(500, text="Internal Server Error", extensions=extensions)
        return library.response(
            start["status"], headers=start.get("headers", ()), stream=body, extensions=extensions
        )


async def _stop(lifespan: Lifespan) -> None:
    # As `wait_returned` has it: a cancel scope that is cancelled does not cut teardown short.
    with CancelScope(shield=True):
        await lifespan.stop()
