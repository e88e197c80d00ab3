"""The promises that only a real server and a real connection can show."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.servers.serving import served
from tests.support.asking import app_of
from tests.support.gated import Gated

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # in real time: the network's


TWICE = """
from msgspec import Struct

from jero import BaseApp, Endpoint


class Row(Struct):
    number: int


class Twice(Endpoint, path="/"):
    async def get(self) -> list[Row]:
        return []


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(Twice())
        self._include_endpoint(Twice())


app = App()
"""


async def test_a_row_reaches_the_client_before_the_next_is_produced() -> None:
    rows = Gated(fails_at=2)
    async with served(app_of(rows)) as client, client.stream("GET", "/rows") as response:
        lines = response.aiter_lines()
        rows.gate.release()
        assert await anext(lines) == '{"number":0}'
        rows.gate.release()
        assert await anext(lines) == '{"number":1}'
    await rows.closed.wait()


async def test_a_client_that_closes_the_connection_while_nothing_comes_ends_the_stream() -> None:
    rows = Gated(fails_at=2)
    async with served(app_of(rows)) as client:
        async with client.stream("GET", "/rows"):
            assert not rows.closed.is_set()
        async with asyncio.timeout(60):
            await rows.closed.wait()


async def test_a_cut_off_stream_never_looks_complete_to_the_client() -> None:
    rows = Gated(fails_at=2)
    async with served(app_of(rows)) as client:
        rows.gate.release()
        async with client.stream("GET", "/rows") as response:
            lines = response.aiter_lines()
            assert await anext(lines) == '{"number":0}'
            for _ in range(2):
                rows.gate.release()
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                async for _ in lines:
                    pass


async def test_the_worker_lives_on_after_a_stream_broke_off() -> None:
    rows = Gated(fails_at=2)
    async with served(app_of(rows)) as client:
        for _ in range(3):
            rows.gate.release()
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/rows")
        assert (await client.head("/rows")).status_code == 200


def test_a_wiring_error_keeps_the_server_from_starting_and_is_its_message(tmp_path: Path) -> None:
    (tmp_path / "twice.py").write_text(TWICE)
    command = [sys.executable, "-m", "uvicorn", "twice:app", "--port", "0", "--app-dir", tmp_path]
    server = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert server.returncode == 3
    assert (
        "Twice: '/' is already served by Twice: define all methods of a path in one class, or"
        in server.stderr
    )
    assert "Traceback" not in server.stderr
