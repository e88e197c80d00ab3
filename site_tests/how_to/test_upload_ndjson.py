"""An upload is stored whole or not at all."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from jero.testing import ASGITransport
from snippets.how_to.upload_ndjson import ORDERS, OrdersEndpoint
from tests.support.asking import app_of

pytestmark = pytest.mark.anyio

NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
        database.execute(f"CREATE TABLE orders {ORDERS}")
        database.execute("INSERT INTO orders VALUES (1, 'espresso', 240)")
    return tmp_path / "shop.db"


def stored(file: Path) -> list[tuple[int, str, int]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT * FROM orders ORDER BY id").fetchall()


async def upload(file: Path, content: bytes | AsyncIterator[bytes]) -> httpx.Response:
    transport = ASGITransport(app_of(OrdersEndpoint(file)))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.post("/orders", content=content, headers=NDJSON)


async def test_every_line_is_stored_and_one_that_is_there_is_replaced(file: Path) -> None:
    lines = b'{"id":1,"item":"ristretto","cents":250}\n{"id":2,"item":"mocha","cents":420}\n'
    response = await upload(file, lines)
    assert response.json() == {"orders": 2}
    assert stored(file) == [(1, "ristretto", 250), (2, "mocha", 420)]


async def test_nothing_is_stored_when_a_line_is_no_order(file: Path) -> None:
    response = await upload(
        file, b'{"id":2,"item":"mocha","cents":420}\n{"id":3,"item":"","cents":1}\n'
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["line"] == 2
    assert stored(file) == [(1, "espresso", 240)]


async def test_nothing_is_stored_when_the_client_is_cut_off(file: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b'{"id":2,"item":"mocha","cents":420}\n'
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await upload(file, broken())
    assert stored(file) == [(1, "espresso", 240)]
