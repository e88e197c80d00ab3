"""Starts an app as a server does, and says what came of it."""

from typing import Any

from jero.asgi import ASGIApp


async def live(app: ASGIApp) -> list[dict[str, Any]]:
    """Start an app and shut it down; what it answered."""
    sent: list[dict[str, Any]] = []
    inbox = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, Any]:
        return next(inbox)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    return sent


async def failure_of(app: ASGIApp) -> str:
    """What keeps the app from starting."""
    (message,) = await live(app)
    assert message["type"] == "lifespan.startup.failed"
    return message["message"]
