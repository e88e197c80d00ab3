"""A JSON body as nested Structs, with constraints and a list of all faults."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from jero import BaseApp, Endpoint


# --8<-- [start:json]
class Address(Struct):
    city: Annotated[str, Meta(min_length=1)]
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]


class Box(Struct):
    kilograms: Annotated[float, Meta(gt=0, le=30)]
    handling: Literal["normal", "fragile"] = "normal"


class Shipment(Struct):
    to: Address
    boxes: Annotated[list[Box], Meta(min_length=1)]


class Quote(Struct):
    boxes: int
    cents: int


class QuotesEndpoint(Endpoint, path="/quotes"):
    async def post(self, json: Shipment) -> Quote:
        kilograms = sum(box.kilograms for box in json.boxes)
        return Quote(len(json.boxes), round(kilograms * 150))


# --8<-- [end:json]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(QuotesEndpoint())


app = App()
