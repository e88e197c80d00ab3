"""An unexpected error: what the client gets and what is logged."""

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
        return Price(path.currency, CENTS[path.currency])  # KeyError for an unknown currency


# --8<-- [end:unexpected]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(PriceEndpoint())


app = App()
