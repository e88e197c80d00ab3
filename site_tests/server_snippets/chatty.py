"""Says more than anyone wants to hear: lines under `/lines`, bytes elsewhere."""

from docstage.run.asgi import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(10_000):
        if scope["path"].endswith("/lines"):
            print(number)
        else:
            await send({"type": "http.response.body", "body": b"x" * 1_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
