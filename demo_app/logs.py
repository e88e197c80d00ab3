"""Logs as lines of JSON on standard error: one object a record, with what was given as `extra` as further members."""

import logging
import sys
from datetime import UTC, datetime
from time import monotonic
from typing import Final, override

import msgspec

from jero.asgi import ASGIApp, Message, Receive, Scope, Send

_logger: Final = logging.getLogger("demo_app.requests")

_ORDINARY: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "color_message",
    "taskName",
}


class JSONFormatter(logging.Formatter):
    """One record → one line of JSON."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in _ORDINARY}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry, enc_hook=str).decode()


def configure_logs(level: str) -> None:
    """Send every record of this level and above through `JSONFormatter`, the server's included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    # A stream that is ended, by its reader or at shutdown, is no error; `RequestLog` tells of it.
    logging.getLogger("uvicorn.error").addFilter(_is_no_broken_stream)
    # What each request was is told by `RequestLog`, which knows when a stream has ended and how.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("httpx", "httpx2", "httpcore2", "openai"):
        logging.getLogger(name).setLevel("WARNING")


def _is_no_broken_stream(record: logging.LogRecord) -> bool:
    return record.msg != "ASGI callable returned without completing response."


class RequestLog:
    """ASGI middleware that logs each request when its response is over, with how long it took and whether it is whole.

    Queries are not logged, because a question may stand in one. What is only asked to see whether we live is logged
    as `DEBUG`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = monotonic()
        status, size, is_whole = 0, 0, False

        async def count(message: Message) -> None:
            nonlocal status, size, is_whole
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
                is_whole = not message.get("more_body", False)

        try:
            await self._app(scope, receive, count)
        finally:
            method, path = scope["method"], scope["path"]
            fields: dict[str, object] = {
                "method": method,
                "path": path,
                "status": status,
                "seconds": round(monotonic() - began, 4),
                "bytes": size,
                "is_whole": is_whole,
            }
            if request_id := _header(scope, b"x-request-id"):
                fields["request_id"] = request_id
            level = logging.DEBUG if path in {"/health", "/ready"} else logging.INFO
            _logger.log(level, "%s %s", method, path, extra=fields)


def _header(scope: Scope, wanted: bytes) -> str:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for name, value in headers if name == wanted), "")
