"""The progress of a job that is cancelled when the client disconnects."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress

from msgspec import Struct

from jero import BaseApp, Endpoint, SSEResponse

PAGES = 6


class Progress(Struct, tag="progress"):
    page: int
    of: int = PAGES


class Failed(Struct, tag="failed"):
    reason: str


type State = Progress | Failed


class Preview(Struct):
    seconds: float = 5.0


# --8<-- [start:stream]
class PreviewEndpoint(Endpoint, path="/preview"):
    async def get(self, params: Preview) -> SSEResponse[State]:
        return SSEResponse(stream=self._draw(params.seconds), keepalive=15)

    @asynccontextmanager
    async def _draw(self, seconds: float) -> AsyncGenerator[AsyncIterable[State]]:
        states = asyncio.Queue[State](maxsize=10)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._job(states, seconds))
            yield self._told(states)

    async def _job(self, states: asyncio.Queue[State], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                for page in range(1, PAGES + 1):
                    await asyncio.sleep(0.4)  # the work
                    await states.put(Progress(page))
        except TimeoutError:
            await states.put(Failed(f"not done in {seconds:g} s"))
        except asyncio.CancelledError:
            print("job cancelled")
            raise
        finally:
            states.shutdown()

    async def _told(self, states: asyncio.Queue[State]) -> AsyncIterator[State]:
        with suppress(asyncio.QueueShutDown):
            while True:
                yield await states.get()


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(PreviewEndpoint())


app = App()
