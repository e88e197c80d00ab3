"""jero: typed responses around a stream of Structs."""

from itertools import cycle

from benchmarks.data import CHUNKS, FEW, FOREVER, PAUSE, TRADES, Trade, stream
from jero import BaseApp, Endpoint, NDJSONStreamingResponse, SSEResponse, StreamingResponse


class ReadyLines(Endpoint, path="/ndjson/ready"):
    async def get(self) -> NDJSONStreamingResponse[Trade]:
        return NDJSONStreamingResponse(stream=stream(TRADES))


class SuspendedLines(Endpoint, path="/ndjson/suspended"):
    async def get(self) -> NDJSONStreamingResponse[Trade]:
        return NDJSONStreamingResponse(stream=stream(TRADES, suspends=True))


class ReadyEvents(Endpoint, path="/sse/ready"):
    async def get(self) -> SSEResponse[Trade]:
        return SSEResponse(stream=stream(TRADES))


class SuspendedEvents(Endpoint, path="/sse/suspended"):
    async def get(self) -> SSEResponse[Trade]:
        return SSEResponse(stream=stream(TRADES, suspends=True))


class Chunks(Endpoint, path="/chunks"):
    async def get(self) -> StreamingResponse:
        return StreamingResponse(stream=stream(CHUNKS))


class First(Endpoint, path="/first"):
    async def get(self) -> NDJSONStreamingResponse[Trade]:
        return NDJSONStreamingResponse(stream=stream(TRADES[:1], then=PAUSE))


class Idle(Endpoint, path="/idle"):
    async def get(self) -> SSEResponse[Trade]:
        return SSEResponse(stream=stream(TRADES[:1], then=FOREVER))


class Endless(Endpoint, path="/endless"):
    async def get(self) -> NDJSONStreamingResponse[Trade]:
        return NDJSONStreamingResponse(stream=stream(cycle(TRADES)))


class Short(Endpoint, path="/short"):
    async def get(self) -> NDJSONStreamingResponse[Trade]:
        return NDJSONStreamingResponse(stream=stream(TRADES[:FEW]))


class Json(Endpoint, path="/json"):
    async def get(self) -> Trade:
        return TRADES[0]


class App(BaseApp):
    async def _wire(self) -> None:
        for endpoint in (
            ReadyLines(),
            SuspendedLines(),
            ReadyEvents(),
            SuspendedEvents(),
            Chunks(),
            First(),
            Idle(),
            Endless(),
            Short(),
            Json(),
        ):
            self._include_endpoint(endpoint)


app = App()
