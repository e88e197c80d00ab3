"""`BaseApp`: the ASGI application. Lifespan, dispatch, and what is answered when a handler fails."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial
from typing import ClassVar, Final

from jero.asgi import Receive, Scope, Send
from jero.endpoint import Endpoint
from jero.errors import (
    ClientDisconnectedError,
    HTTPError,
    MethodNotAllowedError,
    NotFoundError,
    WiringError,
)
from jero.responses import respond_options, respond_problem
from jero.routing import Router, allowed
from jero.streaming.open import OpenStreams, on_stop_signals
from jero.wiring import Route, compile_endpoint

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

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._router: Router[Route] = Router()
        self._owners: dict[str, str] = {}
        self._streams = OpenStreams()
        self._is_wired = False
        self._wiring = asyncio.Lock()

    async def _wire(self) -> None:
        """Include everything the application serves. Runs once a start, in the event loop that will serve."""

    def _include_endpoint(self, endpoint: Endpoint) -> None:
        """Serve `endpoint` under its path. Raises `WiringError`."""
        if isinstance(endpoint, type):
            raise WiringError(
                f"{endpoint.__name__} is a class: include an instance, `{endpoint.__name__}()`"
            )
        if not isinstance(endpoint, Endpoint):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise WiringError(
                f"{type(endpoint).__name__} is no endpoint: let it inherit from `Endpoint`"
            )
        methods = compile_endpoint(endpoint, self._streams)
        name = type(endpoint).__name__
        if not self._router.add(endpoint.path, methods):
            raise WiringError(
                f"{name}: {endpoint.path!r} is served by {self._owners[endpoint.path]} already:"
                " give one of them another path"
            )
        self._owners[endpoint.path] = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] == "http":
            if not getattr(self, "_is_wired", False):
                await self._start()
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
        else:
            raise ValueError(f"jero does not serve ASGI connections of the type {scope['type']!r}")

    async def _start(self) -> None:
        if not hasattr(
            self, "_wiring"
        ):  # an `__init__` that does not call this one's loses nothing
            self._reset()
        async with self._wiring:
            if not self._is_wired:
                self._router, self._owners = Router(), {}
                await _wire(self._wire, type(self).__name__)
                self._is_wired = True
                if not self._owners:
                    _logger.warning(
                        "%s serves nothing: include endpoints in `_wire`", type(self).__name__
                    )

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        # A new start is wired anew: endpoints, and what is kept here, may belong to one event loop.
        self._reset()
        try:
            await self._start()
        except WiringError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        except Exception as error:
            _logger.exception("%s: _wire failed", type(self).__name__)
            message = f"{type(self).__name__}._wire failed: {type(error).__name__}: {error}"
            await send({"type": "lifespan.startup.failed", "message": message})
            return
        end = partial(self._streams.end, self.shutdown_patience)
        closed = self._streams.wait_closed
        with on_stop_signals(end, closed) if self.ends_streams_on_signals else nullcontext():
            await send({"type": "lifespan.startup.complete"})
            await receive()
            end()
            await self._streams.wait_closed()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whatever answers raises only while nothing of the response is sent, so an error can be answered instead.
        try:
            await self._answer(scope, receive, send)
        except ClientDisconnectedError:
            return
        except HTTPError as error:
            await respond_problem(error, scope, send)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            await self._fail(scope, send)  # a timeout of the handler's own that was not caught, say
        except Exception:  # noqa: BLE001 - it is logged, and the worker lives on
            await self._fail(scope, send)

    async def _fail(self, scope: Scope, send: Send) -> None:
        _logger.error("%s %s failed", scope["method"], scope["path"], exc_info=True)  # noqa: LOG014 - called while handling it
        await respond_problem(HTTPError(), scope, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _path(scope)
        routes = self._router.find(path)
        if routes is None:
            raise NotFoundError(f"Nothing is served under {path}")
        method = scope["method"]
        route = routes.get("GET" if method == "HEAD" else method)
        if route is not None:
            if route.bind is None:
                result = await route.call()
            else:
                result = await route.call(**await route.bind(scope, receive))
            await route.respond(result, scope, receive, send)
        elif method == "OPTIONS":
            await respond_options(allowed(routes), send)
        else:
            allow = allowed(routes)
            raise MethodNotAllowedError(f"{path} serves {allow}", raw_headers={"allow": allow})


async def _wire(wire: Callable[[], Awaitable[None]], name: str) -> None:
    if not inspect.iscoroutinefunction(wire):
        raise WiringError(
            f"{name}._wire is no coroutine function: write it as `async def _wire(self)`"
        )
    await wire()


def _path(scope: Scope) -> str:
    """The path below the place where the application is mounted (ASGI: `path` begins with `root_path`)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path.removeprefix(root) or "/" if root else path
