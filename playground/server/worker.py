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
from collections.abc import AsyncGenerator, AsyncIterable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Final, override

import msgspec
import uvicorn
from msgspec import Meta, Struct

from jero import BaseApp, Endpoint, HTTPError, NDJSONStreamingResponse
from playground.run.asgi import ASGIApp, Message, Receive, Scope, Send
from playground.run.events import Request, RunEvent
from playground.run.runner import Run, run_on
from playground.run.stage import Stage, StageError
from playground.server.settings import Settings
from playground.snippet.catalogue import Catalogue, UnknownSnippetError

ROUTES: Final = "/live/app/"

GRACE: Final = 1
"""Seconds that open streams have at shutdown. The supervisor's timeout is a little longer."""

_logger: Final = logging.getLogger(__name__)

type RunId = Annotated[str, Meta(min_length=1, max_length=64)]


class NoSuchSnippetError(HTTPError):
    """The catalogue lists no snippet by that name."""

    status_code = 404
    title = "Unknown snippet"


class DuplicateRunError(HTTPError):
    """A run with that id is active."""

    status_code = 409


class BusyError(HTTPError):
    """The limit of concurrent runs is reached."""

    status_code = 503
    title = "Too many runs"


class SnippetPool:
    """The snippets that have had a request, each imported and started once, and their active runs and requests."""

    def __init__(self, settings: Settings) -> None:
        self.limits = settings.limits
        self._most = settings.runs
        self._catalogue = Catalogue(Path(settings.root), settings.package)
        self._stages: dict[str, Stage] = {}
        self._runs: dict[str, Run] = {}
        self._calls: set[asyncio.Timeout] = set()

    def stage(self, snippet: str) -> Stage:
        """The stage of a snippet of the catalogue. Raises `NoSuchSnippetError`."""
        if snippet not in self._stages:
            try:
                self._stages[snippet] = Stage(self._catalogue.get(snippet).module)
            except UnknownSnippetError as error:
                raise NoSuchSnippetError(str(error)) from None
        return self._stages[snippet]

    def admit(self, run_id: str | None = None) -> None:
        """Raises `BusyError`, or `DuplicateRunError` when a run with that id is active."""
        if run_id in self._runs:
            raise DuplicateRunError(
                f"A run with the id {run_id!r} is already active: choose another."
            )
        if len(self._runs) + len(self._calls) >= self._most:
            detail = f"The limit of {self._most} concurrent runs is reached: stop one, or wait."
            raise BusyError(detail, raw_headers={"retry-after": "2"})

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


class RunsEndpoint(Endpoint, path="/live/runs"):
    """Runs snippets."""

    def __init__(self, pool: SnippetPool) -> None:
        self._pool = pool

    async def post(self, json: RunJob) -> NDJSONStreamingResponse[RunEvent]:
        """Send a request to a snippet: what comes of it, until it has ended. To stop reading disconnects it."""
        stage = self._pool.stage(json.snippet)
        self._pool.admit(json.id)
        return NDJSONStreamingResponse(stream=self._run(json, stage))

    async def _run(self, job: RunJob, stage: Stage) -> AsyncGenerator[AsyncIterable[RunEvent]]:
        run = run_on(stage, job.request, self._pool.limits)
        with self._pool.running(job.id, run):
            async with run:
                yield run


class RunName(Struct, frozen=True, forbid_unknown_fields=True):
    """The id that a run was started with."""

    id: RunId


class Found(Struct, frozen=True):
    """Whether there was such a run."""

    found: bool


class DisconnectEndpoint(Endpoint, path="/live/disconnect"):
    """Disconnects the client of a run."""

    def __init__(self, pool: SnippetPool) -> None:
        self._pool = pool

    async def post(self, json: RunName) -> Found:
        """Disconnect a run."""
        return Found(self._pool.disconnect(json.id))


class Alive(Struct, frozen=True):
    """The process answers."""

    alive: bool = True


class HealthEndpoint(Endpoint, path="/live/health"):
    """Answers as long as the event loop turns."""

    async def get(self) -> Alive:
        """Say so."""
        return Alive()


class Live(BaseApp):
    """What the worker serves of its own."""

    # At shutdown it is the runs that leave first (see `Server`), so that their readers see them torn down.
    ends_streams_on_signals = False

    def __init__(self, pool: SnippetPool) -> None:
        super().__init__()
        self._pool = pool

    @override
    async def _wire(self) -> None:
        self._include_endpoint(RunsEndpoint(self._pool))
        self._include_endpoint(DisconnectEndpoint(self._pool))
        self._include_endpoint(HealthEndpoint())


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
        except HTTPError as error:
            await _respond(error, send)
            return
        except StageError as error:
            await _respond(HTTPError(str(error)), send)
            return
        # As uvicorn has it (--root-path): `path` is the whole of it, and `root_path` what the app is mounted at.
        scope = {**scope, "root_path": ROUTES + name}
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


async def _respond(error: HTTPError, send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json")]
    headers += [(name.encode(), value.encode()) for name, value in error.raw_headers.items()]
    await send({"type": "http.response.start", "status": error.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": error.problem()})


def application(pool: SnippetPool) -> ASGIApp:
    """The whole of what the worker serves."""
    live, routes = Live(pool), Routes(pool)

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
    """Run as `python -m playground.server.worker SETTINGS SOCKET`: JSON, and an inherited file descriptor."""
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    sys.path.insert(0, settings.root)
    listener = int(sys.argv[2])
    with socket.socket(fileno=os.dup(listener)) as bound:
        address = Path(bound.getsockname())
    threading.Thread(target=_leave_with_parent, args=(address,), daemon=True).start()
    Server(SnippetPool(settings), listener).run()


if __name__ == "__main__":
    main()
