"""A model's answer, passed on word by word. Its stream is closed with ours, and its errors are reported."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from jero import BaseApp, Endpoint, HTTPError, ServerSentEvent, SSEResponse


# --8<-- [start:model]
class BusyError(Exception):
    """The model is overloaded."""


@asynccontextmanager
async def ask_model(question: str) -> AsyncGenerator[AsyncIterator[str]]:
    """Stands in for a model's client: an answer in parts, from a connection that must be closed."""

    async def parts() -> AsyncIterator[str]:
        for part in ("Grind ", "finer, ", "and ", "wait ", "a little ", "longer."):
            await asyncio.sleep(0.25)
            if part == "wait " and "cold" in question:
                raise ConnectionResetError("the model hung up")
            yield part

    await asyncio.sleep(0.1)
    if "everything" in question:
        raise BusyError
    print("model connected")
    try:
        yield parts()
    finally:
        print("model disconnected")


# --8<-- [end:model]


class Question(Struct):
    q: str


class Delta(Struct):
    text: str


class Usage(Struct):
    parts: int


class Failure(Struct):
    detail: str


type Event = ServerSentEvent[Delta | Usage | Failure]


# --8<-- [start:proxy]
class AnswerEndpoint(Endpoint, path="/answer"):
    async def get(self, params: Question) -> SSEResponse[Delta | Usage | Failure]:
        return SSEResponse(stream=self._answer(params.q), keepalive=15)

    @asynccontextmanager
    async def _answer(self, question: str) -> AsyncGenerator[AsyncIterator[Event]]:
        async with ask_model(question) as parts:  # an error here becomes an error response
            yield self._events(parts)

    async def _events(self, parts: AsyncIterator[str]) -> AsyncIterator[Event]:
        count = 0
        try:
            async for text in parts:
                count += 1
                yield ServerSentEvent(event="delta", data=Delta(text))
        except ConnectionError as error:  # the status has been sent, so send an event
            yield ServerSentEvent(event="failure", data=Failure(str(error)))
        else:
            yield ServerSentEvent(event="done", data=Usage(count))


class TryLaterError(HTTPError):
    status_code = 503


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(AnswerEndpoint())
        self._map_error(BusyError, lambda _: TryLaterError(raw_headers={"retry-after": "5"}))


app = App()
# --8<-- [end:proxy]
