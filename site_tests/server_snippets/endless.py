"""Streams until its client leaves. `/closed` answers when one has left, and not before."""

import asyncio

from docstage.run.asgi import Receive, Scope, Send

closed = asyncio.Event()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    path = scope["path"].removeprefix(scope["root_path"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if path == "/closed":
        await closed.wait()
        await send({"type": "http.response.body", "body": b"cursor closed\n"})
        return
    closed.clear()
    print("cursor opened")
    await send({"type": "http.response.body", "body": b"row\n", "more_body": True})
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        print("cursor closed")
        closed.set()
