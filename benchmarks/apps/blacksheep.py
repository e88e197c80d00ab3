"""BlackSheep: StreamedContent of bytes, encoded by hand with msgspec; its own ServerSentEvent, json and FromJSON."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import partial

from blacksheep import (
    Application,
    Content,
    FromJSON,
    Request,
    Response,
    StreamedContent,
    get,
    json,
    post,
)
from blacksheep.server.sse import ServerSentEvent, ServerSentEventsResponse

from benchmarks.apps.by_hand import encode, lines, total
from benchmarks.apps.models import Order
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
    as_row,
    each,
    stream,
)

app = Application()
ROWS = each(TRADES, as_row)
TOKEN_ROWS = each(TOKENS, as_row)


async def events(flow: Flow) -> AsyncIterator[ServerSentEvent]:
    wait, retry = flow.wait, -1 if flow.retry is None else flow.retry
    for row in flow.pick(ROWS):
        if wait:
            await wait()
        yield ServerSentEvent(row, EVENT, str(row["id"]), retry)
    if flow.then:
        await asyncio.sleep(flow.then)


async def tokens(flow: Flow) -> AsyncIterator[ServerSentEvent]:
    wait = flow.wait
    for row in flow.pick(TOKEN_ROWS):
        if wait:
            await wait()
        yield ServerSentEvent(row)


def serve(path: str, make: Callable[[], AsyncIterable[bytes]], content_type: bytes) -> None:
    @get(path)
    async def handler() -> Response:
        return Response(200, content=StreamedContent(content_type, make))


def serve_events(path: str, make: Callable[[], AsyncIterable[ServerSentEvent]]) -> None:
    @get(path)
    async def handler() -> Response:
        return ServerSentEventsResponse(make)


for path, flow in LINES.items():
    serve(path, partial(lines, TRADES, flow), b"application/x-ndjson")
for path, flow in RECORD_LINES.items():
    serve(path, partial(lines, RECORDS, flow), b"application/x-ndjson")
for path, flow in EVENTS.items():
    serve_events(path, partial(events, flow))
for path, flow in TOKEN_EVENTS.items():
    serve_events(path, partial(tokens, flow))
serve("/chunks", partial(stream, CHUNKS), b"application/octet-stream")


@get("/json")
async def one() -> Response:
    return json(ROWS[0])


@post("/upload")
async def upload(request: Request) -> Response:
    return Response(
        200, content=Content(b"application/json", encode(await total(request.stream())))
    )


@post("/body")
async def body(order: FromJSON[Order]) -> Response:
    trades = order.value.trades
    return json({"count": len(trades), "quantity": sum(trade.quantity for trade in trades)})
