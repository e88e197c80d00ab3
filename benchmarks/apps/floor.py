"""No framework: items that were encoded beforehand, sent one by one. What the others are measured against."""

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, MutableMapping
from itertools import cycle
from typing import Any

from benchmarks.data import CHUNKS, EVENTS, FEW, FOREVER, LINES, PAUSE, stream

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]


JSON, NDJSON, SSE = b"application/json", b"application/x-ndjson", b"text/event-stream"

STREAMS: Mapping[str, tuple[bytes, Callable[[], AsyncIterable[bytes]]]] = {
    "/ndjson/ready": (NDJSON, lambda: stream(LINES)),
    "/ndjson/suspended": (NDJSON, lambda: stream(LINES, suspends=True)),
    "/sse/ready": (SSE, lambda: stream(EVENTS)),
    "/sse/suspended": (SSE, lambda: stream(EVENTS, suspends=True)),
    "/chunks": (b"application/octet-stream", lambda: stream(CHUNKS)),
    "/first": (NDJSON, lambda: stream(LINES[:1], then=PAUSE)),
    "/idle": (SSE, lambda: stream(EVENTS[:1], then=FOREVER)),
    "/endless": (NDJSON, lambda: stream(cycle(LINES))),
    "/short": (NDJSON, lambda: stream(LINES[:FEW])),
}


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["path"] == "/json":
        await respond_whole(send, JSON, LINES[0])
    else:
        content_type, items = STREAMS[scope["path"]]
        await respond(send, content_type, items())


async def respond_whole(send: Send, content_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
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
