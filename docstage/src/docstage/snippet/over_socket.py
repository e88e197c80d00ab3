"""Runs a snippet's requests over a socket: uvicorn serves its application, and an HTTP client sends them.

What a client sees is the status, the headers, the body and whether it is complete. Output, logs and times are the
server's own, so a recorded run is reduced to the same before the two are compared (see `seen`).
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import httpx
import uvicorn

from docstage.run.asgi import ASGIApp
from docstage.run.events import Chunk, Crash, End, Request, RunEvent, Start
from docstage.run.stage import Stage
from docstage.snippet.catalogue import Exchange, Snippet

HOP_BY_HOP: Final = {"connection", "keep-alive", "transfer-encoding"}
"""Headers of the connection (RFC 9110 § 7.6.1), which the server sets."""

HOST: Final = "127.0.0.1:8000"
"""What the requests of a recording name as their host."""

TIMEOUT: Final = 60.0
"""Seconds that a client waits for the next bytes."""


def ask(snippet: Snippet) -> Mapping[str, list[RunEvent]]:
    """Send the snippet's requests in order; what the client saw, by the request's name.

    Requests whose recording shows that the application does not start are left out: nothing listens then. Raises
    `StageError` if the application does not start, and `httpx.HTTPError` if it cannot be reached.
    """
    return asyncio.run(_ask_all(snippet))


def can_connect(exchange: Exchange) -> bool:
    """Whether the recording of this request has a server to connect to."""
    phases = {event.phase for event in exchange.recorded if isinstance(event, Crash)}
    return not phases & {"import", "startup"}


def seen(request: Request, events: Iterable[RunEvent]) -> list[RunEvent]:
    """The part of a run that its client sees, without times: at most a `Start`, one `Chunk`, and the `End`."""
    events = list(events)
    body = b"".join(event.body for event in events if isinstance(event, Chunk))
    start = next((event for event in events if isinstance(event, Start)), None)
    kept: list[RunEvent] = []
    if start is not None:
        names = ((name.lower(), value) for name, value in start.headers)
        headers = tuple(sorted(pair for pair in names if pair[0] not in HOP_BY_HOP))
        kept.append(Start(0.0, start.status, headers))
    if body and request.method != "HEAD":
        kept.append(Chunk(0.0, body))
    return [*kept, *(End(0.0, event.complete) for event in events if isinstance(event, End))]


async def _ask_all(snippet: Snippet) -> dict[str, list[RunEvent]]:
    answers: dict[str, list[RunEvent]] = {}
    for exchange in filter(can_connect, snippet.exchanges):
        stage = Stage(snippet.module, names=snippet.app)
        try:
            async with _served(await stage.app()) as client:
                answers[exchange.name] = await _ask(client, exchange)
        finally:
            await stage.aclose()
    return answers


@asynccontextmanager
async def _served(app: ASGIApp) -> AsyncGenerator[httpx.AsyncClient]:
    config = uvicorn.Config(
        app, log_config=None, lifespan="off", date_header=False, server_header=False
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False) as client:
                # A recording has the request's own headers and no others.
                for name in list(client.headers):
                    del client.headers[name]
                yield client
        finally:
            server.should_exit = True
            await serving


async def _ask(client: httpx.AsyncClient, exchange: Exchange) -> list[RunEvent]:
    """A client that disconnected when this was recorded does so after as much of the body."""
    request = exchange.request
    enough = sum(len(event.body) for event in exchange.recorded if isinstance(event, Chunk))
    leaves = bool(exchange.recorded) and exchange.recorded[-1] == End(
        exchange.recorded[-1].at, complete=False
    )
    headers = list(request.headers)
    if all(name.lower() != "host" for name, _ in headers):
        headers.append(("host", HOST))
    body, is_complete = b"", False
    async with client.stream(
        request.method, request.target, headers=headers, content=request.body or None
    ) as response:
        with suppress(httpx.RemoteProtocolError):  # the server cut it off
            if leaves and not enough:
                pass
            else:
                async for chunk in response.aiter_raw():
                    body += chunk
                    if leaves and len(body) >= enough:
                        body = body[:enough]
                        break
                else:
                    is_complete = True
    start = Start(0.0, response.status_code, tuple(response.headers.multi_items()))
    return seen(request, [start, Chunk(0.0, body), End(0.0, is_complete)])
