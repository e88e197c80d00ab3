"""Asks an application for its document, as any client would."""

from typing import Any

import httpx

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
