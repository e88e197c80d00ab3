"""The process that runs snippets. It serves, on the socket that its supervisor hands it:

    POST live/runs         one request to a snippet → what comes of it, as NDJSON of `RunEvent`
    POST live/disconnect   the client of that run leaves; its events go on until the app's teardown is done
    GET  live/health       that the process is alive
    live/app/<snippet>/…   the snippet's own routes, for `curl -N`

It is asked by the front alone, which checks who asks. Only what the catalogue lists is ever imported.
"""

import asyncio
import logging
import os
import socket
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
import uvicorn
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from docstage.run.asgi import ASGIApp, Message, Receive, Scope, Send
from docstage.run.events import Request
from docstage.run.runner import Run, run_on
from docstage.run.stage import Stage, StageError
from docstage.server.problem import Problem
from docstage.snippet.catalogue import UnknownSnippetError
from docstage.snippet.project import Project

ROUTES: Final = "/live/app/"

GRACE: Final = 1
"""Seconds that open streams have at shutdown. The supervisor's timeout is a little longer."""

_logger: Final = logging.getLogger(__name__)

RunId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]


_Body = TypeVar("_Body")


class RefusedError(Exception):
    """The request is not carried out. `response` says why."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.response = Problem(status, detail, headers)


class SnippetPool:
    """The snippets that have had a request, each imported and started once, and their active runs and requests."""

    def __init__(self, project: Project) -> None:
        self.limits = project.config.limits
        self._most = project.config.server.runs
        self._catalogue = project.catalogue()
        self._stages: dict[str, Stage] = {}
        self._runs: dict[str, Run] = {}
        self._calls: set[asyncio.Timeout] = set()

    def stage(self, name: str) -> Stage:
        """The stage of a snippet of the catalogue. Raises `RefusedError` if there is no such snippet."""
        if name not in self._stages:
            try:
                snippet = self._catalogue.get(name, is_recorded=False)
            except UnknownSnippetError as error:
                raise RefusedError(HTTPStatus.NOT_FOUND, str(error)) from None
            self._stages[name] = Stage(snippet.module, names=snippet.app)
        return self._stages[name]

    def admit(self, run_id: str | None = None) -> None:
        """Raises `RefusedError` at the limit of concurrent runs, and when a run with that id is active."""
        if run_id in self._runs:
            detail = f"A run with the id {run_id!r} is already active: choose another."
            raise RefusedError(HTTPStatus.CONFLICT, detail)
        if len(self._runs) + len(self._calls) >= self._most:
            detail = f"The limit of {self._most} concurrent runs is reached: stop one, or wait."
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"retry-after": "2"})

    @contextmanager
    def running(self, run_id: str, run: Run) -> Generator[None]:
        """Have `run` counted, and found by its id. Raises as `admit` does."""
        self.admit(run_id)
        self._runs[run_id] = run
        try:
            yield
        finally:
            del self._runs[run_id]

    @contextmanager
    def calling(self, deadline: asyncio.Timeout) -> Generator[None]:
        """Have a request to a snippet's own routes counted, and cut off when the process stops."""
        self._calls.add(deadline)
        try:
            yield
        finally:
            self._calls.discard(deadline)

    def disconnect(self, run_id: str) -> bool:
        """Disconnect the client of that run. False if no such run is active."""
        run = self._runs.get(run_id)
        if run is not None:
            run.disconnect()
        return run is not None

    def disconnect_all(self) -> None:
        """Disconnect the clients of all runs and requests."""
        for run in self._runs.values():
            run.disconnect()
        for deadline in self._calls:
            deadline.reschedule(0)

    async def aclose(self) -> None:
        """Shut down the snippets' apps."""
        stages = self._stages.values()
        await asyncio.gather(*(stage.aclose(GRACE / 4) for stage in stages))


class RunJob(Struct, frozen=True, forbid_unknown_fields=True):
    """A request to send to a snippet. `id` is the page's own name for the run, by which to disconnect it."""

    id: RunId
    snippet: str
    request: Request


class RunName(Struct, frozen=True, forbid_unknown_fields=True):
    """The id that a run was started with."""

    id: RunId


class Live:
    """What the worker serves of its own."""

    def __init__(self, pool: SnippetPool) -> None:
        self._pool = pool
        self.app = Starlette(
            routes=[
                Route("/live/runs", self._run, methods=["POST"]),
                Route("/live/disconnect", self._disconnect, methods=["POST"]),
                Route("/live/health", self._say_so, methods=["GET"]),
            ],
            exception_handlers={RefusedError: _refuse},
        )

    async def _run(self, request: HTTPRequest) -> Response:
        """Send a request to a snippet: what comes of it, until it has ended. To stop reading disconnects it."""
        job = await _decoded(request, RunJob)
        stage = self._pool.stage(job.snippet)
        self._pool.admit(job.id)
        return _Events(self._pool, job, stage)

    async def _disconnect(self, request: HTTPRequest) -> Response:
        """Disconnect the client of a run."""
        name = await _decoded(request, RunName)
        return _json({"found": self._pool.disconnect(name.id)})

    async def _say_so(self, _: HTTPRequest) -> Response:
        """Answer, as long as the event loop turns."""
        return _json({"alive": True})


class _Events(Response):
    """The events of a run, as NDJSON."""

    def __init__(self, pool: SnippetPool, job: RunJob, stage: Stage) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._pool = pool
        self._job = job
        self._stage = stage

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        run = run_on(self._stage, self._job.request, self._pool.limits)
        leaving = asyncio.create_task(_disconnect_with_reader(run, receive))
        try:
            with self._pool.running(self._job.id, run):
                async with run:
                    await self._send(run, send)
        finally:
            leaving.cancel()

    async def _send(self, run: Run, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for event in run:
            line = msgspec.json.encode(event) + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _disconnect_with_reader(run: Run, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    run.disconnect()


async def _decoded(request: HTTPRequest, kind: type[_Body]) -> _Body:
    """The request's body. Raises `RefusedError`."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.ValidationError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.") from None
    except ValueError as error:  # not JSON, or not UTF-8
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.") from None


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


async def _refuse(_: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return error.response


class Routes:
    """Every snippet's own app, mounted under its name: `live/app/streaming.ndjson/movies` is its `/movies`."""

    def __init__(self, pool: SnippetPool) -> None:
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one request to the snippet that its path names, within the limits of a run."""
        name = scope["path"].removeprefix(ROUTES).partition("/")[0]
        try:
            stage = self._pool.stage(name)
            self._pool.admit()
            app = await stage.app()
        except RefusedError as error:
            await error.response(scope, receive, send)
            return
        except StageError as error:
            problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
            await problem(scope, receive, send)
            return
        # As uvicorn has it (--root-path): `path` is the whole of it, and `root_path` what the app is mounted at.
        scope = {**scope, "root_path": ROUTES + name, "state": stage.state()}
        limits = self._pool.limits
        deadline = asyncio.timeout(limits.seconds)
        try:
            async with deadline:
                with self._pool.calling(deadline):
                    await app(scope, receive, _at_most(limits.bytes, send))
        except TimeoutError:
            if not deadline.expired():
                raise
            _logger.warning("%s: cut off after %g s", scope["path"], limits.seconds)
        except OverLimitError:
            _logger.warning("%s: cut off after %d bytes", scope["path"], limits.bytes)


class OverLimitError(OSError):
    """What `send` raises when the client is gone (ASGI HTTP 2.4): here, when it has had enough."""


def _at_most(limit: int, send: Send) -> Send:
    sent = 0

    async def send_counted(message: Message) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        if sent > limit:
            raise OverLimitError
        await send(message)

    return send_counted


def application(pool: SnippetPool) -> ASGIApp:
    """The whole of what the worker serves."""
    live, routes = Live(pool).app, Routes(pool)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_route = scope["type"] == "http" and scope["path"].startswith(ROUTES)
        await (routes if is_route else live)(scope, receive, send)

    return app


class Server(uvicorn.Server):
    """uvicorn, which at shutdown waits for its streams: here their clients leave first."""

    def __init__(self, pool: SnippetPool, listener: int) -> None:
        self._pool = pool
        super().__init__(
            uvicorn.Config(
                application(pool),
                fd=listener,
                loop="asyncio",
                ws="none",
                lifespan="on",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=GRACE,
            )
        )

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # What is cut off from here on is cut off on purpose: nothing to report.
        logging.disable()
        self._pool.disconnect_all()
        await super().shutdown(sockets)
        await self._pool.aclose()


def _leave_with_parent(address: Path) -> None:
    """End the process when the supervisor is gone, even while the event loop is stuck, and clean up after both.

    Standard input is a pipe that only the supervisor could write to, and never does.
    """
    os.read(0, 1)
    with suppress(OSError):
        address.unlink()
        address.parent.rmdir()
    os._exit(1)


def main() -> None:
    """Run as `python -m docstage.server.worker PROJECT SOCKET`: JSON, and an inherited file descriptor."""
    project = Project.load(sys.argv[1])
    project.enter()
    listener = int(sys.argv[2])
    with socket.socket(fileno=os.dup(listener)) as bound:
        address = Path(bound.getsockname())
    threading.Thread(target=_leave_with_parent, args=(address,), daemon=True).start()
    Server(SnippetPool(project), listener).run()


if __name__ == "__main__":
    main()
