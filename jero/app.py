"""`BaseApp`: the ASGI application. What it serves, what it opens and closes, and its lifespan."""

import inspect
import logging
from asyncio import Lock
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from functools import partial
from typing import ClassVar, Concatenate, Final

from jero.asgi import ASGIApp, Receive, Scope, Send
from jero.authentication import Authenticator, require_authenticator
from jero.body import Limits
from jero.custom_types import Codec, CustomTypes
from jero.dispatch import Dispatcher
from jero.endpoint import Endpoint, require_template
from jero.errors import HTTPError, WiringError
from jero.lifespan import LifespanError
from jero.openapi.about import About, Contact, License, Server
from jero.openapi.operations import Version
from jero.openapi.serving import (
    Publication,
    compile_publications,
    handlers_of,
    require_servable,
)
from jero.streaming.open import OpenStreams, on_stop_signals
from jero.wiring import Site, compile_endpoint

_logger: Final = logging.getLogger("jero")


class BaseApp:
    """An ASGI 3 application. Subclass it and say in `_wire` what it serves:

        class App(BaseApp):
            async def _wire(self) -> None:
                self._include_endpoint(OrdersEndpoint())

        app = App()

    It is wired when the server starts it (lifespan), and a failure there keeps the server from starting, with the
    `WiringError`'s text as the reason. Under a server without lifespan it is wired on the first request.
    """

    ends_streams_on_signals: ClassVar[bool] = True
    """Whether open streams are brought to their end as soon as SIGINT or SIGTERM asks the process to stop.

    Servers wait for open responses before they tell an application to shut down, so a stream without an end would
    keep them waiting for ever. The server's own handling of the signal follows as ever. Only in the main thread.
    """

    shutdown_patience: ClassVar[float] = 10.0
    """How long teardown may take at shutdown before a stream is given up, in seconds."""

    max_body: ClassVar[int | None] = 1_048_576
    """The largest body that is held in memory, and the longest line of one that is read line by line, in bytes;
    `None` for any. An endpoint can have its own."""

    body_timeout: ClassVar[float | None] = 30.0
    """How long a body may take to arrive before it is given up with a 408, in seconds; `None` for ever. One that is
    read as it comes may be silent for that long. An endpoint can have its own."""

    custom_types: ClassVar[CustomTypes] = ()
    """What is sent and read for classes that msgspec does not know, wherever they stand: in responses, items, events,
    bodies, parameters, headers and the members of problems."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._dispatcher = Dispatcher()
        self._middleware: list[Callable[[ASGIApp], ASGIApp]] = []
        self._publications: list[Publication] = []
        self._entrance: ASGIApp = self._dispatcher.serve
        self._resources = AsyncExitStack()
        self._streams = OpenStreams()
        self._is_live = False
        self._is_wired = False
        self._wiring = Lock()

    async def _wire(self) -> None:
        """Include everything the application serves. Runs once a start, in the event loop that will serve."""

    def _include_endpoint(
        self, endpoint: Endpoint, *, authenticator: Authenticator[object] | None = None
    ) -> None:
        """Serve `endpoint` under its path; with an authenticator, only to users that it knows. Raises `WiringError`.

        A handler that is marked with `@operation(is_public=True)` is served to everybody.
        """
        self._include("", endpoint, authenticator)

    def _include_endpoints(
        self,
        prefix: str,
        *endpoints: Endpoint,
        authenticator: Authenticator[object] | None = None,
    ) -> None:
        """Serve each endpoint under `prefix` and its path, where the path `/` is the prefix itself.

        Slots in the prefix are slots of each path. Raises `WiringError`.
        """
        require_template(prefix, f"{type(self).__name__}._include_endpoints")
        if prefix.endswith("/"):
            raise WiringError(
                f"{type(self).__name__} includes endpoints under {prefix!r}: leave out the `/` at its end"
            )
        for endpoint in endpoints:
            self._include(prefix, endpoint, authenticator)

    def _include(
        self, prefix: str, endpoint: Endpoint, authenticator: Authenticator[object] | None
    ) -> None:
        if isinstance(endpoint, type):
            raise WiringError(
                f"{endpoint.__name__} is a class: include an instance, `{endpoint.__name__}()`"
            )
        name = type(endpoint).__name__
        if not isinstance(endpoint, Endpoint):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise WiringError(
                f"{name} is no endpoint: include instances of subclasses of `Endpoint`, one by one"
            )
        if not hasattr(endpoint, "path"):
            raise WiringError(
                f"{name} has no path: declare it as `class {name}(Endpoint, path='/…')`"
            )
        if authenticator is not None:
            require_authenticator(authenticator, name)
        path = prefix if prefix and endpoint.path == "/" else prefix + endpoint.path
        require_template(path, name)
        max_body: int | None = getattr(endpoint, "max_body", self.max_body)
        limits = Limits(
            max_body=max_body,
            max_upload=getattr(endpoint, "max_body", None),
            timeout=getattr(endpoint, "body_timeout", self.body_timeout),
        )
        site = Site(path, limits, authenticator, self._streams, self._dispatcher.codec)
        self._dispatcher.add(path, compile_endpoint(endpoint, site))

    def _mount(self, path: str, app: ASGIApp) -> None:
        """Let another ASGI application serve everything under `path` that no endpoint does, WebSockets included.

        Under `/` it serves all that nothing else does. Where two are mounted above a path, the longer of theirs counts.
        It finds `path` added to its `root_path`, as
        ASGI has it. Its lifespan runs within this application's: it is started after `_wire`, a failure there keeps
        the server from starting, and it is stopped after the last stream has ended and before what was entered is
        closed. Under a server without lifespan it has none. Raises `WiringError`.
        """
        name = type(self).__name__
        require_template(path, f"{name}._mount")
        if "{" in path or (path.endswith("/") and path != "/"):
            raise WiringError(
                f"{name} mounts under {path!r}: write it without slots and without a `/` at its end"
            )
        if not self._dispatcher.mounts.add(path, app):
            raise WiringError(f"{name} mounts two applications under {path!r}: move one of them")

    def _include_openapi(  # noqa: PLR0913 - what a document says of an API
        self,
        path: str = "/openapi.json",
        *,
        viewer: str | None = "/docs",
        title: str | None = None,
        version: str = "0.1.0",
        description: str | None = None,
        openapi: Version = "3.2",
        servers: Sequence[Server] = (),
        contact: Contact | None = None,
        license: License | None = None,  # noqa: A002 - what OpenAPI calls it
    ) -> None:
        """Serve the OpenAPI document of all endpoints, also of those included later, and a page that shows it.

        It is made when wiring ends, so what cannot be documented keeps the application from starting. By default the
        API is called what the application's class is, and described by its docstring. `version` is the API's own.
        `openapi="3.1"` is for tools that do not read 3.2, in which alone the items of a stream have a place of their
        own. `viewer=None` leaves the page out. `servers`, `contact` and `license` are dictionaries as OpenAPI has them,
        such as `{"url": "https://api.example.com"}` and `{"name": "Apache 2.0", "identifier": "Apache-2.0"}`. Mounted
        applications are not documented, nor are endpoints and operations with `is_documented = False`. Raises
        `WiringError`.
        """
        own = About.of(self)
        about = About(
            title or own.title,
            version,
            own.description if description is None else description,
            openapi,
            servers,
            contact,
            license,
        )
        publication = Publication(path, viewer, about)
        require_servable(publication, f"{type(self).__name__}._include_openapi")
        self._publications.append(publication)

    async def _enter[T](self, resource: AbstractAsyncContextManager[T]) -> T:
        """Open a resource for as long as the application runs: a pool, a client.

        Resources are closed in reverse after the last stream has ended, also when starting up fails half-way. They
        are opened and closed in one task. Under a server without lifespan they are never closed. Raises `WiringError`
        for what is no asynchronous context manager.
        """
        _require_resource(resource, f"{type(self).__name__}._enter")
        if not self._is_live:
            _logger.warning(
                "%s is served without lifespan: what it opens will not be closed",
                type(self).__name__,
            )
        return await self._resources.enter_async_context(resource)

    def _wrap[**P](
        self,
        middleware: Callable[Concatenate[ASGIApp, P], ASGIApp],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Put an ASGI middleware around everything that is served, inside of those that were put before."""
        self._middleware.append(lambda app: middleware(app, *args, **kwargs))

    def _map_error[E: Exception](self, kind: type[E], to: Callable[[E], HTTPError]) -> None:
        """Answer errors of this kind, from handlers and from streams before their first item, with what `to` makes.

        The nearest class of an error's own bases counts. Raises `WiringError` for a kind that is mapped already.
        """
        if not self._dispatcher.map_error(kind, to):
            raise WiringError(
                f"{type(self).__name__} maps {kind.__name__} twice: leave one of them out"
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        kind: str = scope["type"]
        if kind == "lifespan":
            await self._live(receive, send)
        elif kind in {"http", "websocket"}:
            if not getattr(self, "_is_wired", False):
                await self._start()
            await self._entrance(scope, receive, send)
        else:
            raise ValueError(f"jero does not serve ASGI connections of the type {kind!r}")

    async def _start(self) -> None:
        if not hasattr(
            self, "_wiring"
        ):  # an `__init__` that does not call this one's loses nothing
            self._reset()
        async with self._wiring:
            if self._is_wired:
                return
            if not inspect.iscoroutinefunction(self._wire):
                name = type(self).__name__
                raise WiringError(
                    f"{name}._wire is no coroutine function: write it as `async def _wire(self)`"
                )
            self._dispatcher = Dispatcher(self._compile_codec())
            self._middleware, self._publications = [], []
            await self._wire()
            handlers = handlers_of(self._dispatcher.routes)
            for path, routes in compile_publications(
                self._publications, handlers, self._dispatcher.codec
            ):
                self._dispatcher.add(path, routes)
            self._entrance = self._dispatcher.serve
            for wrap in reversed(self._middleware):
                self._entrance = wrap(self._entrance)
            self._is_wired = True
            if not (self._dispatcher.routes or self._dispatcher.mounts):
                _logger.warning(
                    "%s serves nothing: include endpoints in `_wire`", type(self).__name__
                )

    def _compile_codec(self) -> Codec:
        try:
            return Codec(self.custom_types)
        except TypeError as error:
            raise WiringError(f"{type(self).__name__}.custom_types: {error}") from error

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        # A new start is wired anew: endpoints, and what is kept here, may belong to one event loop.
        self._reset()
        self._is_live = True
        is_started = False
        try:
            async with self._resources:
                await self._start()
                end = partial(self._streams.end, self.shutdown_patience)
                signals = on_stop_signals(end, self._streams.wait_closed)
                async with AsyncExitStack() as stack:
                    if self.ends_streams_on_signals:
                        stack.enter_context(signals)
                    await stack.enter_async_context(self._dispatcher.mounts.live())
                    is_started = True
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                    end()
                    await self._streams.wait_closed()
        except Exception as error:  # noqa: BLE001 - the server tells of it, and stops
            phase = "shutdown" if is_started else "startup"
            await send({"type": f"lifespan.{phase}.failed", "message": self._explain(error, phase)})
        else:
            await send({"type": "lifespan.shutdown.complete"})

    def _explain(self, error: Exception, phase: str) -> str:
        if isinstance(error, WiringError | LifespanError):
            return str(error)
        name = type(self).__name__
        _logger.error("%s: %s failed", name, phase, exc_info=error)
        what = f"{name}._wire" if phase == "startup" else f"{name}: shutdown"
        return f"{what} failed: {type(error).__name__}: {error}"


def _require_resource(resource: object, name: str) -> None:
    """Raises `WiringError` for what cannot be entered with `async with`, on behalf of who is given it."""
    if isinstance(resource, AbstractAsyncContextManager):
        return
    if callable(resource):
        called = getattr(resource, "__name__", "it")
        mend = f"call it, as in `await self._enter({called}())`"
    elif isinstance(resource, AbstractContextManager):
        mend = "it is entered with a plain `with`: make it an asynchronous one"
    else:
        mend = "expected what can be entered with `async with`"
    raise WiringError(f"{name} is given {resource!r}: {mend}")
