"""What streaming from PostgreSQL leaves behind in it: nothing. Against a real server."""

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


async def _states(observer: psycopg.AsyncConnection) -> set[tuple[str, str]]:
    """What each of the app's connections does, and what it was last asked."""
    cursor = await observer.execute(
        "SELECT state, split_part(query, ' ', 1) FROM pg_stat_activity WHERE application_name = 'app'"
    )
    return set(await cursor.fetchall())


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
        assert ("idle in transaction", "FETCH") in await _states(observer)
        assert sum([1 async for _ in lines]) == 999


async def test_a_client_that_leaves_leaves_no_transaction_open(
    client: httpx.AsyncClient, observer: psycopg.AsyncConnection
) -> None:
    async with client.stream("GET", "/orders") as response:
        await anext(response.aiter_lines())
    assert {state for state, _ in await _states(observer)} == {"idle"}


async def test_a_query_that_runs_when_the_client_leaves_is_cancelled(
    client: httpx.AsyncClient, observer: psycopg.AsyncConnection, database: str
) -> None:
    async with await psycopg.AsyncConnection.connect(database) as other:
        await other.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        async with client.stream("GET", "/orders"):  # which waits for the lock
            assert ("active", "DECLARE") in await _states(observer)
        assert {state for state, _ in await _states(observer)} == {"idle"}
