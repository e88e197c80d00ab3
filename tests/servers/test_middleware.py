"""Plain ASGI middleware around what is served, over real connections."""

import asyncio
import zlib

import pytest
from starlette.middleware.gzip import GZipMiddleware

from jero import SSEResponse
from tests.servers.serving import served
from tests.support.gated import Gated, Row, wrapped

pytestmark = pytest.mark.anyio


class Events(Gated, path="/events"):
    async def get(self) -> SSEResponse[Row]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return SSEResponse(stream=self._held(), keepalive=60)


class TestCompressed:
    """Starlette's own compression, which flushes after each part, over a real connection."""

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"  # in real time: the network's

    @pytest.mark.parametrize(
        ("kind", "path", "items"),
        [
            (Gated, "/rows", [b'{"number":0}\n', b'{"number":1}\n']),
            (Events, "/events", [b'data: {"number":0}\n\n', b'data: {"number":1}\n\n']),
        ],
    )
    async def test_each_item_can_be_read_before_the_next_is_made_and_leaving_ends_the_stream(
        self, kind: type[Gated], path: str, items: list[bytes]
    ) -> None:
        endpoint = kind()
        app = wrapped(endpoint, (GZipMiddleware, {"exclude_content_types": ()}))
        async with served(app) as client, asyncio.timeout(60):
            async with client.stream("GET", path) as response:
                assert response.headers["content-encoding"] == "gzip"
                chunks, inflate = response.aiter_raw(), zlib.decompressobj(wbits=31).decompress
                for item in items:
                    endpoint.gate.release()
                    text = b""
                    while len(text) < len(item):
                        text += inflate(await anext(chunks))
                    assert text == item
                assert not endpoint.closed.is_set()
            await endpoint.closed.wait()

    async def test_a_whole_stream_ends_as_one_archive(self) -> None:
        gated = Gated()
        for _ in range(3):
            gated.gate.release()
        async with served(wrapped(gated, (GZipMiddleware, {}))) as client:
            for _ in range(2):
                for _ in range(3):
                    gated.gate.release()
                response = await client.get("/rows")
                assert response.headers["vary"] == "Accept-Encoding"
                assert response.text == '{"number":0}\n{"number":1}\n{"number":2}\n'
