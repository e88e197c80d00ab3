"""Passes requests on to the worker, and what it answers back, as the bytes come.

Nothing is kept: a chunk is sent on before the next is read, so a slow reader holds the worker's stream back; and when
the reader leaves, the connection to the worker closes, which is how the worker learns of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from http import HTTPStatus
from typing import Final, Self, TypeAlias

import anyio
import httpx
import msgspec
from starlette.types import Receive, Scope, Send

from docstage.run.events import Crash, End, RunEvent
from docstage.server.problem import Problem
from docstage.server.supervisor import Supervisor, Worker, WorkerUnavailableError

Header: TypeAlias = tuple[bytes, bytes]

HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""What holds between two neighbours only (RFC 9110 § 7.6.1), as do the fields that `Connection` names."""

RUNS: Final = "/live/runs"

EXIT_REASON_TIMEOUT: Final = 3.0
"""Seconds until the supervisor knows why a connection broke."""


class ClientLeftError(Exception):
    """The reader's connection closed before the request was whole."""


class BodyTooLargeError(Exception):
    """The request's body is larger than the server takes."""


class Proxy:
    """The ASGI app of everything that the worker answers.

    Requests are passed on with bodies of up to `body` bytes. They wait up to `timeout` seconds for a worker that is
    just being started. When the worker goes away, a run's events are `crash` and `end` from there on. Any other
    request is then answered with a problem detail, or, once the answer has begun, by a connection that closes
    early, so that nobody takes half an answer for a whole one.
    """

    def __init__(self, supervisor: Supervisor, body: int, timeout: float) -> None:
        self._supervisor = supervisor
        self._limit = body
        self._timeout = timeout
        # Each request has a connection of its own: none is left over from a worker that is gone.
        transport = httpx.AsyncHTTPTransport(
            uds=supervisor.address,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )
        # A run may be silent for as long as its limits let it: the supervisor detects a stuck worker.
        self._client = httpx.AsyncClient(transport=transport, timeout=None, trust_env=False)  # noqa: S113

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, unless its reader leaves before."""
        body = _Body(scope["headers"], receive, self._limit)
        async with anyio.create_task_group() as group:

            async def leave_with_the_reader() -> None:
                await body.reader_left()
                group.cancel_scope.cancel()

            group.start_soon(leave_with_the_reader)
            await self._answer(scope, body, send)
            group.cancel_scope.cancel()

    async def _answer(self, scope: Scope, body: "_Body", send: Send) -> None:
        began = time.perf_counter()
        worker: Worker | None = None
        try:
            worker = await self._supervisor.ready(self._timeout)
            upstream = await self._client.send(_request(scope, body), stream=True)
        except ClientLeftError:
            return
        except BodyTooLargeError:
            detail = f"The request body exceeds the limit of {self._limit} bytes."
            problem = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        except WorkerUnavailableError as error:
            detail = f"{error} It is being restarted: try again in a moment."
            problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"retry-after": "2"})
        except httpx.TransportError:
            assert worker is not None
            reason = await _exit_reason(worker)
            if scope["path"] == RUNS:
                await _respond_lines(_exit_events(reason, began), send)
                return
            problem = Problem(HTTPStatus.BAD_GATEWAY, f"{reason} Send the request again.")
        else:
            is_run = scope["path"] == RUNS and upstream.status_code == HTTPStatus.OK
            async with aclosing(upstream):
                chunks = _events(upstream, worker, began) if is_run else upstream.aiter_raw()
                await _pass_on(upstream, chunks, send)
            return
        await problem(scope, body.receive, send)


class _Body:
    """The request's body on its way to the worker, and then the news that the reader has left."""

    def __init__(self, headers: Iterable[Header], receive: Receive, limit: int) -> None:
        fields = dict(headers)
        self.receive = receive
        self.length = int(fields.get(b"content-length", 0))
        self.is_empty = not self.length and b"transfer-encoding" not in fields
        self._limit = limit
        self._is_read = asyncio.Event()
        if self.is_empty:
            self._is_read.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body as it comes in. Raises `BodyTooLargeError`, or `ClientLeftError` if the rest never comes."""
        taken = 0
        more = True
        if self.length > self._limit:
            raise BodyTooLargeError
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientLeftError
            chunk = message.get("body", b"")
            taken += len(chunk)
            if taken > self._limit:
                raise BodyTooLargeError
            if not (more := message.get("more_body", False)):
                self._is_read.set()
            yield chunk

    async def reader_left(self) -> None:
        """Wait until the reader's connection closes, once the body is read."""
        await self._is_read.wait()
        while (await self.receive())["type"] != "http.disconnect":
            pass


def _request(scope: Scope, body: _Body) -> httpx.Request:
    """The reader's request, byte for byte but for what was meant for this hop."""
    query: bytes = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    return httpx.Request(
        scope["method"],
        "http://worker",
        headers=_end_to_end(scope["headers"]),
        content=None if body.is_empty else body,
        extensions={"target": target},
    )


async def _pass_on(upstream: httpx.Response, chunks: AsyncIterator[bytes], send: Send) -> None:
    headers = _end_to_end(upstream.headers.raw)
    await send({"type": "http.response.start", "status": upstream.status_code, "headers": headers})
    try:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except httpx.TransportError:
        return  # Unfinished, which makes uvicorn close the reader's connection as early.
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _events(upstream: httpx.Response, worker: Worker, began: float) -> AsyncIterator[bytes]:
    """A run's events, in whole lines, the last of which is `end` whatever becomes of the worker."""
    last, rest = b"", b""
    try:
        async for chunk in upstream.aiter_raw():
            lines, newline, rest = (rest + chunk).rpartition(b"\n")
            if newline:
                last = lines.rpartition(b"\n")[2]
                yield lines + newline
    except httpx.TransportError:
        pass  # Told below, in words.
    if last and isinstance(msgspec.json.decode(last, type=RunEvent), End):
        return
    yield _exit_events(await _exit_reason(worker), began)


def _exit_events(reason: str, began: float) -> bytes:
    """The last two events of a run whose worker is gone."""
    at = time.perf_counter() - began
    events = Crash(at, "process", reason), End(at, complete=False)
    return b"".join(msgspec.json.encode(event) + b"\n" for event in events)


async def _respond_lines(lines: bytes, send: Send) -> None:
    headers = [(b"content-type", b"application/x-ndjson"), (b"content-length", b"%d" % len(lines))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": lines})


async def _exit_reason(worker: Worker) -> str:
    """What became of a worker whose connection broke, for the reader."""
    try:
        async with asyncio.timeout(EXIT_REASON_TIMEOUT):
            return await asyncio.shield(worker.exit_reason)
    except TimeoutError:
        return "The worker process closed the connection without a response."


def _end_to_end(headers: Iterable[Header]) -> list[Header]:
    """The fields that are meant for the other end, their names in lower case."""
    headers = [(name.lower(), value) for name, value in headers]
    nominated = {
        option.strip().lower()
        for name, value in headers
        if name == b"connection"
        for option in value.split(b",")
    }
    return [field for field in headers if field[0] not in HOP_BY_HOP | nominated]
