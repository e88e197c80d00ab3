"""Kinds of responses of the application's own: a default status, and a format for streams."""

from collections.abc import AsyncIterator, Callable
from typing import override

from msgspec import Struct

from jero import BaseApp, Endpoint, JSONResponse, NDJSONStreamingResponse


class Reading(Struct):
    sensor: str
    celsius: float


# --8<-- [start:own]
class CreatedResponse[T, H = None](JSONResponse[T, H]):
    default_status = 201
    documented_status = "201"


class JSONSequenceResponse[T, H = None](NDJSONStreamingResponse[T, H]):
    """Streams JSON text sequences (RFC 7464)."""

    media_type = "application/json-seq"

    @override
    @classmethod
    def encoder(
        cls, content: object, to_json: Callable[[object], bytes]
    ) -> Callable[[object], bytes]:
        return lambda item: b"\x1e" + to_json(item) + b"\n"


class ReadingsEndpoint(Endpoint, path="/readings"):
    async def get(self) -> JSONSequenceResponse[Reading]:
        return JSONSequenceResponse(readings())

    async def post(self, json: Reading) -> CreatedResponse[Reading]:
        return CreatedResponse(json)


# --8<-- [end:own]
async def readings() -> AsyncIterator[Reading]:
    yield Reading("roof", 11.5)
    yield Reading("cellar", 9.0)


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ReadingsEndpoint())


app = App()
