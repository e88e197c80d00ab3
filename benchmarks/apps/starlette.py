"""Starlette: a StreamingResponse of bytes, encoded by hand with msgspec, as bodies are decoded."""

from collections.abc import AsyncIterator, Callable
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

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


def as_lines(path: str, make: Callable[[], AsyncIterator[bytes]]) -> Route:
    async def get(_request: Request) -> StreamingResponse:
        return StreamingResponse(make(), media_type="application/x-ndjson")

    return Route(path, get)


def as_events(path: str, make: Callable[[], AsyncIterator[bytes]]) -> Route:
    async def get(_request: Request) -> StreamingResponse:
        headers = {"cache-control": "no-store"}
        return StreamingResponse(make(), media_type="text/event-stream", headers=headers)

    return Route(path, get)


async def chunks(_request: Request) -> StreamingResponse:
    return StreamingResponse(stream(CHUNKS), media_type="application/octet-stream")


async def json(_request: Request) -> JSONResponse:
    return JSONResponse(ROW)


async def upload(request: Request) -> Response:
    return Response(encode(await total(request.stream())), media_type="application/json")


async def body(request: Request) -> Response:
    totals = total_order(await request.body())
    return Response(encode(totals), media_type="application/json")


async def refuse(_request: Request, error: Exception) -> Response:
    return JSONResponse(str(error), 422)


ROW = as_row(TRADES[0])

app = Starlette(
    routes=[
        *(as_lines(path, partial(lines, TRADES, flow)) for path, flow in LINES.items()),
        *(as_lines(path, partial(lines, RECORDS, flow)) for path, flow in RECORD_LINES.items()),
        *(as_events(path, partial(events, flow)) for path, flow in EVENTS.items()),
        *(as_events(path, partial(tokens, flow)) for path, flow in TOKEN_EVENTS.items()),
        Route("/chunks", chunks),
        Route("/json", json),
        Route("/upload", upload, methods=["POST"]),
        Route("/body", body, methods=["POST"]),
    ],
    exception_handlers={msgspec.ValidationError: refuse},
)
