"""Keeps one worker process running: started, watched, ended, started again.

The socket it answers on is opened here once and handed to each worker in turn. So a request that arrives between
two workers is not refused: it waits in the socket's backlog until the next one takes it.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import httpx
from msgspec import Struct

from docstage.server.console import report
from docstage.snippet.project import Project

HEALTH: Final = "http://worker/live/health"


class Timeouts(Struct, frozen=True):
    """How long the server waits for its worker, in seconds."""

    boot: float = 20.0
    """From the start of a process to its first answer."""

    between_pings: float = 0.5
    answer: float = 2.0
    """What a ping may take. Longer, and the worker counts as hung."""

    request: float = 10.0
    """What a request may wait for a worker to come up."""

    stop: float = 1.2
    """From the request to stop to the kill."""

    longest_pause: float = 5.0
    """Between two starts of a worker that does not come up."""


class WorkerUnavailableError(Exception):
    """No worker is running, and none came up in time. The message says what became of the last one."""


class Worker:
    """One worker process. `exit_reason` resolves to a sentence once it has ended."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.exit_reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.is_ready = False


class Supervisor:
    """Runs a worker from `__aenter__` to `__aexit__`, and another whenever that one crashes or hangs.

    `address` is the path of the Unix domain socket that the worker answers on.
    """

    def __init__(self, project: Project, timeouts: Timeouts | None = None) -> None:
        self._project = project
        self._timeouts = timeouts or Timeouts()
        self._ready = asyncio.Event()
        self._replace = asyncio.Event()
        self._exit_reason = "The worker process has not started yet."
        self._worker: Worker | None = None

    async def __aenter__(self) -> Self:
        # A directory of our own, which nobody else may enter: the worker answers to the front alone.
        self._directory = Path(tempfile.mkdtemp(prefix="docstage-"))
        self.address = str(self._directory / "worker.sock")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.address)
        self._socket.listen()
        self._lifeline = os.pipe()
        transport = httpx.AsyncHTTPTransport(
            uds=self.address, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._client = httpx.AsyncClient(transport=transport, trust_env=False)
        self._task = asyncio.create_task(self._supervise())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._client.aclose()
        self._socket.close()
        for end in self._lifeline:
            os.close(end)
        shutil.rmtree(self._directory)

    async def stop(self) -> None:
        """End the worker, its streams by their own teardown if they manage that in `timeouts.stop` seconds."""
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()

    async def ready(self, within: float) -> Worker:
        """The worker that runs now, or the next one. Raises `WorkerUnavailableError` after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                await self._ready.wait()
        except TimeoutError:
            raise WorkerUnavailableError(self._exit_reason) from None
        assert self._worker is not None
        return self._worker

    def replace(self) -> None:
        """Start a new worker in the place of the one that runs, because the code it imported has changed."""
        self._replace.set()

    async def _supervise(self) -> None:
        pause = 0.1
        while True:
            self._replace.clear()
            self._worker = worker = Worker(await self._start())
            try:
                self._exit_reason = await self._watch(worker)
            except asyncio.CancelledError:
                self._exit_reason = (
                    "The worker process was stopped, because the server is stopping."
                )
                await self._stop(worker.process)
                worker.exit_reason.set_result(self._exit_reason)
                raise
            finally:
                self._ready.clear()
            worker.exit_reason.set_result(f"{self._exit_reason} Another is starting.")
            pause = 0.1 if worker.is_ready else min(2 * pause, self._timeouts.longest_pause)
            if not self._replace.is_set():
                report(f"{self._exit_reason} Starting another.")
                await _first(self._replace.wait(), asyncio.sleep(pause))

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "docstage.server.worker",
            self._project.dump(),
            str(self._socket.fileno()),
            # Its standard input closes when this process is gone, however it went (see `worker`).
            stdin=self._lifeline[0],
            pass_fds=[self._socket.fileno()],
            cwd=self._project.root,
            # A Ctrl-C in the terminal is for this process to answer, which then stops the worker.
            start_new_session=True,
        )

    async def _watch(self, worker: Worker) -> str:
        """Wait until the worker must be followed by another, and see it gone. The sentence says why."""
        process = worker.process
        silence = await _first(self._silence(worker), process.wait(), self._replace.wait())
        if process.returncode is not None:
            return f"The worker process {_ending(process.returncode)}."
        if isinstance(silence, str):
            await _kill(process)
            return f"The worker process {silence} and was killed."
        await self._stop(process)
        return "The worker process was replaced, because the code it runs has changed."

    async def _silence(self, worker: Worker) -> str:
        """Ping until there is no answer. Returns what that says about the worker."""
        while True:
            within = self._timeouts.answer if worker.is_ready else self._timeouts.boot
            try:
                await self._client.get(HEALTH, timeout=within)
            except httpx.TimeoutException:
                if not worker.is_ready:
                    return f"did not start within {within:g} s"
                return f"did not respond for {within:g} s (is something blocking its event loop?)"
            except httpx.TransportError:
                pass  # The process has ended, or is just about to have: its exit is reported.
            else:
                worker.is_ready = True
                self._ready.set()
            await asyncio.sleep(self._timeouts.between_pings)

    async def _stop(self, process: Process) -> None:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(self._timeouts.stop):
                await process.wait()
        except TimeoutError:
            await _kill(process)


async def _kill(process: Process) -> None:
    """End the process and whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def _first(*waits: Coroutine[None, None, object]) -> object:
    """The result of the one that is done first. The others are cancelled, and over when this returns."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task.result() for task in tasks if task in done)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ending(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    return f"was killed by {signal.Signals(-status).name}"
