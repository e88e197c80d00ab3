"""The OpenAPI document of a stream, with the schema of its items from the handler's types."""

from collections.abc import AsyncIterator
from typing import Annotated

from msgspec import Meta, Struct

from jero import BaseApp, Endpoint, SSEResponse


# --8<-- [start:document]
class Departure(Struct):
    """A train that is about to leave."""

    to: str
    platform: Annotated[int, Meta(ge=1, description="As it is painted on the sign.")]
    minutes: int = 0


class DeparturesEndpoint(Endpoint, path="/departures"):
    """The board in the station's hall."""

    async def get(self) -> SSEResponse[Departure]:
        """Watch the board.

        There is an event for each train that is called.
        """
        return SSEResponse(stream=self._departures())

    async def _departures(self) -> AsyncIterator[Departure]:
        yield Departure("Ghent", 4)
        yield Departure("Bruges", 11, minutes=6)


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(DeparturesEndpoint())
        self._include_openapi(title="Station", version="1.0")


# --8<-- [end:document]


app = App()
