"""An NDJSON body, processed and answered line by line while it arrives."""

from collections.abc import AsyncIterator
from typing import Annotated

from msgspec import Meta, Struct

from jero import BaseApp, Endpoint


# --8<-- [start:ndjson]
class Reading(Struct):
    sensor: str
    celsius: Annotated[float, Meta(ge=-90, le=60)]


class Imported(Struct):
    readings: int


class ReadingsEndpoint(Endpoint, path="/readings"):
    async def post(self, ndjson: AsyncIterator[Reading]) -> Imported:
        count = 0
        async for reading in ndjson:
            print("stored", reading.sensor)
            count += 1
        return Imported(count)


# --8<-- [end:ndjson]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ReadingsEndpoint())


app = App()
