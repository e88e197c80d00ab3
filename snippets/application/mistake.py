"""A path and a Struct that don't match, which fails at startup."""

from msgspec import Struct

from jero import BaseApp, Endpoint


class Order(Struct):
    id: int


# --8<-- [start:mistake]
class OrderPath(Struct):
    id: int


class OrderEndpoint(Endpoint, path="/orders/{order_id}"):
    async def get(self, path: OrderPath) -> Order:
        return Order(path.id)


# --8<-- [end:mistake]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrderEndpoint())


app = App()
