"""Ends the process that runs it, unless asked for `/fine`."""

import os

from docstage.run.asgi import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    if not scope["path"].endswith("/fine"):
        os._exit(7)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine\n"})
