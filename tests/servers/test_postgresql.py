"""Streaming from a real PostgreSQL leaves no cursor, query or transaction open."""

import asyncio
from collections.abc import AsyncGenerator, Generator

import httpx
import psycopg
import pytest

from jero.testing import ASGITransport, aiter_ndjson
from tests.servers.database import postgresql, programs

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # a database does not live by a virtual clock


@pytest.fixture(scope="module")
def database() -> Generator[str]:
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL on this machine: install Debian's `postgresql`")
    with postgresql(found) as conninfo, psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE TABLE orders AS SELECT id, 'espresso' AS item, mod(id, 500) AS cents"
            " FROM generate_series(1, 1000) AS id"
        )
        connection.commit()
        yield conninfo


@pytest.fixture
async def observer(database: str) -> AsyncGenerator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def client(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[httpx.AsyncClient]:
    monkeypatch.setenv("DATABASE", f"{database} application_name=app")
    from tests.servers.postgresql import App

    transport = ASGITransport(App())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def _last_asked(observer: psycopg.AsyncConnection) -> set[str]:
    """What each of the app's connections was asked last, whether or not that still runs."""
    cursor = await observer.execute(
        "SELECT split_part(query, ' ', 1) FROM pg_stat_activity WHERE application_name = 'app'"
    )
    return {query for (query,) in await cursor.fetchall()}


async def _open_transactions(observer: psycopg.AsyncConnection) -> list[str]:
    """The states of the app's connections that are in a transaction. One that still connects is in none."""
    cursor = await observer.execute(
        "SELECT state FROM pg_stat_activity WHERE application_name = 'app'"
        " AND (state = 'active' OR state LIKE 'idle in transaction%')"
    )
    return [state for (state,) in await cursor.fetchall()]


async def _waits_for_a_lock(observer: psycopg.AsyncConnection) -> bool:
    cursor = await observer.execute(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'app'"
        " AND query LIKE 'DECLARE %' AND wait_event_type = 'Lock'"
    )
    return await cursor.fetchone() is not None


async def test_every_row_is_sent_as_the_type_that_it_is(client: httpx.AsyncClient) -> None:
    from tests.servers.postgresql import Order

    async with client.stream("GET", "/orders", params={"min_cents": 499}) as response:
        orders = [order async for order in aiter_ndjson(response, Order)]
    assert orders == [Order(499, "espresso", 499), Order(999, "espresso", 499)]


async def test_rows_are_fetched_while_they_are_sent(
    client: httpx.AsyncClient, observer: psycopg.AsyncConnection
) -> None:
    async with client.stream("GET", "/orders") as response:
        lines = response.aiter_lines()
        await anext(lines)
        # Not yet CLOSE or COMMIT, which follow the last row. Whether the FETCH still runs is up to the machine.
        assert "FETCH" in await _last_asked(observer)
        assert sum([1 async for _ in lines]) == 999
    assert "FETCH" not in await _last_asked(observer)


async def test_a_client_that_leaves_leaves_no_transaction_open(
    client: httpx.AsyncClient, observer: psycopg.AsyncConnection
) -> None:
    async with client.stream("GET", "/orders") as response:
        await anext(response.aiter_lines())
        assert await _open_transactions(observer) != []
    assert await _open_transactions(observer) == []


async def test_a_query_that_runs_when_the_client_leaves_is_cancelled(
    client: httpx.AsyncClient, observer: psycopg.AsyncConnection, database: str
) -> None:
    async with await psycopg.AsyncConnection.connect(database) as other, asyncio.timeout(60):
        await other.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        async with client.stream("GET", "/orders"):
            while not await _waits_for_a_lock(observer):
                pass
        assert await _open_transactions(observer) == []
