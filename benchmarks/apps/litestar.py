"""Litestar: Stream and ServerSentEvent, encoded by hand with msgspec; plain JSON from a Struct."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import cycle

import msgspec
from litestar import Litestar, get
from litestar.response import ServerSentEvent, ServerSentEventMessage, Stream

from benchmarks.data import CHUNKS, FEW, FOREVER, PAUSE, TRADES, Trade, stream

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
    trades: Iterable[Trade], *, suspends: bool = False, then: float = 0
) -> AsyncIterator[ServerSentEventMessage]:
    for trade in trades:
        if suspends:
            await asyncio.sleep(0)
        yield ServerSentEventMessage(data=encode(trade))
    if then:
        await asyncio.sleep(then)


@get("/ndjson/ready", media_type="application/x-ndjson")
async def ndjson_ready() -> Stream:
    return Stream(lines(TRADES))


@get("/ndjson/suspended", media_type="application/x-ndjson")
async def ndjson_suspended() -> Stream:
    return Stream(lines(TRADES, suspends=True))


@get("/sse/ready")
async def sse_ready() -> ServerSentEvent:
    return ServerSentEvent(events(TRADES))


@get("/sse/suspended")
async def sse_suspended() -> ServerSentEvent:
    return ServerSentEvent(events(TRADES, suspends=True))


@get("/chunks", media_type="application/octet-stream")
async def chunks() -> Stream:
    return Stream(stream(CHUNKS))


@get("/first", media_type="application/x-ndjson")
async def first() -> Stream:
    return Stream(lines(TRADES[:1], then=PAUSE))


@get("/idle")
async def idle() -> ServerSentEvent:
    return ServerSentEvent(events(TRADES[:1], then=FOREVER))


@get("/endless", media_type="application/x-ndjson")
async def endless() -> Stream:
    return Stream(lines(cycle(TRADES)))


@get("/short", media_type="application/x-ndjson")
async def short() -> Stream:
    return Stream(lines(TRADES[:FEW]))


@get("/json")
async def json() -> Trade:
    return TRADES[0]


app = Litestar(
    [
        ndjson_ready,
        ndjson_suspended,
        sse_ready,
        sse_suspended,
        chunks,
        first,
        idle,
        endless,
        short,
        json,
    ]
)
