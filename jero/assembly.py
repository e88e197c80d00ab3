"""The parts of a running application, from startup to shutdown: routes, middleware, resources, open streams.

Kept out of `BaseApp`, so that subclasses are free to use any name.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from types import TracebackType
from typing import ClassVar, Final, Protocol, cast, override

from jero.asgi import ASGIApp, Receive, Scope, Send
from jero.authentication import Authenticator, require_authenticator
from jero.body import Limits
from jero.custom_types import Codec, CustomTypes
from jero.dispatch import Dispatcher
from jero.endpoint import Endpoint, require_template
from jero.errors import WiringError
from jero.hooks import require_hooks
from jero.lifespan import LifespanError
from jero.openapi.serving import Publication, compile_publications, handlers_of
from jero.responses import respond_problem
from jero.streaming.open import (
    OpenStreams,
    ShuttingDownError,
    on_stop_signals,
    watch_without_lifespan,
)
from jero.wiring import Site, compile_endpoint

_logger: Final = logging.getLogger("jero")


class Application(Protocol):
    """The part of `BaseApp` that an assembly uses."""

    ends_streams_on_signals: ClassVar[bool]
    shutdown_timeout: ClassVar[float]
    max_body: ClassVar[int | None]
    body_timeout: ClassVar[float | None]
    custom_types: ClassVar[CustomTypes]

    async def _wire(self) -> None: ...


class Assembly:
    """One start of an application: wired once, then served, then closed. A restart gets a new one."""

    def __init__(self, app: Application, base: type) -> None:
        """`base` is the class whose hooks and settings `app` can override."""
        self.name: Final = type(app).__name__
        self.dispatcher: Dispatcher = Dispatcher()
        self.publications: list[Publication] = []
        self.middleware: list[Callable[[ASGIApp], ASGIApp]] = []
        self.serve: ASGIApp = self.dispatcher.serve
        self.is_wired: bool = False
        self._app = app
        self._base = base
        self._resources = AsyncExitStack()
        self._streams = OpenStreams()
        self._entering: list[Coroutine[object, object, object]] = []
        self._is_live = False
        self._is_wiring = False
        self._wiring = asyncio.Lock()

    def require_wiring(self, method: str) -> None:
        """Raise `WiringError`, naming this method of the application, unless `_wire` is running."""
        if not self._is_wiring:
            when = "after" if self.is_wired else "before"
            raise WiringError(
                f"{self.name}.{method} is called {when} `_wire`, where it has no effect: call it in `_wire`, which"
                " runs at each start"
            )

    def include(
        self, prefix: str, endpoint: Endpoint, authenticator: Authenticator[object] | None
    ) -> None:
        """Serve `endpoint` under `prefix` and its path. Raises `WiringError`."""
        if isinstance(endpoint, type):
            raise WiringError(
                f"{endpoint.__name__} is a class: include an instance, `{endpoint.__name__}()`"
            )
        name = type(endpoint).__name__
        if not isinstance(endpoint, Endpoint):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise WiringError(
                f"{name} is not an endpoint: include instances of subclasses of `Endpoint`, one by one"
            )
        if not hasattr(endpoint, "path"):
            raise WiringError(
                f"{name} has no path: declare it as `class {name}(Endpoint, path='/…')`"
            )
        require_hooks(endpoint, Endpoint)
        if "path" in getattr(endpoint, "__dict__", {}):
            raise WiringError(
                f"{name} sets `path` on its instance, but `path` is the path of the endpoint: rename the attribute"
            )
        if authenticator is not None:
            require_authenticator(authenticator, name)
        path = prefix if prefix and endpoint.path == "/" else prefix + endpoint.path
        require_template(path, name)
        max_body: int | None = getattr(endpoint, "max_body", self._app.max_body)
        limits = Limits(
            max_body=max_body,
            max_upload=getattr(endpoint, "max_body", None),
            timeout=getattr(endpoint, "body_timeout", self._app.body_timeout),
        )
        site = Site(path, limits, authenticator, self._streams, self.dispatcher.codec)
        self.dispatcher.add(path, compile_endpoint(endpoint, site))

    def enter[T](self, resource: AbstractAsyncContextManager[T]) -> Coroutine[object, object, T]:
        """A coroutine that opens `resource`. Resources are closed in reverse order at shutdown."""
        if not self._is_live:
            _logger.warning(
                "%s is served without lifespan: its resources will not be closed", self.name
            )
        closed_in_time = _ClosedInTime(resource, self._app.shutdown_timeout, self.name)
        entering = self._resources.enter_async_context(closed_in_time)
        self._entering.append(entering)
        return entering

    async def start(self) -> None:
        """Wire the application, unless that has been done. Raises `WiringError`."""
        async with self._wiring:
            if self.is_wired:
                return
            self.dispatcher = Dispatcher(self._compile_codec())
            require_hooks(self._app, self._base)
            if self._app.ends_streams_on_signals and not self._is_live:
                self._streams.watch = partial(
                    watch_without_lifespan, self._end, self._streams.wait_closed
                )
            self.middleware, self.publications = [], []
            self._is_wiring = True
            try:
                await self._app._wire()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the hook its users define
                self._require_entered()
            except BaseException as error:
                if not self._is_live:
                    # Each request tries again, so the resources are closed now.
                    await self._resources.__aexit__(type(error), error, error.__traceback__)
                raise
            finally:
                self._is_wiring = False
                for each in self._entering:
                    each.close()
                self._entering.clear()
            handlers = handlers_of(self.dispatcher.routes)
            for path, routes in compile_publications(
                self.publications, handlers, self.dispatcher.codec
            ):
                self.dispatcher.add(path, routes)
            self.serve = self.dispatcher.serve
            for wrap in reversed(self.middleware):
                self.serve = wrap(self.serve)
            self.is_wired = True
            if not (self.dispatcher.routes or self.dispatcher.mounts):
                _logger.warning("%s serves nothing: include endpoints in `_wire`", self.name)

    def _compile_codec(self) -> Codec:
        try:
            return Codec(self._app.custom_types)
        except TypeError as error:
            raise WiringError(f"{self.name}.custom_types: {error}") from error

    def _require_entered(self) -> None:
        if any(getcoroutinestate(each) == CORO_CREATED for each in self._entering):
            raise WiringError(
                f"{self.name}._enter is called without `await`, so the resource is never opened: write `await"
                " self._enter(…)`"
            )

    async def live(self, receive: Receive, send: Send) -> None:
        """Run the lifespan for a server: start, serve until shutdown, close."""
        await receive()
        is_started = False
        try:
            async with self.run():
                is_started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:  # noqa: BLE001 - the server reports it, and stops
            phase = "shutdown" if is_started else "startup"
            await send({"type": f"lifespan.{phase}.failed", "message": self._explain(error, phase)})
        else:
            await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Start, serve while entered, close: streams first, then mounted applications, then resources.

        A resource can cancel this task, as a `TaskGroup` does when one of its tasks fails. From then on requests are
        refused, and everything is closed in the same order.
        """
        self._is_live = True
        async with self._resources:
            await self.start()
            async with AsyncExitStack() as stack:
                if self._app.ends_streams_on_signals:
                    stack.enter_context(on_stop_signals(self._end, self._streams.wait_closed))
                await stack.enter_async_context(self.dispatcher.mounts.live())
                try:
                    yield
                except BaseException as error:
                    self.serve = _refuse
                    if isinstance(error, asyncio.CancelledError):
                        _logger.critical(
                            "%s lost its lifespan and refuses all requests from now on: one of its resources cancelled"
                            " it, as a TaskGroup does when one of its tasks fails",
                            self.name,
                        )
                    raise
                finally:
                    self._end()
                    await self._streams.wait_closed()

    def _end(self) -> None:
        self._streams.end(self._app.shutdown_timeout)

    def _explain(self, error: Exception, phase: str) -> str:
        if isinstance(error, WiringError | LifespanError):
            return str(error)
        _logger.error("%s: %s failed", self.name, phase, exc_info=error)
        what = f"{self.name}._wire" if phase == "startup" else f"{self.name}: shutdown"
        return f"{what} failed: {_reason(error)}"


def _reason(error: BaseException) -> str:
    """The error in one line; for a group, each of its errors."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return "; ".join(map(_reason, group.exceptions))
    return f"{type(error).__name__}: {error}".removesuffix(": ")


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1012, "reason": ""})
        return
    await respond_problem(ShuttingDownError(), scope, send)


class _ClosedInTime[T](AbstractAsyncContextManager[T]):
    """A resource whose closing is cancelled after `timeout` seconds, so that the application always shuts down."""

    def __init__(
        self, resource: AbstractAsyncContextManager[T], timeout: float, owner: str
    ) -> None:
        self._resource = resource
        self._timeout = timeout
        self._owner = owner

    @override
    async def __aenter__(self) -> T:
        return await self._resource.__aenter__()

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                return await self._resource.__aexit__(kind, error, traceback)
        except TimeoutError:
            if not limit.expired():
                raise
            _logger.exception(
                "%s: closing %r took longer than %g s and was cancelled",
                self._owner,
                self._resource,
                self._timeout,
            )
            return None
