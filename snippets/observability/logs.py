"""Logs as lines of JSON with the request's id, one for each request, and one that says why its stream ended."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextvars import ContextVar
from typing import cast, override

import msgspec
from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse, stream_ending
from jero.asgi import ASGIApp, Message, Receive, Scope, Send

request_id = ContextVar("request_id", default="-")


class Order(Struct):
    id: int
    item: str


class ExportPath(Struct):
    name: str


class Range(Struct):
    rows: int = 4


# --8<-- [start:logging]
class JSONLines(logging.Handler):
    """Prints each record as an object."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        entry = {
            "level": record.levelname,
            "request": request_id.get(),
            "message": record.getMessage(),
        }
        print(msgspec.json.encode(entry).decode())


logger = logging.getLogger("exports")
logger.setLevel(logging.INFO)
logger.handlers = [JSONLines()]
logger.propagate = False  # or the root logger's handlers would write them as well


class LogRequests:
    """Logs each request when its response is over: method, route and status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
        request_id.set(headers.get(b"x-request-id", b"-").decode("latin-1"))
        status = 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            route = scope["route"].path if "route" in scope else "(none)"
            logger.info("%s %s %d", scope["method"], route, status)


class ExportEndpoint(Endpoint, path="/exports/{name}"):
    async def get(self, path: ExportPath, params: Range) -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._export(path.name, params.rows))

    async def _export(self, name: str, rows: int) -> AsyncGenerator[AsyncIterable[Order]]:
        yield self._rows(rows)
        logger.info("export of %r ended: %s", name, stream_ending())

    # --8<-- [end:logging]

    async def _rows(self, rows: int) -> AsyncIterator[Order]:
        for number in range(1, rows + 1):
            await asyncio.sleep(0.3)
            if number > 4:
                raise LookupError("order 5 is locked")
            yield Order(number, "espresso")


class App(BaseApp):
    async def _wire(self) -> None:
        self._wrap(LogRequests)
        self._include_endpoint(ExportEndpoint())


app = App()
