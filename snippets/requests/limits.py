"""How large a body may be, and how long it may take: an endpoint's own limits."""

from msgspec import Struct

from jero import BaseApp, Endpoint


class Note(Struct):
    text: str


# --8<-- [start:limits]
class NotesEndpoint(Endpoint, path="/notes"):
    max_body = 64  # bytes
    body_timeout = 5.0  # seconds

    async def post(self, json: Note) -> Note:
        return json


class App(BaseApp):
    max_body = 262_144  # for every endpoint that says nothing else

    async def _wire(self) -> None:
        self._include_endpoint(NotesEndpoint())


# --8<-- [end:limits]


app = App()
