"""What every feed promises, whatever is behind it."""

from collections.abc import AsyncGenerator

import pytest

from demo_app.notifications.events import Missed
from demo_app.notifications.feed import BEGINNING, EventID, Feed
from demo_app.notifications.memory import MemoryFeed
from demo_app_tests.notifications.conftest import KEPT, redis_feed
from demo_app_tests.notifications.reading import publish, take, texts

pytestmark = pytest.mark.anyio

# Redis keeps up to a hundred more than it is asked to, because it drops whole nodes of its tree.
MANY = 3 * KEPT


@pytest.fixture(params=["memory", "redis"])
async def feed(request: pytest.FixtureRequest) -> AsyncGenerator[Feed]:
    if request.param == "memory":
        yield MemoryFeed(KEPT)
        return
    async with redis_feed(request.getfixturevalue("empty_redis")) as feed:
        yield feed


async def test_every_reader_gets_what_is_published_after_it_came_in_order_and_once(
    feed: Feed,
) -> None:
    first, second = feed.read(None), feed.read(None)
    await take(first, 1)
    await take(second, 1)
    await publish(feed, 5)
    assert await texts(first, 5) == ["0", "1", "2", "3", "4"]
    assert await texts(second, 5) == ["0", "1", "2", "3", "4"]


async def test_ids_grow(feed: Feed) -> None:
    ids = await publish(feed, 50)
    assert ids == sorted(set(ids))


async def test_a_reader_that_has_got_nothing_yet_can_come_back_to_where_it_was(feed: Feed) -> None:
    reader = feed.read(None)
    [begin] = await take(reader, 1)
    await reader.aclose()
    await publish(feed, 2)
    assert begin.event is None
    assert await texts(feed.read(begin.id), 2) == ["0", "1"]


async def test_a_reader_that_comes_back_misses_nothing_that_is_kept(feed: Feed) -> None:
    ids = await publish(feed, KEPT)
    reader = feed.read(ids[2])
    assert await texts(reader, KEPT - 3) == [str(number) for number in range(3, KEPT)]
    await publish(feed, 1, begin=KEPT)
    assert await texts(reader, 1) == [str(KEPT)]


async def test_a_reader_that_comes_back_to_what_is_no_longer_kept_is_told_so(feed: Feed) -> None:
    ids = await publish(feed, MANY)
    reader = feed.read(ids[0])
    [missed] = await take(reader, 1)
    assert missed.event == Missed(str(ids[0]))
    kept = await texts(reader, KEPT)
    first = int(kept[0])
    assert first > 1
    assert kept == [str(number) for number in range(first, first + KEPT)]


async def test_all_that_is_kept_can_be_read_and_nothing_was_missed(feed: Feed) -> None:
    await publish(feed, 3)
    assert await texts(feed.read(BEGINNING), 3) == ["0", "1", "2"]


async def test_who_reads_all_that_is_kept_is_told_that_there_was_more(feed: Feed) -> None:
    await publish(feed, MANY)
    [missed] = await take(feed.read(BEGINNING), 1)
    assert missed.event == Missed(str(BEGINNING))


async def test_a_place_that_was_never_given_is_told_of_and_read_on_from(feed: Feed) -> None:
    await publish(feed, 1)
    reader = feed.read(EventID(9_999_999_999_999))
    [missed] = await take(reader, 1)
    assert isinstance(missed.event, Missed)
    await publish(feed, 1, begin=1)
    assert await texts(reader, 1) == ["1"]


async def test_a_slow_reader_holds_up_nobody_and_is_told_what_it_missed(feed: Feed) -> None:
    slow, fast = feed.read(None), feed.read(None)
    await take(slow, 1)
    await take(fast, 1)
    for number in range(MANY):
        await publish(feed, 1, begin=number)
        assert await texts(fast, 1) == [str(number)]
    [missed] = await take(slow, 1)
    assert isinstance(missed.event, Missed)
    kept = await texts(slow, KEPT)
    assert kept[-1] == str(int(kept[0]) + KEPT - 1)


@pytest.mark.parametrize(
    "text", ["", "7", "a-b", "1-2-3", f"{2**64}-0", f"0-{2**64}", "9" * 4000, "²-0"]
)
def test_an_id_that_is_none_of_ours_is_the_place_before_everything(text: str) -> None:
    assert EventID.parse(text) == BEGINNING
