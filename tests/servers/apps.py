"""What the servers serve: streams that do what the test cues them to, and report what became of them."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from itertools import count
from typing import ClassVar, Final, cast, override

import msgspec
from msgspec import Struct

from jero import (
    Authenticator,
    BaseApp,
    Endpoint,
    HTTPError,
    NDJSONStreamingResponse,
    ServerSentEvent,
    SSEResponse,
    StreamingResponse,
)
from jero.streaming import pump
from tests.servers.stage import Stage, Watched

stage: Final = Stage()

# A refusal is borne with for longer than the tests have time for.
assert hasattr(pump, "STOP_TIMEOUT")
setattr(pump, "STOP_TIMEOUT", 0.5)  # noqa: B010 - it is final for everyone else

CHUNK: Final = b"x" * 1024
HALF_AN_EMOJI: Final = "\ud83d"


class Item(Struct):
    number: int


class Other(Struct):
    name: str


class Event(Struct):
    """One event of `/stored`, as the test has made it up."""

    data: str | None
    event: str | None = None
    id: str | None = None
    retry: int | None = None


async def cued(where: str) -> AsyncIterator[Item]:
    """An item for each cue, until one says `end`, or `fail`, or `wrong` for an item of another type, or `half` for one
    that has no JSON form at its end."""
    for number in count(1):
        match await stage.cue(where):
            case "item":
                stage.produced(where)
                stage.report("item", where, number=number)
                yield Item(number)
            case "wrong":
                yield cast("Item", Other("other"))
            case "half":
                yield Item(cast("int", "x" * 3000 + HALF_AN_EMOJI))
            case "fail":
                raise LookupError("row is missing")
            case _:
                return


async def held[T](where: str, items: AsyncIterable[T]) -> AsyncGenerator[AsyncIterable[T]]:
    """A resource whose closing takes its time: it awaits the network twice, as a rollback would."""
    stage.report("opened", where)
    yield items
    await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    stage.report("torn down", where)


class Small(Endpoint, path="/small"):
    async def get(self) -> Item:
        return Item(1)


class Session(Authenticator[Other]):
    """By a cookie of the name `session`."""

    challenge = "Cookie"
    security_scheme: ClassVar = {"type": "apiKey", "in": "cookie", "name": "session"}

    @override
    async def authenticate(self, headers: Mapping[str, str]) -> Other | None:
        session = SimpleCookie(headers.get("cookie", "")).get("session")
        return Other(session.value) if session else None


class Me(Endpoint, path="/me"):
    async def get(self, user: Other) -> Other:
        return user


class Gated(Endpoint, path="/gated"):
    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=held(self.path, cued(self.path)))

    async def post(self, json: Item) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=held(self.path, cued(self.path)))


class Events(Endpoint, path="/events"):
    async def get(self) -> SSEResponse[Item]:
        return SSEResponse(stream=held(self.path, cued(self.path)))


class Idle(Endpoint, path="/idle"):
    """An event, and then silence."""

    async def get(self) -> SSEResponse[Item]:
        return SSEResponse(stream=held(self.path, self._items()))

    async def _items(self) -> AsyncIterator[Item]:
        yield Item(1)
        await stage.cue(self.path)


class Plain(Endpoint, path="/plain"):
    """Without a resource: only the items' own `finally` tells that they were closed."""

    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=self._items())

    async def _items(self) -> AsyncIterator[Item]:
        stage.report("opened", self.path)
        try:
            async for item in cued(self.path):
                yield item
        finally:
            await asyncio.sleep(0.01)
            stage.report("torn down", self.path)


class Managed(Endpoint, path="/managed"):
    """A context manager, as a transaction is one: what is thrown in decides whether it is rolled back."""

    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=self._transaction())

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[AsyncIterable[Item]]:
        stage.report("opened", self.path)
        try:
            yield cued(self.path)
        except BaseException as error:
            await asyncio.sleep(0.01)
            stage.report("torn down", self.path, type(error).__name__)
            raise
        stage.report("torn down", self.path, "committed")


class FailingTeardown(Endpoint, path="/teardown-fails"):
    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=self._held())

    async def _held(self) -> AsyncGenerator[AsyncIterable[Item]]:
        stage.report("opened", self.path)
        yield cued(self.path)
        await asyncio.sleep(0.01)
        stage.report("torn down", self.path)
        raise ConnectionError("commit failed")


class FailingSetUp(Endpoint, path="/set-up-fails"):
    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=self._held())

    async def _held(self) -> AsyncGenerator[AsyncIterable[Item]]:
        await asyncio.sleep(0)
        for problem in ("no cursor",):
            raise LookupError(problem)
        yield cued(self.path)


class BusyError(HTTPError):
    status_code = 503


class Refused(Endpoint, path="/refused"):
    async def get(self) -> SSEResponse[Item]:
        return SSEResponse(stream=self._held())

    async def _held(self) -> AsyncGenerator[AsyncIterable[Item]]:
        await asyncio.sleep(0)
        for problem in ("no cursor is free",):
            raise BusyError(problem, raw_headers={"Retry-After": "7"})
        yield cued(self.path)


class YieldsTwice(Endpoint, path="/yields-twice"):
    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=self._greedy())

    async def _greedy(self) -> AsyncGenerator[AsyncIterable[Item]]:
        stage.report("opened", self.path)
        try:
            yield cued(self.path)
            yield cued(self.path)
        finally:
            stage.report("torn down", self.path)


class Flood(Endpoint, path="/flood"):
    """Endless, and suspends at every item."""

    async def get(self) -> StreamingResponse:
        return StreamingResponse(stream=held(self.path, self._chunks()))

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            stage.produced(self.path)
            yield CHUNK


class Endless(Endpoint, path="/endless"):
    """Endless, and never suspends."""

    async def get(self) -> StreamingResponse:
        return StreamingResponse(stream=held(self.path, self._chunks()))

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            stage.produced(self.path)
            yield CHUNK


class Blocking(Endpoint, path="/blocking"):
    """Blocks for each item, and never suspends. Reports how many items were sent when one is ready."""

    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=held(self.path, self._items()))

    async def _items(self) -> AsyncIterator[Item]:
        for number in range(1, 9):
            time.sleep(0.05)  # noqa: ASYNC251 - a computation
            sent = stage.written(self.path) // len(b'{"number":1}\n')
            stage.report("item", self.path, str(sent), number=number)
            yield Item(number)


class Ready(Endpoint, path="/ready"):
    """Many items, all there at once."""

    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=held(self.path, self._items()))

    async def _items(self) -> AsyncIterator[Item]:
        for number in range(100_000):
            yield Item(number)


class Kept(Endpoint, path="/kept"):
    """An event stream that keeps its connection alive."""

    async def get(self) -> SSEResponse[Item]:
        return SSEResponse(stream=held(self.path, cued(self.path)), keepalive=0.05)


class Large(Endpoint, path="/large"):
    """Events that do not fit into a socket, and a keepalive that falls due while they are sent."""

    async def get(self) -> SSEResponse[Item]:
        return SSEResponse(stream=held(self.path, self._texts()), keepalive=0.01)

    async def _texts(self) -> AsyncIterator[str]:
        for number in range(4):
            await asyncio.sleep(0)
            yield f"{number}" * 4_000_000


class Stored(Endpoint, path="/stored"):
    """The events that the test has sent, as any script of any origin may read them."""

    async def get(self) -> SSEResponse[Item]:
        return SSEResponse(stream=self._events(), raw_headers={"Access-Control-Allow-Origin": "*"})

    async def _events(self) -> AsyncIterator[ServerSentEvent[Item]]:
        while (word := await stage.cue(self.path)) != "end":
            event = msgspec.json.decode(word, type=Event)
            yield ServerSentEvent(
                data=event.data, event=event.event, id=event.id, retry=event.retry
            )


class Swallows(Endpoint, path="/swallows"):
    """Its items refuse to be cancelled."""

    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=held(self.path, self._items()))

    async def _items(self) -> AsyncIterator[Item]:
        yield Item(1)
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                stage.report("swallowed", self.path)


class Ignores(Endpoint, path="/ignores"):
    """Its items refuse to be closed."""

    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=held(self.path, self._items()))

    async def _items(self) -> AsyncIterator[Item]:
        while True:
            try:
                yield Item(1)
                await asyncio.sleep(0.01)
            except (GeneratorExit, asyncio.CancelledError):
                stage.report("ignored", self.path)


class App(BaseApp):
    @override
    async def _wire(self) -> None:
        for endpoint in (
            Small(),
            Gated(),
            Events(),
            Idle(),
            Plain(),
            Managed(),
            FailingTeardown(),
            FailingSetUp(),
            Refused(),
            YieldsTwice(),
            Flood(),
            Endless(),
            Blocking(),
            Ready(),
            Kept(),
            Large(),
            Stored(),
            Swallows(),
            Ignores(),
        ):
            self._include_endpoint(endpoint)
        self._include_endpoint(Me(), authenticator=Session())


app: Final = Watched(App(), stage)


class Resumed(Endpoint, path="/resumed"):
    """Goes on after the event that the client saw last."""

    async def get(self, last_event_id: int | None = None) -> SSEResponse[Item]:
        return SSEResponse(stream=self._events(last_event_id or 0))

    async def _events(self, last: int) -> AsyncIterator[ServerSentEvent[Item]]:
        stage.report("resumed", self.path, number=last)
        yield ServerSentEvent(retry=10)
        for number in count(last + 1):
            if await stage.cue(self.path) == "fail":
                raise LookupError("row is missing")
            yield ServerSentEvent(data=Item(number), id=str(number))


class ResumingApp(BaseApp):
    @override
    async def _wire(self) -> None:
        self._include_endpoint(Resumed())


resuming: Final = Watched(ResumingApp(), stage)
