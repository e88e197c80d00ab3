"""Promises 10 and 11: any text survives a round trip, through httpx-sse and through Chromium's own EventSource.

Both read what a real server sent over a real connection.
"""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from httpx_sse import connect_sse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from playwright.sync_api import Browser, Page

from tests.servers.clients import HTTP1
from tests.servers.servers import Server, on, served

END = "the end of them"


class Event(Struct, omit_defaults=True):
    data: str
    event: str | None = None
    id: str | None = None


# Whatever ends a line somewhere, or means something to a parser, and everything else.
TEXT = st.text(
    st.sampled_from("\n\r\u2028\u2029\x85\x0b\x0c\x1c\0\ufeff :\t") | st.characters(codec="utf-8"),
    max_size=30,
)
FIELD = TEXT.map(lambda text: re.sub(r"[\r\n]", "", text))
EVENTS = st.lists(
    st.builds(
        Event,
        data=TEXT,
        event=st.none() | FIELD.filter(lambda text: text != END),
        id=st.none() | FIELD.map(lambda text: text.replace("\0", "")),
    ),
    min_size=1,
    max_size=12,
)

examples = settings(
    deadline=None,
    max_examples=40,
    # The server is begun anew by every example.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def expected(events: list[Event]) -> list[tuple[str, str, str]]:
    """What a client must see, as WHATWG HTML 9.2.6 says: line ends are one, and an id stays until the next."""
    seen: list[tuple[str, str, str]] = []
    last_id = ""
    for event in events:
        last_id = last_id if event.id is None else event.id
        seen.append((event.event or "message", re.sub(r"\r\n?", "\n", event.data), last_id))
    return seen


def store(server: Server, events: list[Event]) -> None:
    server.begin()
    words = [msgspec.json.encode(event).decode() for event in [*events, Event("", END)]]
    server.cue("/stored", *words, "end")


@pytest.fixture
def http() -> Generator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def page(chromium: Browser, server: Server) -> Generator[Page]:
    """A page of the server's own origin."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/small")
    yield page
    context.close()


@examples
@given(events=EVENTS)
@on("uvicorn")
def test_any_text_survives_a_round_trip_through_httpx_sse(
    server: Server, http: httpx.Client, events: list[Event]
) -> None:
    store(server, events)
    with connect_sse(http, "GET", f"{server.url}/stored") as source:
        seen = [(event.event, event.data, event.id) for event in source.iter_sse()]
    assert [event for event in seen if event[0] != END] == expected(events)


LISTEN = """([url, end, names]) => new Promise((resolve) => {
    const seen = [];
    const source = new EventSource(url);
    for (const name of new Set(names)) {
        source.addEventListener(name, (event) => {
            if (event.data !== undefined) seen.push([event.type, event.data, event.lastEventId]);
        });
    }
    source.addEventListener(end, () => { source.close(); resolve(seen); });
    setTimeout(() => resolve(seen), 60_000);
})"""


@examples
@given(events=EVENTS)
@on("uvicorn")
def test_any_text_survives_a_round_trip_through_chromiums_event_source(
    server: Server, page: Page, events: list[Event]
) -> None:
    store(server, events)
    names = [name for name, _, _ in expected(events)]
    seen: list[Any] = page.evaluate(LISTEN, [f"{server.url}/stored", END, names])
    assert [tuple(event) for event in seen] == expected(events)


@on("uvicorn")
def test_an_event_source_that_is_closed_tears_its_stream_down(server: Server, page: Page) -> None:
    server.cue("/events", "item")
    page.evaluate(
        """(url) => new Promise((resolve) => {
            const source = new EventSource(url);
            source.onmessage = () => { source.close(); resolve(); };
        })""",
        f"{server.url}/events",
    )
    server.wait("returned", "/events")
    assert len(server.all("torn down")) == 1


@pytest.fixture
def resuming(tmp_path: Path) -> Generator[Server]:
    with served("uvicorn", tmp_path, "resuming") as server:
        yield server


def test_a_client_that_sends_last_event_id_gets_the_events_after_it(resuming: Server) -> None:
    resuming.cue("/resumed", "item", "item", "item")
    with HTTP1(resuming.address, "/resumed") as client:
        client.wait_for(b'data: {"number":2}\n')
    resuming.wait("returned")
    last = (("last-event-id", "2"),)
    with HTTP1(resuming.address, "/resumed", headers=last) as client:
        resuming.cue("/resumed", "item")
        client.wait_for(b'id: 3\ndata: {"number":3}\n')
        assert b'"number":2' not in client.body


def test_a_last_event_id_of_another_type_is_a_422_or_400(resuming: Server) -> None:
    last = (("last-event-id", "two"),)
    with HTTP1(resuming.address, "/resumed", headers=last) as client:
        assert client.drain() == "complete"
        assert client.status in {400, 422}
    assert resuming.all("resumed") == []


def test_chromiums_event_source_resumes_by_itself_where_it_was_cut_off(
    resuming: Server, chromium: Browser
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{resuming.url}/small")
    page.evaluate(
        """(url) => {
            window.seen = [];
            const source = new EventSource(url);
            source.onmessage = (event) => window.seen.push(JSON.parse(event.data).number);
        }""",
        f"{resuming.url}/resumed",
    )
    # It is cut off only when the browser has seen the event: what comes in one piece with the end may be lost on it.
    resuming.cue("/resumed", "item", "item")
    page.wait_for_function("() => window.seen.length === 2")
    resuming.cue("/resumed", "fail", "item")
    page.wait_for_function("() => window.seen.length === 3")
    resuming.cue("/resumed", "fail", "item")
    page.wait_for_function("() => window.seen.length === 4")
    seen: list[int] = page.evaluate("() => window.seen")
    context.close()
    assert seen == [1, 2, 3, 4]
    resuming.wait("resumed", count=3)
    assert [report.number for report in resuming.all("resumed")] == [0, 2, 3]
