"""What a reader of the feed gets, whenever it comes and however far behind it is."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jero import ServerSentEvent
from jero.testing import VirtualClock
from snippets.how_to.resume_feed import Dropped, Feed, Headline

type Event = ServerSentEvent[Headline | Dropped]


async def _take(events: AsyncIterator[Event], count: int) -> list[Event]:
    return [await anext(events) for _ in range(count)]


async def _feed(keep: int, published: int) -> Feed:
    feed = Feed(keep)
    for number in range(1, published + 1):
        await feed.publish(Headline(str(number)))
    return feed


def _missed(event: Event) -> int:
    return event.data.missed if isinstance(event.data, Dropped) else 0


@given(keep=st.integers(1, 5), published=st.integers(1, 12), data=st.data())
def test_every_event_after_the_last_seen_comes_once_or_is_counted_as_missed(
    keep: int, published: int, data: st.DataObject
) -> None:
    seen = data.draw(st.integers(0, published - 1))

    async def main() -> None:
        feed = await _feed(keep, published)
        behind = published - seen
        got = await _take(feed.read(seen), min(behind, keep) + (behind > keep))
        assert sum(map(_missed, got)) == max(0, behind - keep)
        assert [event.id for event in got if not _missed(event)] == [
            str(number) for number in range(max(seen, published - keep) + 1, published + 1)
        ]

    asyncio.run(main(), loop_factory=VirtualClock)


@pytest.mark.anyio
async def test_a_reader_who_falls_behind_while_it_reads_is_told_as_well() -> None:
    feed = await _feed(keep=2, published=1)
    events = feed.read(0)
    await anext(events)
    for number in range(2, 7):
        await feed.publish(Headline(str(number)))
    dropped, first, second = await _take(events, 3)
    assert dropped == ServerSentEvent(event="dropped", id="4", data=Dropped(3))
    assert [first.id, second.id] == ["5", "6"]


@pytest.mark.anyio
async def test_an_id_of_before_a_restart_gets_all_that_is_kept() -> None:
    feed = await _feed(keep=4, published=2)
    assert [event.id for event in await _take(feed.read(57), 2)] == ["1", "2"]


@pytest.mark.anyio
async def test_a_new_reader_gets_what_comes_from_now_on() -> None:
    feed = await _feed(keep=4, published=3)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(_take(feed.read(None), 1))
        await asyncio.sleep(0)
        await feed.publish(Headline("fourth"))
        assert [event.id for event in await first] == ["4"]
