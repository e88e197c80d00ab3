"""Notifications as they are on the wire."""

import asyncio
from typing import Any

import httpx
import pytest

from demo_app.notifications.events import Deployment, Message, Missed, Notification
from demo_app_tests.serving import client_of
from jero.testing import VirtualClock, aiter_events

pytestmark = pytest.mark.anyio

MESSAGE = {"type": "message", "text": "hello", "sender": "a test"}
DEPLOYMENT = {"type": "deployment", "service": "shop", "version": "7", "state": "finished"}


async def published(client: httpx.AsyncClient, **message: Any) -> str:
    response = await client.post("/notifications", json=MESSAGE | message)
    assert response.status_code == 201
    return response.json()["id"]


async def test_an_event_has_an_id_a_type_and_a_time_to_come_back_after() -> None:
    async with client_of() as client, client.stream("GET", "/notifications") as response:
        lines = response.aiter_lines()
        begin = [await anext(lines) for _ in range(3)]
        event_id = await published(client)
        event = [await anext(lines) for _ in range(4)]
    assert begin[0].startswith("id: ")
    assert begin[1:] == ["retry: 1000", ""]
    data = '{"type":"message","text":"hello","sender":"a test"}'
    assert event == ["event: message", f"id: {event_id}", f"data: {data}", ""]


async def test_each_type_of_event_is_told_by_its_name_and_its_tag() -> None:
    async with client_of() as client, client.stream("GET", "/notifications") as response:
        events = aiter_events(response, Notification.__value__)
        await published(client)
        assert (await client.post("/notifications", json=DEPLOYMENT)).status_code == 201
        first, second = await anext(events), await anext(events)
    assert (first.event, first.data) == ("message", Message("hello", "a test"))
    assert (second.event, second.data) == ("deployment", Deployment("shop", "7", "finished"))


@pytest.mark.parametrize(
    "wrong", [{"text": ""}, {"text": 7}, {"type": "missed"}, {"type": "deployment"}]
)
async def test_what_is_no_event_is_refused(wrong: dict[str, object]) -> None:
    async with client_of() as client:
        response = await client.post("/notifications", json=MESSAGE | wrong)
    assert response.status_code == 422


async def test_a_reader_goes_on_after_the_last_event_that_it_names() -> None:
    async with client_of() as client:
        first = await published(client, text="1")
        await published(client, text="2")
        headers = {"last-event-id": first}
        async with client.stream("GET", "/notifications", headers=headers) as response:
            event = await anext(aiter_events(response, Message))
    assert event.data.text == "2"


async def test_what_the_browser_names_counts_for_more_than_the_address() -> None:
    async with client_of() as client:
        await published(client, text="1")
        second = await published(client, text="2")
        await published(client, text="3")
        url, headers = "/notifications?after=0-0", {"last-event-id": second}
        async with client.stream("GET", url, headers=headers) as response:
            event = await anext(aiter_events(response, Message))
    assert event.data.text == "3"


async def test_a_reader_is_told_by_an_event_of_its_own_that_something_was_dropped() -> None:
    async with client_of(notifications_kept=2) as client:
        first = await published(client, text="1")
        for text in ("2", "3", "4"):
            await published(client, text=text)
        headers = {"last-event-id": first}
        async with client.stream("GET", "/notifications", headers=headers) as response:
            events = aiter_events(response, Notification.__value__)
            missed, next_ = await anext(events), await anext(events)
    assert (missed.event, missed.data) == ("missed", Missed(first))
    assert next_.data == Message("3", "a test")


async def test_silence_is_filled_with_comments() -> None:
    clock = asyncio.get_running_loop()
    assert isinstance(clock, VirtualClock)
    async with (
        client_of(keepalive=20) as client,
        client.stream("GET", "/notifications?after=0-0") as response,
    ):
        began = clock.time()
        assert await anext(response.aiter_bytes()) == b": ping\n\n"
        assert clock.time() - began == pytest.approx(20, abs=1)
