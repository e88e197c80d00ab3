"""Small ASGI applications, written by hand, and a client for them."""

from typing import Any

import httpx

from jero.asgi import ASGIApp, Message, Receive, Scope, Send
from jero.testing import ASGITransport


def client_of(app: ASGIApp, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=ASGITransport(app, **options), base_url="http://testserver")


def http(app: ASGIApp) -> ASGIApp:
    """An app that knows of HTTP only."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await app(scope, receive, send)

    return checked


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def chunk(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


END: Message = {"type": "http.response.body"}
