"""Litestar: Stream and ServerSentEvent, encoded by hand with msgspec; bodies and plain JSON as Structs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from litestar import Litestar, Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import ServerSentEvent, ServerSentEventMessage, Stream

from benchmarks.apps.by_hand import encode, lines, total
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
    Totals,
    Trade,
    stream,
)


async def events(flow: Flow) -> AsyncIterator[ServerSentEventMessage]:
    wait, retry = flow.wait, flow.retry
    for trade in flow.pick(TRADES):
        if wait:
            await wait()
        yield ServerSentEventMessage(data=encode(trade), event=EVENT, id=trade.id, retry=retry)
    if flow.then:
        await asyncio.sleep(flow.then)


async def tokens(flow: Flow) -> AsyncIterator[ServerSentEventMessage]:
    wait = flow.wait
    for token in flow.pick(TOKENS):
        if wait:
            await wait()
        yield ServerSentEventMessage(data=encode(token))


def as_stream(path: str, make: Callable[[], AsyncIterator[bytes]], type_: str) -> HTTPRouteHandler:
    @get(path, media_type=type_)
    async def handler() -> Stream:
        return Stream(make())

    return handler


def as_events(
    path: str, make: Callable[[], AsyncIterator[ServerSentEventMessage]]
) -> HTTPRouteHandler:
    @get(path)
    async def handler() -> ServerSentEvent:
        return ServerSentEvent(make())

    return handler


@get("/json")
async def json() -> Trade:
    return TRADES[0]


@post("/upload", status_code=200, request_max_body_size=None)
async def upload(request: Request[Any, Any, Any]) -> Totals:
    return await total(request.stream())


@post("/body", status_code=200)
async def body(data: Order) -> Totals:
    return Totals.of(data.trades)


NDJSON = "application/x-ndjson"

app = Litestar(
    [
        *(as_stream(path, partial(lines, TRADES, flow), NDJSON) for path, flow in LINES.items()),
        *(
            as_stream(path, partial(lines, RECORDS, flow), NDJSON)
            for path, flow in RECORD_LINES.items()
        ),
        *(as_events(path, partial(events, flow)) for path, flow in EVENTS.items()),
        *(as_events(path, partial(tokens, flow)) for path, flow in TOKEN_EVENTS.items()),
        as_stream("/chunks", partial(stream, CHUNKS), "application/octet-stream"),
        json,
        upload,
        body,
    ]
)
