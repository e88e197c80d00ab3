"""Serves an application with uvicorn, over a socket."""

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import uvicorn

from jero.asgi import ASGIApp


@contextmanager
def served_by_a_thread(app: ASGIApp) -> Generator[str]:
    """The app behind a server of its own; its URL."""
    # It listens before the server runs, so that nobody need wait until it does.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        host, port = listening.getsockname()
        yield f"http://{host}:{port}"
        server.should_exit = True
        thread.join()


@asynccontextmanager
async def served(app: ASGIApp, **options: Any) -> AsyncGenerator[httpx.AsyncClient]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings: dict[str, Any] = {"lifespan": "on", "log_level": "critical", **options}
        server = uvicorn.Server(uvicorn.Config(app, **settings))
        serving = asyncio.create_task(server.serve([listener]))
        port = listener.getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            try:
                yield client
            finally:
                server.should_exit = True
        await serving


async def talk(client: httpx.AsyncClient, *parts: bytes) -> bytes:
    """Send these bytes over a connection of their own, and read until the server closes it."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer
