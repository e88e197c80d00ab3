"""sse-starlette: its EventSourceResponse and JSONServerSentEvent on Starlette. Events are all it does."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import cycle

from sse_starlette import EventSourceResponse, JSONServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.data import FOREVER, ROWS


async def events(
    rows: Iterable[dict[str, object]], *, suspends: bool = False, then: float = 0
) -> AsyncIterator[JSONServerSentEvent]:
    for row in rows:
        if suspends:
            await asyncio.sleep(0)
        yield JSONServerSentEvent(row)
    if then:
        await asyncio.sleep(then)


async def sse_ready(_request: Request) -> EventSourceResponse:
    return EventSourceResponse(events(ROWS))


async def sse_suspended(_request: Request) -> EventSourceResponse:
    return EventSourceResponse(events(ROWS, suspends=True))


async def idle(_request: Request) -> EventSourceResponse:
    return EventSourceResponse(events(ROWS[:1], then=FOREVER))


async def endless(_request: Request) -> EventSourceResponse:
    return EventSourceResponse(events(cycle(ROWS)))


async def json(_request: Request) -> JSONResponse:
    return JSONResponse(ROWS[0])


app = Starlette(
    routes=[
        Route("/sse/ready", sse_ready),
        Route("/sse/suspended", sse_suspended),
        Route("/idle", idle),
        Route("/endless", endless),
        Route("/json", json),
    ]
)
