"""Serves the model: in a thread, on loopback, for nobody else."""

import secrets
import socket
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import uvicorn
from msgspec import Struct

from demo_tools.model.search import Library
from demo_tools.model.upstream import MODEL, Upstream
from jero.asgi import ASGIApp


class Address(Struct, frozen=True):
    """Where a model is, and what it asks for."""

    base_url: str
    key: str
    model: str = MODEL

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which demo_app asks it."""
        return {
            "OPENAI_BASE_URL": self.base_url,
            "OPENAI_API_KEY": self.key,
            "OPENAI_MODEL": self.model,
        }


@contextmanager
def serve_model(documents: str | Path) -> Generator[Address]:
    """Serve the documents of a folder while the context is open."""
    key = secrets.token_urlsafe()
    with (
        closing(Library(Path(documents))) as library,
        serve_on_loopback(Upstream(library, key)) as base_url,
    ):
        yield Address(base_url + "/v1", key)


@contextmanager
def serve_on_loopback(app: ASGIApp) -> Generator[str]:
    """Serve an application in a thread of its own while the context is open, on a port that is free; its URL."""
    # It listens before its thread runs, so that nobody has to wait for that.
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    config = uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listener],), name="model", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
