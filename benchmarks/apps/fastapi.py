"""FastAPI: path operations that yield Pydantic models, as JSON Lines or through EventSourceResponse."""

import asyncio
from collections.abc import AsyncIterable
from itertools import cycle

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel

from benchmarks.data import CHUNKS, FEW, FOREVER, PAUSE, ROWS

app = FastAPI()


class Trade(BaseModel):
    id: int
    symbol: str
    price: float
    quantity: int
    venue: str


_distinct = {row["id"]: Trade.model_validate(row) for row in ROWS}
TRADES = [_distinct[row["id"]] for row in ROWS]


@app.get("/ndjson/ready")
async def ndjson_ready() -> AsyncIterable[Trade]:
    for trade in TRADES:
        yield trade


@app.get("/ndjson/suspended")
async def ndjson_suspended() -> AsyncIterable[Trade]:
    for trade in TRADES:
        await asyncio.sleep(0)
        yield trade


@app.get("/sse/ready", response_class=EventSourceResponse)
async def sse_ready() -> AsyncIterable[Trade]:
    for trade in TRADES:
        yield trade


@app.get("/sse/suspended", response_class=EventSourceResponse)
async def sse_suspended() -> AsyncIterable[Trade]:
    for trade in TRADES:
        await asyncio.sleep(0)
        yield trade


@app.get("/chunks", response_class=StreamingResponse)
async def chunks() -> AsyncIterable[bytes]:
    for chunk in CHUNKS:
        yield chunk


@app.get("/first")
async def first() -> AsyncIterable[Trade]:
    yield TRADES[0]
    await asyncio.sleep(PAUSE)


@app.get("/idle", response_class=EventSourceResponse)
async def idle() -> AsyncIterable[Trade]:
    yield TRADES[0]
    await asyncio.sleep(FOREVER)


@app.get("/endless")
async def endless() -> AsyncIterable[Trade]:
    for trade in cycle(TRADES):
        yield trade


@app.get("/short")
async def short() -> AsyncIterable[Trade]:
    for trade in TRADES[:FEW]:
        yield trade


@app.get("/json")
async def json() -> Trade:
    return TRADES[0]
