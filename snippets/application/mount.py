"""Another ASGI application mounted under a path, which becomes its root path."""

from msgspec import Struct

from jero import BaseApp, Endpoint
from jero.asgi import Receive, Scope, Send


class Invoice(Struct):
    number: int
    cents: int


class InvoicesEndpoint(Endpoint, path="/legacy/invoices"):
    async def get(self) -> list[Invoice]:
        return [Invoice(31, 4200)]


# --8<-- [start:mount]
async def legacy(scope: Scope, _receive: Receive, send: Send) -> None:
    """Stands in for any ASGI application. It has no lifespan; if it had one, it would be started and stopped."""
    if scope["type"] != "http":
        raise NotImplementedError
    below = scope["path"].removeprefix(scope["root_path"])
    body = f"{scope['root_path']} serves {below}\n".encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(InvoicesEndpoint())  # /legacy/invoices
        self._mount("/legacy", legacy)


# --8<-- [end:mount]


app = App()
