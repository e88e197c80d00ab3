"""sse-starlette: its EventSourceResponse and JSONServerSentEvent on Starlette. Events are all it does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

from sse_starlette import EventSourceResponse, JSONServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.data import EVENT, EVENTS, TOKEN_EVENTS, TOKENS, TRADES, Flow, as_row, each

ROWS = each(TRADES, as_row)
TOKEN_ROWS = each(TOKENS, as_row)


async def events(flow: Flow) -> AsyncIterator[JSONServerSentEvent]:
    wait, retry = flow.wait, flow.retry
    for row in flow.pick(ROWS):
        if wait:
            await wait()
        yield JSONServerSentEvent(row, event=EVENT, id=str(row["id"]), retry=retry)
    if flow.then:
        await asyncio.sleep(flow.then)


async def tokens(flow: Flow) -> AsyncIterator[JSONServerSentEvent]:
    wait = flow.wait
    for row in flow.pick(TOKEN_ROWS):
        if wait:
            await wait()
        yield JSONServerSentEvent(row)


def as_events(path: str, make: Callable[[], AsyncIterator[JSONServerSentEvent]]) -> Route:
    async def get(_request: Request) -> EventSourceResponse:
        return EventSourceResponse(make())

    return Route(path, get)


async def json(_request: Request) -> JSONResponse:
    return JSONResponse(ROWS[0])


app = Starlette(
    routes=[
        *(as_events(path, partial(events, flow)) for path, flow in EVENTS.items()),
        *(as_events(path, partial(tokens, flow)) for path, flow in TOKEN_EVENTS.items()),
        Route("/json", json),
    ]
)
