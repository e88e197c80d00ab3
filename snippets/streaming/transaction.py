"""A stream inside a transaction: a context manager receives the error, so it can roll back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Job(Struct):
    number: int
    pages: int


# --8<-- [start:stream]
class JobsEndpoint(Endpoint, path="/jobs"):
    async def post(self) -> NDJSONStreamingResponse[Job]:
        return NDJSONStreamingResponse(stream=self._claim())

    @asynccontextmanager
    async def _claim(self) -> AsyncGenerator[AsyncIterable[Job]]:
        print("BEGIN")
        try:
            yield self._jobs()
        except BaseException as error:
            print("ROLLBACK after", type(error).__name__)
            raise
        print("COMMIT")

    async def _jobs(self) -> AsyncIterator[Job]:
        for number, pages in enumerate((3, 12, 0, 7), 1):
            await asyncio.sleep(0.3)
            if pages == 0:  # change this to see the COMMIT
                raise ValueError(f"job {number} is empty")
            yield Job(number, pages)


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(JobsEndpoint())


app = App()
