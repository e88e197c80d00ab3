"""What applications write themselves where their framework has nothing for it, as fast as msgspec allows."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Sequence

import msgspec
from msgspec import Struct

from benchmarks.data import EVENT, TOKENS, TRADES, Flow, Order, Totals, Trade

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode
decode_trades = msgspec.json.Decoder(Trade).decode_lines

LONGEST_LINE = 1 << 20


async def lines(items: Sequence[Struct], flow: Flow) -> AsyncIterator[bytes]:
    """Items as NDJSON."""
    wait = flow.wait
    for item in flow.pick(items):
        if wait:
            await wait()
        yield encode(item) + b"\n"
    if flow.then:
        await asyncio.sleep(flow.then)


async def events(flow: Flow) -> AsyncIterator[bytes]:
    """Trades as events with a name and an id."""
    wait = flow.wait
    head = f"event: {EVENT}\n"
    if flow.retry is not None:
        head += f"retry: {flow.retry}\n"
    form = f"{head}id: %d\ndata: %b\n\n".encode()
    for trade in flow.pick(TRADES):
        if wait:
            await wait()
        yield form % (trade.id, encode(trade))
    if flow.then:
        await asyncio.sleep(flow.then)


async def tokens(flow: Flow) -> AsyncIterator[bytes]:
    """Tokens as events."""
    wait = flow.wait
    for token in flow.pick(TOKENS):
        if wait:
            await wait()
        yield b"data: " + encode(token) + b"\n\n"


async def total(chunks: AsyncIterable[bytes]) -> Totals:
    """The totals of NDJSON that arrives in chunks, of which no more than a line is kept."""
    totals = Totals()
    rest = b""
    async for chunk in chunks:
        whole, _, rest = (rest + chunk).rpartition(b"\n")
        for trade in decode_trades(whole):
            totals.add(trade)
        if len(rest) > LONGEST_LINE:
            raise ValueError("a line is too long")
    for trade in decode_trades(rest):
        totals.add(trade)
    return totals


def total_order(body: bytes) -> Totals:
    """The totals of an order's trades. Raises `msgspec.ValidationError` for an invalid one."""
    return Totals.of(decode_order(body).trades)
