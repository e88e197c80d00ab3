"""Mounted inside another framework's application, over a real server: streams end when the process is asked to stop."""

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
from contextlib import asynccontextmanager

from msgspec import Struct

from jero import BaseApp, Endpoint, SSEResponse


class Row(Struct):
    number: int


class Rows(Endpoint, path="/rows"):
    async def get(self) -> SSEResponse[Row]:
        return SSEResponse(stream=self.held())

    async def held(self):
        yield self.rows()
        await asyncio.sleep(0.1)
        print("torn down", flush=True)

    async def rows(self):
        yield Row(1)
        await asyncio.Event().wait()


@asynccontextmanager
async def pool():
    yield
    print("pool closed", flush=True)


class Inner(BaseApp):
    async def _wire(self) -> None:
        await self._enter(pool())
        self._include_endpoint(Rows())


inner = Inner()
"""

OUTER = {
    "starlette": """
from starlette.applications import Starlette
from starlette.routing import Mount

app = Starlette(routes=[Mount("/inner", app=inner)]{lifespan})
""",
    "fastapi": """
from fastapi import FastAPI

app = FastAPI({lifespan})
app.mount("/inner", inner)
""",
}

LIFESPAN = {
    "starlette": ", lifespan=inner.lifespan",
    "fastapi": "lifespan=inner.lifespan",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # in real time: the network's


async def stop_with_an_open_stream(folder: Path, source: str) -> tuple[list[str], int | None]:
    """Serve the module, open a stream, and send SIGTERM: what it printed, and how it ended."""
    (folder / "inside.py").write_text(source)
    port = free_port()
    command = ["-m", "uvicorn", "inside:app", "--port", str(port), "--app-dir", str(folder)]
    command += ["--no-access-log"]
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
            await reader.readuntil(b'data: {"number":1}\n\n')
            server.send_signal(signal.SIGTERM)
            printed = (await server.stdout.read()).decode().splitlines()
            await server.wait()
            writer.close()
            await writer.wait_closed()
    finally:
        if server.returncode is None:
            server.kill()
    return printed, server.returncode


@pytest.mark.parametrize("framework", OUTER)
async def test_streams_end_on_a_signal_though_nothing_runs_the_lifespan(
    tmp_path: Path, framework: str
) -> None:
    source = APP + OUTER[framework].format(lifespan="")
    printed, code = await stop_with_an_open_stream(tmp_path, source)
    assert printed == ["torn down"]
    assert code in {0, -signal.SIGTERM}


@pytest.mark.parametrize("framework", OUTER)
async def test_the_outer_application_runs_the_lifespan_by_one_argument(
    tmp_path: Path, framework: str
) -> None:
    source = APP + OUTER[framework].format(lifespan=LIFESPAN[framework])
    printed, code = await stop_with_an_open_stream(tmp_path, source)
    assert printed == ["torn down", "pool closed"]
    assert code in {0, -signal.SIGTERM}
