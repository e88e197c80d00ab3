"""Starlette: a StreamingResponse of bytes, encoded by hand with msgspec."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import cycle

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from benchmarks.data import CHUNKS, FEW, FOREVER, PAUSE, ROWS, TRADES, Trade, stream

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


def as_lines(content: AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(content, media_type="application/x-ndjson")


def as_events(content: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"cache-control": "no-store"}
    return StreamingResponse(content, media_type="text/event-stream", headers=headers)


async def ndjson_ready(_request: Request) -> StreamingResponse:
    return as_lines(lines(TRADES))


async def ndjson_suspended(_request: Request) -> StreamingResponse:
    return as_lines(lines(TRADES, suspends=True))


async def sse_ready(_request: Request) -> StreamingResponse:
    return as_events(events(TRADES))


async def sse_suspended(_request: Request) -> StreamingResponse:
    return as_events(events(TRADES, suspends=True))


async def chunks(_request: Request) -> StreamingResponse:
    return StreamingResponse(stream(CHUNKS), media_type="application/octet-stream")


async def first(_request: Request) -> StreamingResponse:
    return as_lines(lines(TRADES[:1], then=PAUSE))


async def idle(_request: Request) -> StreamingResponse:
    return as_events(events(TRADES[:1], then=FOREVER))


async def endless(_request: Request) -> StreamingResponse:
    return as_lines(lines(cycle(TRADES)))


async def short(_request: Request) -> StreamingResponse:
    return as_lines(lines(TRADES[:FEW]))


async def json(_request: Request) -> JSONResponse:
    return JSONResponse(ROWS[0])


app = Starlette(
    routes=[
        Route("/ndjson/ready", ndjson_ready),
        Route("/ndjson/suspended", ndjson_suspended),
        Route("/sse/ready", sse_ready),
        Route("/sse/suspended", sse_suspended),
        Route("/chunks", chunks),
        Route("/first", first),
        Route("/idle", idle),
        Route("/endless", endless),
        Route("/short", short),
        Route("/json", json),
    ]
)
