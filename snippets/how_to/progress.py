"""The progress of a job that continues after a disconnect and is shared by all its clients."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from jero import BaseApp, Endpoint, SSEResponse

PAGES = 6

logger = logging.getLogger("reports")


class Progress(Struct, tag="progress"):
    page: int
    of: int = PAGES


class Done(Struct, tag="done"):
    url: str


class Failed(Struct, tag="failed"):
    reason: str


type State = Progress | Done | Failed


async def write_page(month: str, page: int) -> None:
    """Stands in for the work."""
    await asyncio.sleep(0.4)
    if (month, page) == ("2026-02", 3):
        raise LookupError("there are no figures for page 3")
    print("page", page, "written")


# --8<-- [start:job]
class Job:
    """A report that is being written in a task of its own."""

    def __init__(self, month: str) -> None:
        self._state: State = Progress(0)
        self._news = asyncio.Condition()
        self.task = asyncio.create_task(self._write(month))

    async def _write(self, month: str) -> None:
        try:
            for page in range(1, PAGES + 1):
                await write_page(month, page)
                await self._tell(Progress(page))
        except Exception as error:  # any error must reach the clients
            logger.exception("The report of %s failed", month)
            await self._tell(Failed(str(error)))
        else:
            await self._tell(Done(f"/reports/{month}"))

    async def _tell(self, state: State) -> None:
        async with self._news:
            self._state = state
            self._news.notify_all()

    async def watch(self) -> AsyncIterator[State]:
        """The current state and every change, until the job ends."""
        yield (state := self._state)
        while isinstance(state, Progress):
            async with self._news:
                while self._state is state:
                    await self._news.wait()
            yield (state := self._state)


# --8<-- [end:job]


class ReportPath(Struct):
    month: str


# --8<-- [start:endpoint]
class ProgressEndpoint(Endpoint, path="/reports/{month}/progress"):
    def __init__(self, jobs: dict[str, Job]) -> None:
        self._jobs = jobs

    async def get(self, path: ReportPath) -> SSEResponse[State]:
        job = self._jobs.get(path.month)
        if job is None:
            job = self._jobs[path.month] = Job(path.month)
        return SSEResponse(stream=job.watch(), keepalive=15)


# --8<-- [end:endpoint]


# --8<-- [start:office]
@asynccontextmanager
async def open_office() -> AsyncGenerator[dict[str, Job]]:
    jobs: dict[str, Job] = {}
    yield jobs
    for job in jobs.values():
        job.task.cancel()
    await asyncio.gather(*(job.task for job in jobs.values()), return_exceptions=True)


# --8<-- [end:office]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ProgressEndpoint(await self._enter(open_office())))


app = App()
