"""Sends one request to an application in-process, and records what happens and when."""

import asyncio
import io
import logging
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any, override
from urllib.parse import unquote_to_bytes

import msgspec

from jero import BaseApp, Endpoint


def app_of(*endpoints: Endpoint) -> BaseApp:
    class App(BaseApp):
        async def _wire(self) -> None:
            for endpoint in endpoints:
                self._include_endpoint(endpoint)

    return App()


@dataclass(frozen=True)
class Start:
    """The response's status and headers, `at` seconds after the request."""

    at: float
    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Chunk:
    """A part of the response's body that is not empty."""

    at: float
    body: bytes


@dataclass(frozen=True)
class Logged:
    """A record that was logged."""

    text: str
    level: str
    logger: str
    traceback: str


@dataclass(frozen=True)
class Answer:
    start: Start | None
    parts: list[Chunk]
    printed: list[str]
    """The lines that went to standard output and standard error."""
    logged: list[Logged]
    is_complete: bool
    """Whether the last part of the body was sent."""
    left: float | None
    """When the client left, in seconds after the request; `None` if it stayed."""
    ended: float
    """When the application returned, in seconds after the request."""

    @property
    def status(self) -> int:
        assert self.start is not None
        return self.start.status

    @property
    def headers(self) -> dict[str, str]:
        assert self.start is not None
        return dict(self.start.headers)

    @property
    def chunks(self) -> list[bytes]:
        return [part.body for part in self.parts]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"] == "application/problem+json"
        return msgspec.json.decode(self.body)


async def ask(  # noqa: PLR0913 - a request, spelled out
    app: BaseApp,
    target: str,
    method: str = "GET",
    *,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    leave_after: float | None = None,
) -> Answer:
    """Send a request, and disconnect after so many seconds unless it is `None`. What the app raises is raised."""
    client = _Client(body)
    if leave_after is not None:
        asyncio.get_running_loop().call_later(leave_after, client.leave)
    with _captured() as (printed, records):
        await app(_scope(method, target, headers, body), client.receive, client.send)
    return Answer(
        client.start,
        client.parts,
        printed.getvalue().splitlines(),
        records,
        client.is_complete,
        client.left,
        client.now(),
    )


class _Client:
    """The server's side of one request: `receive` and `send` as ASGI has them."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._began = asyncio.get_running_loop().time()
        self._is_over = asyncio.Event()
        self.start: Start | None = None
        self.parts: list[Chunk] = []
        self.is_complete = False
        self.left: float | None = None

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def leave(self) -> None:
        if not self.is_complete:
            self.left = self.now()
        self._is_over.set()

    async def receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._is_over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await asyncio.sleep(0)  # as a server may that waits for room in its buffer
        if self.left is not None:
            return
        if message["type"] == "http.response.start":
            headers = tuple(
                (n.decode("latin-1"), v.decode("latin-1")) for n, v in message["headers"]
            )
            self.start = Start(self.now(), message["status"], headers)
            return
        if body := message.get("body", b""):
            self.parts.append(Chunk(self.now(), bytes(body)))
        if not message.get("more_body", False):
            self.is_complete = True
            self._is_over.set()


def _scope(
    method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    names = {name for name, _ in given}
    if b"host" not in names:
        given.insert(0, (b"host", b"127.0.0.1:8000"))
    if body and b"content-length" not in names:
        given.append((b"content-length", str(len(body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": given,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.logged: list[Logged] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        traceback = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self.logged.append(Logged(record.getMessage(), record.levelname, record.name, traceback))


@contextmanager
def _captured() -> Generator[tuple[io.StringIO, list[Logged]]]:
    """What is printed and logged meanwhile."""
    printed, handler, root = io.StringIO(), _Records(), logging.getLogger()
    root.addHandler(handler)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield printed, handler.logged
    finally:
        root.removeHandler(handler)
