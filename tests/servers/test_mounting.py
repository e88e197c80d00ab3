"""What is mounted is torn down as well when the process is asked to stop."""

import signal
from pathlib import Path

import pytest

from tests.servers.processes import stop_with_an_open_stream

pytestmark = pytest.mark.anyio

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
    printed, code = await stop_with_an_open_stream(tmp_path, APP, b'{"number":1}\n')
    assert "torn down" in printed
    assert code in {0, -signal.SIGTERM}
