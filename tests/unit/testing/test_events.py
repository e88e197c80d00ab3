import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import msgspec
import pytest
from msgspec import Struct

from jero import Endpoint, ServerSentEvent, SSEResponse
from jero.testing import (
    ReceivedEvent,
    SyncASGITransport,
    VirtualClock,
    aiter_events,
    iter_events,
)
from tests.support.asgi import client_of
from tests.support.asking import app_of

EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8"}


class Price(Struct):
    cents: int


class Halt(Struct, tag=True):
    reason: str


class Open(Struct, tag=True):
    at: int


class Prices(Endpoint, path="/prices"):
    async def get(self) -> SSEResponse[Price]:
        return SSEResponse(stream=self._prices(), keepalive=15)

    async def _prices(self) -> AsyncIterator[Price | ServerSentEvent[Price]]:
        yield ServerSentEvent(data=Price(412), event="price", id="1", retry=500)
        await asyncio.sleep(50)
        yield Price(415)


def response_of(*chunks: bytes, headers: dict[str, str] = EVENT_STREAM) -> httpx.Response:
    def content() -> Iterator[bytes]:
        yield from chunks

    return httpx.Response(200, headers=headers, content=content())


PRICES = [
    ReceivedEvent(data=Price(412), event="price", id="1", retry=500),
    ReceivedEvent(data=Price(415), event="message", id="1", retry=500),
]


@pytest.mark.anyio
async def test_the_events_of_a_stream_are_typed_and_come_when_they_are_sent() -> None:
    time = asyncio.get_running_loop().time
    async with client_of(app_of(Prices())) as client, client.stream("GET", "/prices") as response:
        events = [(time(), event) async for event in aiter_events(response, Price)]
    assert events == [(0, PRICES[0]), (50, PRICES[1])]


@pytest.mark.anyio
async def test_keepalive_comments_come_at_their_exact_times_and_nothing_waits() -> None:
    time = asyncio.get_running_loop().time
    async with client_of(app_of(Prices())) as client, client.stream("GET", "/prices") as response:
        chunks = [(time(), chunk) async for chunk in response.aiter_raw()]
    pings = [at for at, chunk in chunks if chunk == b": ping\n\n"]
    assert pings == [15, 30, 45]


def test_a_synchronous_client_gets_the_same_events() -> None:
    transport = SyncASGITransport(app_of(Prices()), loop_factory=VirtualClock)
    with (
        httpx.Client(transport=transport, base_url="http://testserver") as client,
        client.stream("GET", "/prices") as response,
    ):
        assert list(iter_events(response, Price)) == PRICES


def test_data_is_text_unless_a_type_is_given() -> None:
    (event,) = iter_events(response_of(b"data: {}\ndata:  b\n\n"))
    assert event == ReceivedEvent(data="{}\n b")


def test_event_data_of_a_union_is_distinguished_by_its_tags() -> None:
    stream = b'data: {"type":"Open","at":9}\n\ndata: {"type":"Halt","reason":"lunch"}\n\n'
    events = iter_events(response_of(stream), Open | Halt)
    assert [event.data for event in events] == [Open(9), Halt("lunch")]


def test_data_of_another_type_is_named_by_its_text_and_the_number_of_its_event() -> None:
    events = iter_events(response_of(b'data: {"cents":1}\n\ndata: {"cents":"one"}\n\n'), Price)
    assert next(events).data == Price(1)
    with pytest.raises(msgspec.ValidationError, match=r'^event 2: .*: \{"cents":"one"\}$'):
        next(events)


class Rise(Struct):
    to: int


class Fall(Struct):
    to: int


@pytest.mark.parametrize("read", [iter_events, aiter_events])
def test_untagged_unions_of_structs_are_refused_immediately(read: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="all Struct types must be tagged"):
        read(response_of(b""), Rise | Fall)


def test_a_response_of_another_type_is_refused() -> None:
    response = response_of(b"{}", headers={"content-type": "application/problem+json"})
    with pytest.raises(
        ValueError, match=r"the response has application/problem\+json \(status 200"
    ):
        next(iter_events(response))


def test_a_response_without_a_type_is_refused() -> None:
    with pytest.raises(ValueError, match="the response has no content type"):
        next(iter_events(response_of(b"", headers={})))
