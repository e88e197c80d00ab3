"""A request → its handler; and the response if there is no handler or it fails."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, cast

from jero.asgi import Receive, Scope, Send, path_below, report_error
from jero.binding import PATH_VALUES
from jero.custom_types import PLAIN, Codec
from jero.errors import (
    BadRequestError,
    ClientDisconnectedError,
    HTTPError,
    MethodNotAllowedError,
    UnauthorizedError,
    WiringError,
)
from jero.fields import first_line
from jero.mounting import Mounts
from jero.responses import respond_options, respond_problem
from jero.routing import Match, Router, allowed, split
from jero.wiring import Route

_logger: Final = logging.getLogger("jero")

_REQUEST_ID: Final = re.compile(rb"[\w.:/+=-]{1,128}")


class Dispatcher:
    """Dispatches requests: holds an application's routes, mounts and error mappings."""

    def __init__(self, codec: Codec = PLAIN) -> None:
        self.codec: Codec = codec
        self.routes: list[Route] = []
        self.mounts: Mounts = Mounts()
        self._router: Router[Route] = Router()
        self._mappings: dict[type[Exception], Callable[[Exception], HTTPError]] = {}

    def add(self, path: str, routes: Mapping[str, Route]) -> None:
        """Serve `routes`, by method, under `path`. Raises `WiringError` if it is already served."""
        if not self._router.add(path, routes):
            owner = self._router.match(path.split("/"))
            assert owner is not None
            name, other = (_owner_of(each) for each in (routes, owner.methods))
            raise WiringError(
                f"{name}: {path!r} is already served by {other}: define all methods of a path in one class, or change"
                " the path of one of them"
            )
        self.routes += routes.values()

    def map_error[E: Exception](self, kind: type[E], to: Callable[[E], HTTPError]) -> bool:
        """Map errors of this class to the error that `to` returns. False, without a change, if it is already mapped."""
        if kind in self._mappings:
            return False
        self._mappings[kind] = cast("Callable[[Exception], HTTPError]", to)
        return True

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or open one WebSocket."""
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
            return
        route = None
        try:
            match = self._find(scope)
            if match is None:
                mounted = self.mounts.require(scope)
            else:
                scope["route"] = match.route
                method: str = scope["method"]
                route = match.methods.get("GET" if method == "HEAD" else method)
                if route is None:
                    await _answer_other(method, match.methods, scope, send)
                    return
                if match.values:
                    scope[PATH_VALUES] = match.values
                if route.bind is None:
                    result = await route.call()
                else:
                    arguments, receive = await route.bind(scope, receive)
                    result = await route.call(**arguments)
                await route.respond(result, scope, receive, send)
                return
        except BaseException as error:  # noqa: BLE001 - handled there
            # A handler raises only before any part of the response has been sent, so the error can be answered.
            await self._answer_error(error, route, scope, send)
            return
        app, inner = mounted
        await app(inner, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        mounted = self.mounts.find(scope)
        if mounted is None:
            await receive()
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
            return
        app, inner = mounted
        await app(inner, receive, send)

    def _find(self, scope: Scope) -> Match[Route] | None:
        raw: bytes | None = scope.get("raw_path")
        if raw is None or b"%" not in raw:
            path = path_below(scope)
            return self._router.find(path) or self._router.match(path.split("/"))
        try:
            segments = split(raw.partition(b"?")[0].decode())
        except UnicodeDecodeError:
            raise BadRequestError("The path is not UTF-8.") from None
        root = scope.get("root_path", "").rstrip("/").split("/")
        if len(root) > 1 and segments[: len(root)] == root:
            segments = ["", *(segments[len(root) :] or [""])]
        return self._router.match(segments)

    async def _answer_error(
        self, error: BaseException, route: Route | None, scope: Scope, send: Send
    ) -> None:
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            # Otherwise it was raised by the handler itself, for example a timeout that was not caught.
            if task is None or task.cancelling():
                raise error
        elif isinstance(error, ClientDisconnectedError):
            return
        elif not isinstance(error, Exception):
            raise error
        else:
            try:
                problem = self._problem_of(error, route)
                if problem is not None:
                    if problem.status_code >= 500:
                        _log_failure(error, route, scope)
                    await respond_problem(problem, scope, send, self.codec.encode)
                    return
            except ClientDisconnectedError:
                return
            except Exception as also:  # noqa: BLE001 - from a mapping, or from members without a JSON form
                error = also
        _log_failure(error, route, scope)
        report_error(scope, error)
        request_id = _request_id(scope)
        members = {"request_id": request_id} if request_id else None
        with suppress(ClientDisconnectedError):
            await respond_problem(HTTPError(members=members), scope, send)

    def _problem_of(self, error: Exception, route: Route | None) -> HTTPError | None:
        to = next((self._mappings[k] for k in type(error).__mro__ if k in self._mappings), None)
        problem = error if to is None else to(error)
        if not isinstance(problem, HTTPError):
            return None
        if isinstance(problem, UnauthorizedError) and route and route.handler.authenticator:
            problem.challenge(route.handler.authenticator.challenge)
        return problem


def _log_failure(error: BaseException, route: Route | None, scope: Scope) -> None:
    where = scope["path"] if route is None else route.handler.path
    request_id = _request_id(scope)
    by_name = f" (request {request_id})" if request_id else ""
    reason = f"{type(error).__name__}: {error}".removesuffix(": ")
    _logger.error("%s %s failed%s: %s", scope["method"], where, by_name, reason, exc_info=error)


async def _answer_other(
    method: str, methods: Mapping[str, Route], scope: Scope, send: Send
) -> None:
    """Answer a request for a method without a handler. Raises `MethodNotAllowedError`."""
    allow = allowed(methods)
    if method != "OPTIONS":
        raise MethodNotAllowedError(f"{scope['path']} serves {allow}", raw_headers={"allow": allow})
    await respond_options(allow, scope, send)


def _request_id(scope: Scope) -> str:
    """The request id that the client or a proxy has set, if it is safe to log."""
    given = first_line(scope, b"x-request-id") or b""
    return given.decode() if _REQUEST_ID.fullmatch(given) else ""


def _owner_of(routes: Mapping[str, Route]) -> str:
    return type(next(iter(routes.values())).handler.endpoint).__name__
