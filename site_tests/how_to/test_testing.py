"""The code of the page on testing: a reader's own tests, of apps that are examples on other pages."""

# --8<-- [start:clock]
import asyncio

import httpx
import pytest

from jero.testing import (
    ASGITransport,
    SyncASGITransport,
    VirtualClock,
    aiter_events,
    aiter_ndjson,
    iter_ndjson,
)
from snippets.streaming import error, keepalive, lifecycle, ndjson
from snippets.streaming.keepalive import Price
from snippets.streaming.ndjson import Order

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualClock}


# --8<-- [end:clock]


# --8<-- [start:stream]
async def test_an_order_is_sent_as_soon_as_the_database_has_it() -> None:
    time = asyncio.get_running_loop().time
    async with (
        httpx.AsyncClient(
            transport=ASGITransport(ndjson.app), base_url="http://testserver"
        ) as client,
        client.stream("GET", "/orders") as response,
    ):
        orders = aiter_ndjson(response, Order)
        assert await anext(orders) == Order(1, "espresso", 2.4)
        assert round(time(), 3) == 0.3
        assert await anext(orders) == Order(2, "flat white", 3.9)
        assert round(time(), 3) == 0.6


# --8<-- [end:stream]


# --8<-- [start:leave]
async def test_a_client_that_leaves_closes_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    transport = ASGITransport(lifecycle.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        async with client.stream("GET", "/orders/export") as response:
            await anext(response.aiter_lines())
        assert capsys.readouterr().out == "cursor opened\ncursor closed\n"


# --8<-- [end:leave]


# --8<-- [start:keepalive]
async def test_a_quiet_market_is_kept_alive() -> None:
    time = asyncio.get_running_loop().time
    transport = ASGITransport(keepalive.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        async with client.stream("GET", "/prices") as response:
            events = [event async for event in aiter_events(response, Price)]
        assert [event.data.cents for event in events] == [412, 415, 409]
        began = time()
        async with client.stream("GET", "/prices") as response:
            chunks = [(round(time() - began, 3), chunk) async for chunk in response.aiter_raw()]
    assert [at for at, chunk in chunks if chunk == b": ping\n\n"] == [0.5, 1.0, 1.5]


# --8<-- [end:keepalive]


# --8<-- [start:error]
async def test_a_ledger_that_cannot_be_read_does_not_look_whole() -> None:
    transport = ASGITransport(error.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await client.get("/ledger")


# --8<-- [end:error]


# --8<-- [start:sync]
def test_all_orders_are_sent() -> None:
    transport = SyncASGITransport(ndjson.app, loop_factory=VirtualClock)
    with (
        httpx.Client(transport=transport, base_url="http://testserver") as client,
        client.stream("GET", "/orders") as response,
    ):
        ids = [order.id for order in iter_ndjson(response, Order)]
    assert ids == [1, 2, 3, 4, 5]


# --8<-- [end:sync]
