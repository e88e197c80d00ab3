"""The application in the test's own process, behind an httpx client."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import httpx

from demo_app.app import App
from demo_app.settings import Settings
from demo_tools.__main__ import PAGES
from demo_tools.model.serving import serve_model
from jero.testing import ASGITransport


@asynccontextmanager
async def client_of(**settings: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application with these settings, which sees what one on a network would."""
    transport = ASGITransport(App(Settings(**settings)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@asynccontextmanager
async def beside[T](server: AbstractContextManager[T]) -> AsyncGenerator[T]:
    """A server in a thread, whose end is waited for without holding up the connections to it."""
    value = server.__enter__()
    try:
        yield value
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


@asynccontextmanager
async def answering_client() -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application whose questions the stand-in answers, from this project's pages."""
    async with beside(serve_model(PAGES)) as model:
        settings = {name.lower(): value for name, value in model.environ.items()}
        async with client_of(**settings) as client:
            yield client
