"""The transports serve the clients of httpx and of httpx2 alike."""

import importlib.util
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import httpx
import httpx2
import pytest
from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse, SSEResponse
from jero.testing import (
    ASGITransport,
    SyncASGITransport,
    aiter_events,
    aiter_ndjson,
    iter_events,
    iter_ndjson,
)

LIBRARIES = pytest.mark.parametrize(
    "library", [httpx, httpx2], ids=lambda library: library.__name__
)


class Row(Struct):
    n: int


class RowsEndpoint(Endpoint, path="/rows"):
    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._rows())

    async def post(self, content: bytes) -> Row:
        return Row(len(content))

    async def _rows(self) -> AsyncGenerator[Row]:
        for n in range(3):
            yield Row(n)


class EventsEndpoint(Endpoint, path="/events"):
    async def get(self) -> SSEResponse[Row]:
        return SSEResponse(stream=self._rows())

    async def _rows(self) -> AsyncGenerator[Row]:
        yield Row(1)


class BrokenEndpoint(Endpoint, path="/broken"):
    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._rows())

    async def _rows(self) -> AsyncGenerator[Row]:
        yield Row(1)
        raise RuntimeError("broken")


class RowsApp(BaseApp):
    async def _wire(self) -> None:
        for endpoint in (RowsEndpoint, EventsEndpoint, BrokenEndpoint):
            self._include_endpoint(endpoint())


def app() -> RowsApp:
    return RowsApp()


def asynchronous(library: ModuleType, **options: Any) -> httpx.AsyncClient:
    transport = ASGITransport(app(), **options)
    return library.AsyncClient(transport=transport, base_url="http://test")


def synchronous(library: ModuleType, **options: Any) -> httpx.Client:
    transport = SyncASGITransport(app(), **options)
    return library.Client(transport=transport, base_url="http://test")


async def uploaded() -> AsyncGenerator[bytes]:
    yield b"one"
    yield b"two"


def pulled() -> Generator[bytes]:
    yield b"one"
    yield b"two"


@pytest.mark.anyio
@LIBRARIES
async def test_an_async_client_of_either_streams_typed_items_and_events(
    library: ModuleType,
) -> None:
    async with asynchronous(library) as client:
        async with client.stream("GET", "/rows") as response:
            assert isinstance(response, library.Response)
            assert [row async for row in aiter_ndjson(response, Row)] == [Row(0), Row(1), Row(2)]
        async with client.stream("GET", "/events") as response:
            assert [event.data async for event in aiter_events(response, Row)] == [Row(1)]
        headers = {"content-type": "application/octet-stream"}
        answer = await client.post("/rows", content=uploaded(), headers=headers)
        assert answer.json() == {"n": 6}


@LIBRARIES
def test_a_client_without_async_of_either_streams_typed_items_and_events(
    library: ModuleType,
) -> None:
    with synchronous(library) as client:
        with client.stream("GET", "/rows") as response:
            assert isinstance(response, library.Response)
            assert list(iter_ndjson(response, Row)) == [Row(0), Row(1), Row(2)]
        with client.stream("GET", "/events") as response:
            assert [event.data for event in iter_events(response, Row)] == [Row(1)]
        headers = {"content-type": "application/octet-stream"}
        assert client.post("/rows", content=pulled(), headers=headers).json() == {"n": 6}


@pytest.mark.anyio
@LIBRARIES
async def test_a_body_that_breaks_off_raises_the_error_of_the_clients_own_library(
    library: ModuleType,
) -> None:
    async with asynchronous(library, raise_app_exceptions=False) as client:
        with pytest.raises(library.RemoteProtocolError):
            await client.get("/broken")


@pytest.mark.anyio
async def test_a_request_of_another_library_is_refused_by_its_name() -> None:
    async with ASGITransport(app()) as transport:
        with pytest.raises(
            TypeError, match=r"expected a request of httpx or httpx2, and this is a types\."
        ):
            await transport.handle_async_request(cast("httpx.Request", SimpleNamespace()))


def imported_anew() -> ModuleType:
    """What `jero.testing` knows of the libraries in a process that has not imported it yet."""
    spec = importlib.util.find_spec("jero.testing.clients")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_httpx_and_httpx2_the_error_explains_how_to_install_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("httpx", "httpx2"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r"install `jero\[testing-httpx2\]` or `jero\["):
        imported_anew()


def test_a_library_that_lacks_a_dependency_is_reported_and_not_taken_for_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "httpx.py").write_text("import a_dependency_of_httpx")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "httpx")
    with pytest.raises(ModuleNotFoundError, match="a_dependency_of_httpx"):
        imported_anew()
