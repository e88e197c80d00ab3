"""Sends a row, and the other one not before somebody asks for `/open`."""

import asyncio

from docstage.run.asgi import Receive, Scope, Send

gate = asyncio.Event()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    path = scope["path"].removeprefix(scope["root_path"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if path == "/open":
        gate.set()
    else:
        gate.clear()
        await send({"type": "http.response.body", "body": b"first\n", "more_body": True})
        await gate.wait()
        await send({"type": "http.response.body", "body": b"last\n", "more_body": True})
    await send({"type": "http.response.body", "body": b""})
