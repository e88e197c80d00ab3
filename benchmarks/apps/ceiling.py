"""No framework, and no promise either: items that were encoded beforehand, sent whenever 64 KiB have come together.

It holds back items that are ready, which a framework must not. Only streams that are always ready are worth comparing.
"""

from collections.abc import AsyncIterable

from benchmarks.apps.floor import (
    STREAMS,
    WHOLE_TRADE,
    Message,
    Receive,
    Send,
    live,
    respond_whole,
)

ENOUGH = 65_536


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["path"] == "/json":
        await respond_whole(send, WHOLE_TRADE)
    else:
        content_type, items = STREAMS[scope["path"]]
        await respond(send, content_type, items())


async def respond(send: Send, content_type: bytes, items: AsyncIterable[bytes]) -> None:
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    buffer = bytearray()
    async for item in items:
        buffer += item
        if len(buffer) >= ENOUGH:
            await send({"type": "http.response.body", "body": bytes(buffer), "more_body": True})
            buffer.clear()
    await send({"type": "http.response.body", "body": bytes(buffer), "more_body": False})
