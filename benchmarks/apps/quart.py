"""Quart: asynchronous generators of bytes, encoded by hand with msgspec; its own JSON from a dict."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import cycle

import msgspec
from quart import Quart, Response

from benchmarks.data import CHUNKS, FEW, FOREVER, PAUSE, ROWS, TRADES, Trade, stream

app = Quart(__name__)
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
) -> AsyncIterator[bytes]:
    for trade in trades:
        if suspends:
            await asyncio.sleep(0)
        yield b"data: " + encode(trade) + b"\n\n"
    if then:
        await asyncio.sleep(then)


def streamed(content: AsyncIterator[bytes], content_type: str) -> Response:
    response = Response(content, content_type=content_type)
    response.timeout = None  # as Quart asks for streams that go on for long
    return response


@app.get("/ndjson/ready")
async def ndjson_ready() -> Response:
    return streamed(lines(TRADES), "application/x-ndjson")


@app.get("/ndjson/suspended")
async def ndjson_suspended() -> Response:
    return streamed(lines(TRADES, suspends=True), "application/x-ndjson")


@app.get("/sse/ready")
async def sse_ready() -> Response:
    return streamed(events(TRADES), "text/event-stream")


@app.get("/sse/suspended")
async def sse_suspended() -> Response:
    return streamed(events(TRADES, suspends=True), "text/event-stream")


@app.get("/chunks")
async def chunks() -> Response:
    return streamed(stream(CHUNKS), "application/octet-stream")


@app.get("/first")
async def first() -> Response:
    return streamed(lines(TRADES[:1], then=PAUSE), "application/x-ndjson")


@app.get("/idle")
async def idle() -> Response:
    return streamed(events(TRADES[:1], then=FOREVER), "text/event-stream")


@app.get("/endless")
async def endless() -> Response:
    return streamed(lines(cycle(TRADES)), "application/x-ndjson")


@app.get("/short")
async def short() -> Response:
    return streamed(lines(TRADES[:FEW]), "application/x-ndjson")


@app.get("/json")
async def json() -> dict[str, object]:
    return ROWS[0]
