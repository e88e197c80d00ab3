"""jero: typed responses around a stream of Structs, typed bodies."""

import asyncio
from collections.abc import AsyncIterator

from benchmarks.data import (
    CHUNKS,
    EVENT,
    EVENTS,
    LINES,
    RECORD_LINES,
    RECORDS,
    TOKEN_EVENTS,
    TOKENS,
    TRADES,
    Flow,
    Order,
    Record,
    Token,
    Totals,
    Trade,
    stream,
)
from jero import (
    BaseApp,
    Endpoint,
    NDJSONStreamingResponse,
    ServerSentEvent,
    SSEResponse,
    StreamingResponse,
)


async def events(flow: Flow) -> AsyncIterator[ServerSentEvent[Trade]]:
    wait, retry = flow.wait, flow.retry
    for trade in flow.pick(TRADES):
        if wait:
            await wait()
        yield ServerSentEvent(data=trade, event=EVENT, id=str(trade.id), retry=retry)
    if flow.then:
        await asyncio.sleep(flow.then)


def serve_lines(at: str, flow: Flow) -> Endpoint:
    class Lines(Endpoint, path=at):
        async def get(self) -> NDJSONStreamingResponse[Trade]:
            return NDJSONStreamingResponse(stream=stream(TRADES, flow))

    return Lines()


def serve_records(at: str, flow: Flow) -> Endpoint:
    class Records(Endpoint, path=at):
        async def get(self) -> NDJSONStreamingResponse[Record]:
            return NDJSONStreamingResponse(stream=stream(RECORDS, flow))

    return Records()


def serve_events(at: str, flow: Flow) -> Endpoint:
    class Events(Endpoint, path=at):
        async def get(self) -> SSEResponse[Trade]:
            return SSEResponse(stream=events(flow))

    return Events()


def serve_tokens(at: str, flow: Flow) -> Endpoint:
    class Tokens(Endpoint, path=at):
        async def get(self) -> SSEResponse[Token]:
            return SSEResponse(stream=stream(TOKENS, flow))

    return Tokens()


class Chunks(Endpoint, path="/chunks"):
    async def get(self) -> StreamingResponse:
        return StreamingResponse(stream=stream(CHUNKS))


class Json(Endpoint, path="/json"):
    async def get(self) -> Trade:
        return TRADES[0]


class Upload(Endpoint, path="/upload"):
    async def post(self, ndjson: AsyncIterator[Trade]) -> Totals:
        totals = Totals()
        async for trade in ndjson:
            totals.add(trade)
        return totals


class Body(Endpoint, path="/body"):
    async def post(self, json: Order) -> Totals:
        return Totals.of(json.trades)


class App(BaseApp):
    async def _wire(self) -> None:
        for serve, flows in (
            (serve_lines, LINES),
            (serve_records, RECORD_LINES),
            (serve_events, EVENTS),
            (serve_tokens, TOKEN_EVENTS),
        ):
            for path, flow in flows.items():
                self._include_endpoint(serve(path, flow))
        for endpoint in (Chunks(), Json(), Upload(), Body()):
            self._include_endpoint(endpoint)


app = App()
