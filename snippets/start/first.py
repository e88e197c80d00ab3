"""A first application: one path, JSON in and JSON out."""

from msgspec import Struct

from jero import BaseApp, Endpoint


class Cup(Struct):
    drink: str
    size: int = 200


class CupsEndpoint(Endpoint, path="/cups"):
    def __init__(self) -> None:
        self._cups = [Cup("espresso", 40), Cup("filter")]

    async def get(self) -> list[Cup]:
        return self._cups

    async def post(self, json: Cup) -> Cup:
        self._cups.append(json)
        return json


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(CupsEndpoint())


app = App()
