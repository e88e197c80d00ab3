"""No framework: items that were encoded beforehand, sent one by one. What the others are measured against."""

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    MutableMapping,
)
from functools import partial
from typing import Any

import msgspec

from benchmarks.apps.by_hand import encode, total, total_order
from benchmarks.data import (
    CHUNKS,
    EVENTS,
    LINES,
    RECORD_LINES,
    RECORDS,
    RETRY,
    TOKEN_EVENTS,
    TOKENS,
    TRADES,
    each,
    encode_data,
    encode_event,
    encode_line,
    stream,
)

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]


JSON, NDJSON, SSE = b"application/json", b"application/x-ndjson", b"text/event-stream"

TRADE_LINES = each(TRADES, encode_line)
TRADE_EVENTS = {
    None: each(TRADES, encode_event),
    RETRY: each(TRADES, partial(encode_event, retry=RETRY)),
}
WHOLE_TRADE = TRADE_LINES[0].removesuffix(b"\n")
ENCODED_RECORDS = each(RECORDS, encode_line)
ENCODED_TOKENS = each(TOKENS, encode_data)

STREAMS: Mapping[str, tuple[bytes, Callable[[], AsyncIterable[bytes]]]] = {
    "/chunks": (b"application/octet-stream", partial(stream, CHUNKS)),
    **{path: (NDJSON, partial(stream, TRADE_LINES, flow)) for path, flow in LINES.items()},
    **{
        path: (NDJSON, partial(stream, ENCODED_RECORDS, flow))
        for path, flow in RECORD_LINES.items()
    },
    **{
        path: (SSE, partial(stream, TRADE_EVENTS[flow.retry], flow))
        for path, flow in EVENTS.items()
    },
    **{path: (SSE, partial(stream, ENCODED_TOKENS, flow)) for path, flow in TOKEN_EVENTS.items()},
}


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    match scope["path"]:
        case "/json":
            await respond_whole(send, WHOLE_TRADE)
        case "/upload":
            await respond_whole(send, encode(await total(read(receive))))
        case "/body":
            body = b"".join([chunk async for chunk in read(receive)])
            try:
                await respond_whole(send, encode(total_order(body)))
            except msgspec.ValidationError as error:
                await respond_whole(send, encode(str(error)), 422)
        case path:
            content_type, items = STREAMS[path]
            await respond(send, content_type, items())


async def read(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def respond_whole(send: Send, body: bytes, status: int = 200) -> None:
    headers = [(b"content-type", JSON), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def respond(send: Send, content_type: bytes, items: AsyncIterable[bytes]) -> None:
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for item in items:
        await send({"type": "http.response.body", "body": item, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
