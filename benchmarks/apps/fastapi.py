"""FastAPI: path operations that yield Pydantic models, as JSON Lines or through EventSourceResponse, or take them."""

import asyncio
from collections.abc import AsyncIterable

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from benchmarks.apps.by_hand import encode, total
from benchmarks.apps.models import RECORDS, TOKENS, TRADES, Order, Record, Token, Totals, Trade
from benchmarks.data import (
    CHUNKS,
    EVENT,
    EVENTS,
    LINES,
    RECORD_LINES,
    TOKEN_EVENTS,
    Flow,
)

app = FastAPI()


def serve_lines(path: str, flow: Flow) -> None:
    @app.get(path)
    async def get() -> AsyncIterable[Trade]:
        wait = flow.wait
        for trade in flow.pick(TRADES):
            if wait:
                await wait()
            yield trade
        if flow.then:
            await asyncio.sleep(flow.then)


def serve_records(path: str, flow: Flow) -> None:
    @app.get(path)
    async def get() -> AsyncIterable[Record]:
        wait = flow.wait
        for record in flow.pick(RECORDS):
            if wait:
                await wait()
            yield record


def serve_events(path: str, flow: Flow) -> None:
    @app.get(path, response_class=EventSourceResponse)
    async def get() -> AsyncIterable[ServerSentEvent]:
        wait, retry = flow.wait, flow.retry
        for trade in flow.pick(TRADES):
            if wait:
                await wait()
            yield ServerSentEvent(data=trade, event=EVENT, id=str(trade.id), retry=retry)
        if flow.then:
            await asyncio.sleep(flow.then)


def serve_tokens(path: str, flow: Flow) -> None:
    @app.get(path, response_class=EventSourceResponse)
    async def get() -> AsyncIterable[Token]:
        wait = flow.wait
        for token in flow.pick(TOKENS):
            if wait:
                await wait()
            yield token


for serve, flows in (
    (serve_lines, LINES),
    (serve_records, RECORD_LINES),
    (serve_events, EVENTS),
    (serve_tokens, TOKEN_EVENTS),
):
    for path, flow in flows.items():
        serve(path, flow)


@app.get("/chunks", response_class=StreamingResponse)
async def chunks() -> AsyncIterable[bytes]:
    for chunk in CHUNKS:
        yield chunk


@app.get("/json")
async def json() -> Trade:
    return TRADES[0]


@app.post("/upload")
async def upload(request: Request) -> Response:
    return Response(encode(await total(request.stream())), media_type="application/json")


@app.post("/body")
async def body(order: Order) -> Totals:
    return Totals(count=len(order.trades), quantity=sum(trade.quantity for trade in order.trades))
