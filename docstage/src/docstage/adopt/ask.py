"""Asks an application what can be requested of it: its OpenAPI document, or else its routes."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec
from msgspec import Struct

from docstage.adopt.requests import Written, from_document, from_routes
from docstage.run.asgi import ASGIApp
from docstage.run.events import Chunk, Request, Start
from docstage.run.runner import run

Source: TypeAlias = Literal["document", "routes", "nothing"]

PLACES: Final = ("/openapi.json", "/schema/openapi.json")
"""Where frameworks serve the document, unless the application has an `openapi_url`."""

TIMEOUT: Final = 5.0
"""Seconds that one request for the document may take."""


class Found(Struct, frozen=True):
    """The requests, and what they were made from. No requests from `routes`: there is none over HTTP."""

    requests: list[Written]
    source: Source


async def ask(app: ASGIApp) -> Found:
    """What can be requested of the application, which has been started."""
    described = await document(app)
    if described is not None and (requests := from_document(described)):
        return Found(requests, "document")
    inner: object = app
    for _ in range(10):  # middleware around an application keeps it as `app`
        if hasattr(inner, "routes") or not hasattr(inner, "app"):
            break
        inner = cast("Any", inner).app
    if hasattr(inner, "routes"):
        return Found(from_routes(inner), "routes")
    return Found([Written("GET /", "GET", "/")], "nothing")


async def document(app: ASGIApp) -> Mapping[str, Any] | None:
    """The OpenAPI document of the application, which has been started: from its method `openapi`, or as it serves it.

    `None` if it has none.
    """
    make = getattr(app, "openapi", None)
    if callable(make):
        try:
            made = make()
        except Exception:  # noqa: BLE001 - what the application serves may still be valid
            made = None
        if _is_document(made):
            # As it is served: plain JSON.
            return cast(
                "Mapping[str, Any]", msgspec.json.decode(msgspec.json.encode(made, enc_hook=str))
            )
    url = getattr(app, "openapi_url", None)
    for place in dict.fromkeys((url, *PLACES) if isinstance(url, str) and url else PLACES):
        found = await _get(app, place)
        if _is_document(found):
            return cast("Mapping[str, Any]", found)
    return None


def _is_document(value: object) -> bool:
    return isinstance(value, Mapping) and "openapi" in value and "paths" in value


async def _get(app: ASGIApp, target: str) -> object:
    body, status = bytearray(), 0
    try:
        async with asyncio.timeout(TIMEOUT):
            async with run(app, Request("GET", target)) as events:
                async for event in events:
                    if isinstance(event, Start):
                        status = event.status
                    elif isinstance(event, Chunk):
                        body += event.body
        return msgspec.json.decode(bytes(body)) if status == 200 else None
    except (TimeoutError, msgspec.DecodeError):
        return None
