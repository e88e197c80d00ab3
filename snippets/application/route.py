"""The route template that a request matched, for metrics and traces."""

from msgspec import Struct

from jero import BaseApp, Endpoint, NotFoundError
from jero.asgi import ASGIApp, Message, Receive, Scope, Send


class OrderPath(Struct):
    order_id: int


class Order(Struct):
    id: int


# --8<-- [start:route]
class CountRequests:
    """Counts requests by method, route and status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope["route"].path if "route" in scope else "none"
                print("count", scope["method"], route, message["status"])
            await send(message)

        await self._app(scope, receive, send_counted)


class OrderEndpoint(Endpoint, path="/orders/{order_id}"):
    async def get(self, path: OrderPath) -> Order:
        if path.order_id > 100:
            raise NotFoundError(f"There is no order {path.order_id}")
        return Order(path.order_id)


class App(BaseApp):
    async def _wire(self) -> None:
        self._wrap(CountRequests)
        self._include_endpoint(OrderEndpoint())


# --8<-- [end:route]


app = App()
