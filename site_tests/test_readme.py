"""What the README shows is so."""

import re
import types
from pathlib import Path

import httpx
import pytest

from jero import BaseApp
from jero.testing import ASGITransport

pytestmark = pytest.mark.anyio

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def app() -> BaseApp:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    module = types.ModuleType("shop")
    exec(code, module.__dict__)
    return module.app


async def test_its_example_streams_row_by_row_and_closes_the_cursor_when_the_reader_leaves(
    app: BaseApp, capsys: pytest.CaptureFixture[str]
) -> None:
    transport = ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        async with client.stream("GET", "/orders/export") as response:
            lines = response.aiter_lines()
            assert [await anext(lines) for _ in range(2)] == [
                '{"id":1,"item":"espresso"}',
                '{"id":2,"item":"espresso"}',
            ]
        assert capsys.readouterr().out == "cursor opened\ncursor closed\n"
