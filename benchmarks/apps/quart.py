"""Quart: asynchronous generators of bytes, encoded by hand with msgspec, as bodies are decoded; its own JSON."""

from collections.abc import AsyncIterator, Callable
from functools import partial

import msgspec
from quart import Quart, Response, request

from benchmarks.apps.by_hand import encode, events, lines, tokens, total, total_order
from benchmarks.data import (
    CHUNKS,
    EVENTS,
    LINES,
    RECORD_LINES,
    RECORDS,
    TOKEN_EVENTS,
    TRADES,
    as_row,
    stream,
)

app = Quart(__name__)
ROW = as_row(TRADES[0])


def streamed(content: AsyncIterator[bytes], content_type: str) -> Response:
    response = Response(content, content_type=content_type)
    response.timeout = None  # as Quart asks for streams that go on for long
    return response


def serve(path: str, make: Callable[[], AsyncIterator[bytes]], content_type: str) -> None:
    @app.get(path, endpoint=path)
    async def get() -> Response:
        return streamed(make(), content_type)


for path, flow in LINES.items():
    serve(path, partial(lines, TRADES, flow), "application/x-ndjson")
for path, flow in RECORD_LINES.items():
    serve(path, partial(lines, RECORDS, flow), "application/x-ndjson")
for path, flow in EVENTS.items():
    serve(path, partial(events, flow), "text/event-stream")
for path, flow in TOKEN_EVENTS.items():
    serve(path, partial(tokens, flow), "text/event-stream")
serve("/chunks", partial(stream, CHUNKS), "application/octet-stream")


@app.get("/json")
async def json() -> dict[str, object]:
    return ROW


@app.post("/upload")
async def upload() -> Response:
    return Response(encode(await total(request.body)), content_type="application/json")


@app.post("/body")
async def body() -> Response:
    totals = total_order(await request.get_data())
    return Response(encode(totals), content_type="application/json")


@app.errorhandler(msgspec.ValidationError)
async def refuse(error: msgspec.ValidationError) -> Response:
    return Response(encode(str(error)), 422, content_type="application/json")
