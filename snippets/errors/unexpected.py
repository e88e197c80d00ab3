"""An error that nobody expected: what the client sees of it, and what the log does."""

from msgspec import Struct

from jero import BaseApp, Endpoint

CENTS = {"EUR": 100, "USD": 108}


class PricePath(Struct):
    currency: str


class Price(Struct):
    currency: str
    cents: int


# --8<-- [start:unexpected]
class PriceEndpoint(Endpoint, path="/prices/{currency}"):
    async def get(self, path: PricePath) -> Price:
        return Price(path.currency, CENTS[path.currency])  # and if it is not there?


# --8<-- [end:unexpected]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(PriceEndpoint())


app = App()
