"""Redirects: after a POST, and from a path that has moved permanently."""

from msgspec import Struct

from jero import BaseApp, Endpoint, RedirectResponse


class RoomPath(Struct):
    room: str


class Question(Struct):
    text: str


# --8<-- [start:redirect]
class QuestionsEndpoint(Endpoint, path="/questions"):
    async def post(self, json: Question) -> RedirectResponse:
        print("asked:", json.text)
        return RedirectResponse(location="/questions/7", status_code=303)


class OldRoomEndpoint(Endpoint, path="/zimmer/{room}"):
    async def get(self, path: RoomPath) -> RedirectResponse:
        return RedirectResponse(location=f"/rooms/{path.room}", status_code=308)


# --8<-- [end:redirect]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(QuestionsEndpoint())
        self._include_endpoint(OldRoomEndpoint())


app = App()
