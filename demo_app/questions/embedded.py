"""Serves our own upstream beside the application: in a thread, on loopback, for nobody else."""

import asyncio
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from threading import Thread

import uvicorn
from msgspec import Struct

from demo_app.questions.search import Library
from demo_app.questions.upstream import MODEL, Upstream
from jero.asgi import ASGIApp

THREAD = "upstream"
"""The name of its thread, by which its records in the log can be told from the application's own."""


class Address(Struct, frozen=True):
    """Where an upstream is, and what it asks for."""

    base_url: str
    key: str
    model: str = MODEL


@asynccontextmanager
async def serve_upstream(documents: str) -> AsyncGenerator[Address]:
    """Serve the documents of a folder while the context is open."""
    key = secrets.token_urlsafe()
    with closing(Library(Path(documents))) as library:
        async with serve_on_loopback(Upstream(library, key)) as base_url:
            yield Address(base_url + "/v1", key)


@asynccontextmanager
async def serve_on_loopback(app: ASGIApp) -> AsyncGenerator[str]:
    """Serve an application in a thread of its own while the context is open, on a port that is free; its URL."""
    # It listens before its thread runs, so that nobody has to wait for that.
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    config = uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listener],), name=THREAD, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join)
        listener.close()
