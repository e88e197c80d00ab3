"""The application in the test's own process, behind an httpx client."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from demo_app.app import App
from demo_app.settings import Settings
from jero.testing import ASGITransport


@asynccontextmanager
async def client_of(**settings: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application with these settings, which sees what one on a network would."""
    transport = ASGITransport(App(Settings(**settings)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
