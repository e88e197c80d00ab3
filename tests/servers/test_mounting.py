"""What is mounted is torn down as well when the process is asked to stop."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.servers.servers import free_port

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]

APP = """
import asyncio

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Row(Struct):
    number: int


class Rows(Endpoint, path="/rows"):
    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self.rows())

    async def rows(self):
        try:
            yield Row(1)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.1)
            print("torn down", flush=True)


class Inner(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(Rows())


class Outer(BaseApp):
    async def _wire(self) -> None:
        self._mount("/inner", Inner())


app = Outer()
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # in real time: the network's


async def test_a_stream_of_an_app_that_is_mounted_ends_when_the_process_is_asked_to_stop(
    tmp_path: Path,
) -> None:
    (tmp_path / "mounting.py").write_text(APP)
    port = free_port()
    command = ["-m", "uvicorn", "mounting:app", "--port", str(port), "--app-dir", str(tmp_path)]
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    assert server.stdout is not None
    assert server.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"running on" not in await server.stderr.readline():
                pass
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /inner/rows HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b'{"number":1}\n')
            server.send_signal(signal.SIGTERM)
            assert b"torn down\n" in await server.stdout.read()
            await server.wait()
            writer.close()
            await writer.wait_closed()
    finally:
        if server.returncode is None:
            server.kill()
    assert server.returncode in {0, -signal.SIGTERM}
