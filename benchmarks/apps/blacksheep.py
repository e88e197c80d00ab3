"""BlackSheep: StreamedContent of bytes, encoded by hand with msgspec; its own ServerSentEvent and json."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from functools import partial
from itertools import cycle

import msgspec
from blacksheep import Application, Response, StreamedContent, get, json
from blacksheep.server.sse import ServerSentEvent, ServerSentEventsResponse

from benchmarks.data import CHUNKS, FEW, FOREVER, PAUSE, ROWS, TRADES, Trade, stream

app = Application()
encode = msgspec.json.Encoder().encode


async def lines(
    trades: Iterable[Trade], *, suspends: bool = False, then: float = 0
) -> AsyncIterator[bytes]:
    for trade in trades:
        if suspends:
            await asyncio.sleep(0)
        yield encode(trade) + b"\n"
    if then:
        await asyncio.sleep(then)


async def events(
    rows: Iterable[dict[str, object]], *, suspends: bool = False, then: float = 0
) -> AsyncIterator[ServerSentEvent]:
    for row in rows:
        if suspends:
            await asyncio.sleep(0)
        yield ServerSentEvent(row)
    if then:
        await asyncio.sleep(then)


def as_lines(provider: Callable[[], AsyncIterable[bytes]]) -> Response:
    return Response(200, content=StreamedContent(b"application/x-ndjson", provider))


@get("/ndjson/ready")
async def ndjson_ready() -> Response:
    return as_lines(partial(lines, TRADES))


@get("/ndjson/suspended")
async def ndjson_suspended() -> Response:
    return as_lines(partial(lines, TRADES, suspends=True))


@get("/sse/ready")
async def sse_ready() -> Response:
    return ServerSentEventsResponse(partial(events, ROWS))


@get("/sse/suspended")
async def sse_suspended() -> Response:
    return ServerSentEventsResponse(partial(events, ROWS, suspends=True))


@get("/chunks")
async def chunks() -> Response:
    return Response(
        200, content=StreamedContent(b"application/octet-stream", partial(stream, CHUNKS))
    )


@get("/first")
async def first() -> Response:
    return as_lines(partial(lines, TRADES[:1], then=PAUSE))


@get("/idle")
async def idle() -> Response:
    return ServerSentEventsResponse(partial(events, ROWS[:1], then=FOREVER))


@get("/endless")
async def endless() -> Response:
    return as_lines(partial(lines, cycle(TRADES)))


@get("/short")
async def short() -> Response:
    return as_lines(partial(lines, TRADES[:FEW]))


@get("/json")
async def one() -> Response:
    return json(ROWS[0])
