"""Falcon: `resp.stream` of bytes, encoded by hand with msgspec; its own `resp.sse` and `resp.media`."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import cycle

import msgspec
from falcon.asgi import App, Request, Response, SSEvent

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
    rows: Iterable[dict[str, object]], *, suspends: bool = False, then: float = 0
) -> AsyncIterator[SSEvent]:
    for row in rows:
        if suspends:
            await asyncio.sleep(0)
        yield SSEvent(json=row)
    if then:
        await asyncio.sleep(then)


class Lines:
    async def on_get_ready(self, _req: Request, resp: Response) -> None:
        resp.content_type = "application/x-ndjson"
        resp.stream = lines(TRADES)

    async def on_get_suspended(self, _req: Request, resp: Response) -> None:
        resp.content_type = "application/x-ndjson"
        resp.stream = lines(TRADES, suspends=True)

    async def on_get_first(self, _req: Request, resp: Response) -> None:
        resp.content_type = "application/x-ndjson"
        resp.stream = lines(TRADES[:1], then=PAUSE)

    async def on_get_endless(self, _req: Request, resp: Response) -> None:
        resp.content_type = "application/x-ndjson"
        resp.stream = lines(cycle(TRADES))

    async def on_get_short(self, _req: Request, resp: Response) -> None:
        resp.content_type = "application/x-ndjson"
        resp.stream = lines(TRADES[:FEW])


class Events:
    async def on_get_ready(self, _req: Request, resp: Response) -> None:
        resp.sse = events(ROWS)

    async def on_get_suspended(self, _req: Request, resp: Response) -> None:
        resp.sse = events(ROWS, suspends=True)

    async def on_get_idle(self, _req: Request, resp: Response) -> None:
        resp.sse = events(ROWS[:1], then=FOREVER)


class Chunks:
    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.content_type = "application/octet-stream"
        resp.stream = stream(CHUNKS)


class Json:
    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.media = ROWS[0]


app = App()
app.add_route("/ndjson/ready", Lines(), suffix="ready")
app.add_route("/ndjson/suspended", Lines(), suffix="suspended")
app.add_route("/sse/ready", Events(), suffix="ready")
app.add_route("/sse/suspended", Events(), suffix="suspended")
app.add_route("/chunks", Chunks())
app.add_route("/first", Lines(), suffix="first")
app.add_route("/idle", Events(), suffix="idle")
app.add_route("/endless", Lines(), suffix="endless")
app.add_route("/short", Lines(), suffix="short")
app.add_route("/json", Json())
