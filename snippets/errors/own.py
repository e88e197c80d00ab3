"""An error of your own: its status, its type, and data for the client."""

from msgspec import Struct

from jero import BaseApp, Endpoint, HTTPError, NotFoundError, operation


# --8<-- [start:own]
class OutOfStockError(HTTPError):
    status_code = 409
    title = "Out of stock"
    type = "https://shop.example/problems/out-of-stock"

    def __init__(self, item: str, left: int) -> None:
        super().__init__(f"There are not as many of {item}.", members={"item": item, "left": left})


class Order(Struct):
    item: str
    quantity: int


STOCK = {"grinder": 3, "kettle": 20}


class OrdersEndpoint(Endpoint, path="/orders"):
    @operation(errors=[NotFoundError, OutOfStockError])
    async def post(self, json: Order) -> Order:
        if json.item not in STOCK:
            raise NotFoundError(f"There is no {json.item}.")
        if json.quantity > STOCK[json.item]:
            raise OutOfStockError(json.item, STOCK[json.item])
        return json


# --8<-- [end:own]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrdersEndpoint())


app = App()
