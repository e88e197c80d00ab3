"""An endpoint's own limits: how large a body can be, and how long it can take."""

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
    max_body = 262_144  # for all endpoints without their own

    async def _wire(self) -> None:
        self._include_endpoint(NotesEndpoint())


# --8<-- [end:limits]


app = App()
