"""An upstream that fails, each way under the name of a model."""

import threading
from asyncio import Event, to_thread
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from demo_app_tests.serving import beside
from demo_tools.model.serving import serve_on_loopback
from demo_tools.model.upstream import ChatRequest
from jero import BaseApp, Endpoint, HTTPError, StreamingResponse
from jero.asgi import ASGIApp

SECRET: Final = "sk-hidden"

PIECE: Final = (
    b'data: {"id":"1","object":"chat.completion.chunk","created":0,"model":"m","choices":'
    b'[{"index":0,"delta":{"content":"piece"},"finish_reason":null}]}\n\n'
)


class BusyError(HTTPError):
    status_code = 429


class LockedError(HTTPError):
    status_code = 401


class BrokenError(HTTPError):
    status_code = 500


class ScriptedEndpoint(Endpoint, path="/v1/chat/completions"):
    def __init__(self, cues: "Scripted") -> None:
        self._cues = cues

    async def post(self, json: ChatRequest) -> StreamingResponse:
        self._cues.asked.set()
        members = {"error": {"message": f"Incorrect key {SECRET}", "code": "x"}}
        match json.model:
            case "busy":
                raise BusyError(members=members, raw_headers={"retry-after": "17"})
            case "late-busy":
                await to_thread(self._cues.go_on.wait)
                raise BusyError(members=members, raw_headers={"retry-after": "17"})
            case "locked":
                raise LockedError(members=members)
            case "broken":
                raise BrokenError(members=members)
            case _:
                pass
        return StreamingResponse(
            stream=self._pieces(json.model), raw_headers={"content-type": "text/event-stream"}
        )

    async def _pieces(self, model: str) -> AsyncIterator[bytes]:
        if model == "garbage":
            yield b"data: {no json\n\n"
            return
        try:
            if model == "silent":
                await Event().wait()
            yield PIECE
            if model == "dies":
                raise ConnectionAbortedError(SECRET)
            if model == "endless":
                await Event().wait()
            if model == "error-event":
                yield b'data: {"error":{"message":"Incorrect key sk-hidden"}}\n\n'
        finally:
            self._cues.left.set()


class Scripted(BaseApp):
    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.left = threading.Event()

    async def _wire(self) -> None:
        self._include_endpoint(ScriptedEndpoint(self))


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncGenerator[dict[str, str]]:
    """The settings with which questions go to `app`."""
    async with beside(serve_on_loopback(app)) as url:
        yield {"openai_base_url": url + "/v1", "openai_api_key": SECRET}
