"""Asks an application for its document, as any client would."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from jero import Authenticator, BaseApp, Endpoint
from jero.openapi.operations import Version
from jero.testing import SyncASGITransport

type Document = dict[str, Any]


def fetch(app: BaseApp, path: str = "/openapi.json") -> Document:
    with client_of(app) as client:
        return client.get(path).raise_for_status().json()


def client_of(app: BaseApp) -> httpx.Client:
    return httpx.Client(transport=SyncASGITransport(app), base_url="http://shop")


def document_of(
    *endpoints: Endpoint,
    openapi: Version = "3.2",
    authenticator: Authenticator[object] | None = None,
) -> Document:
    """Raises `LifespanError` where the app cannot be wired."""

    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_openapi(openapi=openapi)
            for endpoint in endpoints:
                self._include_endpoint(endpoint, authenticator=authenticator)

    return fetch(App())


@contextmanager
def served(app: BaseApp) -> Generator[str]:
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
