"""Text, HTML, bytes and an empty response."""

from html import escape

from msgspec import Struct

from jero import BaseApp, BytesResponse, EmptyResponse, Endpoint, HTMLResponse, TextResponse


# --8<-- [start:kinds]
class GuestPath(Struct):
    guest: str


class BadgeEndpoint(Endpoint, path="/guests/{guest}/badge"):
    async def get(self, path: GuestPath) -> HTMLResponse:
        return HTMLResponse(content=f"<h1>{escape(path.guest)}</h1>")

    async def delete(self, path: GuestPath) -> EmptyResponse:
        print(path.guest, "has checked out")
        return EmptyResponse()


class KeyEndpoint(Endpoint, path="/guests/{guest}/key"):
    async def get(self, path: GuestPath) -> BytesResponse:
        return BytesResponse(content=bytes([7, 3, *path.guest.encode()]))


class RobotsEndpoint(Endpoint, path="/robots.txt"):
    async def get(self) -> TextResponse:
        return TextResponse(
            content="User-agent: *\nDisallow: /guests/\n",
            raw_headers={"cache-control": "max-age=86400"},
        )


# --8<-- [end:kinds]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(BadgeEndpoint())
        self._include_endpoint(KeyEndpoint())
        self._include_endpoint(RobotsEndpoint())


app = App()
