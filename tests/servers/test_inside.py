"""Mounted inside another framework's application, over a real server: streams end when the process is asked to stop."""

import signal
from pathlib import Path

import pytest

from tests.servers.processes import stop_with_an_open_stream

pytestmark = pytest.mark.anyio

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


@pytest.mark.parametrize("framework", OUTER)
async def test_streams_end_on_a_signal_though_nothing_runs_the_lifespan(
    tmp_path: Path, framework: str
) -> None:
    source = APP + OUTER[framework].format(lifespan="")
    printed, code = await stop_with_an_open_stream(tmp_path, source, b'data: {"number":1}\n\n')
    assert printed == ["torn down"]
    assert code in {0, -signal.SIGTERM}


@pytest.mark.parametrize("framework", OUTER)
async def test_the_outer_application_runs_the_lifespan_by_one_argument(
    tmp_path: Path, framework: str
) -> None:
    source = APP + OUTER[framework].format(lifespan=LIFESPAN[framework])
    printed, code = await stop_with_an_open_stream(tmp_path, source, b'data: {"number":1}\n\n')
    assert printed == ["torn down", "pool closed"]
    assert code in {0, -signal.SIGTERM}
