"""Bodies of other media types: declared once, sent and documented."""

from typing import Annotated

from msgspec import Struct

from jero import BaseApp, BytesResponse, Endpoint, MediaType


class Stored(Struct):
    size: int


# --8<-- [start:media_type]
SVG = MediaType("image/svg+xml")


class LogoEndpoint(Endpoint, path="/logo.svg"):
    def __init__(self) -> None:
        self._logo = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>'

    async def get(self) -> Annotated[BytesResponse, SVG]:
        return BytesResponse(self._logo)

    async def put(self, content: Annotated[bytes, SVG]) -> Stored:
        self._logo = content
        return Stored(len(content))


# --8<-- [end:media_type]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(LogoEndpoint())


app = App()
