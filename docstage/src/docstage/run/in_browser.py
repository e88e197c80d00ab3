"""The runner's end in the reader's browser: what `browser/src/run/worker.ts` talks to.

The page asks with JSON and is answered with JSON, one `RunEvent` at a time and only as many as it
gave credit for: a page that stops reading holds the app back.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from docstage.run import no_threads
from docstage.run.asgi import ASGIApp
from docstage.run.events import Crash, End, Request, RunEvent
from docstage.run.runner import DEFAULT_LIMITS, Limits, Run
from docstage.run.stage import Stage

HAS_THREADS: Final = sys.platform != "emscripten"

if not HAS_THREADS:
    no_threads.do_without_threads()


class Job(Struct, frozen=True):
    """A request for the app of `module`, or, with `source`, of that text in the module's place.

    `app` are the names that it may have there (see `Stage`).
    """

    module: str
    request: Request
    source: str | None = None
    app: tuple[str, ...] = ("app",)


class _Running(Struct):
    run: Run
    stage: Stage
    credit: asyncio.Semaphore
    task: asyncio.Task[None]
    is_watched: bool = True


class Host:
    """Serves the page's runs: `post(run_id, event)` takes each event as JSON, the last is an `end`.

    One stage is kept for each module, that of the last run. A run with another source closes it
    first, and the runs that are still on it are disconnected. The methods return at once, and are
    quiet about a run that is over.
    """

    def __init__(self, post: Callable[[str, str], object], limits: Limits = DEFAULT_LIMITS) -> None:
        self._post: Final = post
        self._limits: Final = limits
        self._stages: Final[dict[str, Stage]] = {}
        self._replaced: Final[defaultdict[str, list[Stage]]] = defaultdict(list)
        self._changing: Final[defaultdict[str, asyncio.Lock]] = defaultdict(asyncio.Lock)
        self._running: Final[dict[str, _Running]] = {}

    def start(self, run_id: str, job: str) -> None:
        """Begin a run of `job`, a `Job` as JSON. It waits for `credit`."""
        asked = msgspec.json.decode(job, type=Job)
        replaced = self._replaced[asked.module]
        stage = self._stages.get(asked.module)
        if stage is None or stage.source != asked.source:
            if stage is not None:
                replaced.append(stage)
            stage = self._stages[asked.module] = Stage(asked.module, asked.source, asked.app)

        async def load() -> ASGIApp:
            async with self._changing[asked.module]:
                # This one may be replaced itself by now: those before it are closed.
                while replaced and replaced[0] is not stage:
                    await self._close(replaced[0])
                    del replaced[0]
                if not HAS_THREADS:
                    no_threads.let_anyio_do_without_threads()
                return await stage.app()

        run = Run(
            load,
            asked.request,
            self._limits,
            state=stage.state,
            line_of=stage.line_of,
            advice=stage.advice,
        )
        credit = asyncio.Semaphore(0)
        task = asyncio.create_task(self._serve(run_id, run, credit))
        self._running[run_id] = _Running(run, stage, credit, task)
        task.add_done_callback(lambda task: self._forget(run_id, task))

    def credit(self, run_id: str, events: int) -> None:
        """Let the run post so many more events."""
        if running := self._running.get(run_id):
            for _ in range(events):
                running.credit.release()

    def disconnect(self, run_id: str) -> None:
        """Let the run's client leave. The events go on until the app has returned."""
        if running := self._running.get(run_id):
            running.run.disconnect()

    def close(self, run_id: str) -> None:
        """Disconnect, and post nothing more: nobody looks."""
        if running := self._running.get(run_id):
            running.is_watched = False
            running.task.cancel()

    def ping(self, answer: Callable[[], object]) -> None:
        """Call `answer` from the event loop, once what was asked for before has had its turn."""
        asyncio.get_running_loop().call_soon(answer)

    async def _serve(self, run_id: str, run: Run, credit: asyncio.Semaphore) -> None:
        at = 0.0
        try:
            async with run:
                while True:
                    await credit.acquire()
                    event = await anext(run)
                    at = event.at
                    self._tell(run_id, event)
                    if isinstance(event, End):
                        break
        except Exception as error:  # noqa: BLE001 - whatever it was, the page must not wait forever
            self._tell(run_id, Crash(at, "process", f"The runner failed: {error!r}"))
            self._tell(run_id, End(at, complete=False))

    def _forget(self, run_id: str, task: asyncio.Task[None]) -> None:
        if self._running.pop(run_id).is_watched and task.cancelled():
            # Not by the page, which would wait forever: by code that cancels all tasks.
            self._tell(run_id, Crash(0.0, "process", "The code cancelled the task that runs it."))
            self._tell(run_id, End(0.0, complete=False))

    def _tell(self, run_id: str, event: RunEvent) -> None:
        self._post(run_id, msgspec.json.encode(event).decode())

    async def _close(self, stage: Stage) -> None:
        tasks: list[asyncio.Task[None]] = []
        for running in self._running.values():
            if running.stage is stage:
                running.run.disconnect()
                tasks.append(running.task)
        if tasks:
            # A runner gives up on an app after two graces; a page may never read so far.
            await asyncio.wait(tasks, timeout=2 * self._limits.grace)
        await stage.aclose()
