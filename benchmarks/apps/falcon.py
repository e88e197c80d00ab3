"""Falcon: `resp.stream` of bytes and bodies by hand with msgspec; its own `resp.sse` and `resp.media`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

import msgspec
from falcon.asgi import App, Request, Response, SSEvent

from benchmarks.apps.by_hand import encode, lines, total, total_order
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

ROWS = each(TRADES, as_row)
TOKEN_ROWS = each(TOKENS, as_row)


async def events(flow: Flow) -> AsyncIterator[SSEvent]:
    wait, retry = flow.wait, flow.retry
    for row in flow.pick(ROWS):
        if wait:
            await wait()
        yield SSEvent(json=row, event=EVENT, event_id=str(row["id"]), retry=retry)
    if flow.then:
        await asyncio.sleep(flow.then)


async def tokens(flow: Flow) -> AsyncIterator[SSEvent]:
    wait = flow.wait
    for row in flow.pick(TOKEN_ROWS):
        if wait:
            await wait()
        yield SSEvent(json=row)


class Streamed:
    def __init__(self, make: Callable[[], AsyncIterator[bytes]], content_type: str) -> None:
        self._make = make
        self._content_type = content_type

    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.content_type = self._content_type
        resp.stream = self._make()


class Events:
    def __init__(self, make: Callable[[], AsyncIterator[SSEvent]]) -> None:
        self._make = make

    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.sse = self._make()


class Json:
    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.media = ROWS[0]


class Upload:
    async def on_post(self, req: Request, resp: Response) -> None:
        resp.data = encode(await total(req.stream))


class Body:
    async def on_post(self, req: Request, resp: Response) -> None:
        resp.data = encode(total_order(await req.stream.read()))


async def refuse(
    _req: Request, resp: Response, error: msgspec.ValidationError, _params: object
) -> None:
    resp.status = 422
    resp.media = str(error)


app = App()
for path, flow in LINES.items():
    app.add_route(path, Streamed(partial(lines, TRADES, flow), "application/x-ndjson"))
for path, flow in RECORD_LINES.items():
    app.add_route(path, Streamed(partial(lines, RECORDS, flow), "application/x-ndjson"))
for path, flow in EVENTS.items():
    app.add_route(path, Events(partial(events, flow)))
for path, flow in TOKEN_EVENTS.items():
    app.add_route(path, Events(partial(tokens, flow)))
app.add_route("/chunks", Streamed(partial(stream, CHUNKS), "application/octet-stream"))
app.add_route("/json", Json())
app.add_route("/upload", Upload())
app.add_route("/body", Body())
app.add_error_handler(msgspec.ValidationError, refuse)
