"""What only the feed of many processes promises, with a real Redis."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from demo_app.cluster import Program, free_port
from demo_app.notifications.events import Message, Missed
from demo_app.notifications.feed import EventID, Feed, FeedUnavailableError
from demo_app.notifications.redis import KEY, open_redis_feed
from demo_app_tests.notifications.conftest import redis_feed
from demo_app_tests.notifications.reading import PATIENCE, publish, take, texts

pytestmark = pytest.mark.anyio


async def test_what_one_process_publishes_readers_of_another_get_in_the_same_order(
    empty_redis: Program,
) -> None:
    async with redis_feed(empty_redis) as one, redis_feed(empty_redis) as other:
        at_one, at_other = one.read(None), other.read(None)
        await take(at_one, 1)
        await take(at_other, 1)
        await asyncio.gather(publish(one, 50), publish(other, 50, begin=50))
        seen = await texts(at_one, 100)
        assert await texts(at_other, 100) == seen
        assert sorted(map(int, seen)) == list(range(100))


async def test_a_reader_can_come_back_to_another_process(empty_redis: Program) -> None:
    async with redis_feed(empty_redis) as one:
        ids = await publish(one, 5)
    async with redis_feed(empty_redis) as other:
        assert await texts(other.read(ids[1]), 3) == ["2", "3", "4"]


async def test_many_readers_take_one_connection(empty_redis: Program) -> None:
    async with redis_feed(empty_redis) as feed, Redis(port=empty_redis.port) as client:
        readers = [feed.read(None) for _ in range(50)]
        for reader in readers:
            await take(reader, 1)
        following = [asyncio.create_task(texts(reader, 1)) for reader in readers]
        await publish(feed, 1)
        assert await asyncio.gather(*following) == [["0"]] * 50
        connections = await client.client_list()  # pyright: ignore[reportUnknownMemberType] - has untyped arguments
    assert len([each for each in connections if each["cmd"] == "xread"]) == 1
    assert len(connections) < 10


async def test_readers_go_on_when_redis_was_away(empty_redis: Program) -> None:
    async with redis_feed(empty_redis) as feed:
        reader = feed.read(None)
        await take(reader, 1)
        ids = await publish(feed, 2)
        empty_redis.kill()
        with pytest.raises(FeedUnavailableError):
            await feed.publish(Message("lost"))
        with pytest.raises(FeedUnavailableError):
            await feed.check()
        coming_back = feed.read(ids[0])
        waiting = asyncio.create_task(texts(coming_back, 2))
        await asyncio.to_thread(empty_redis.start)
        await publish_when_possible(feed, "after")
        assert await texts(reader, 3) == ["0", "1", "after"]
        assert await waiting == ["1", "after"]


async def test_readers_go_on_when_redis_has_lost_everything(empty_redis: Program) -> None:
    async with redis_feed(empty_redis) as feed, Redis(port=empty_redis.port) as client:
        reader = feed.read(None)
        await take(reader, 1)
        ids = await publish(feed, 2)
        assert await texts(reader, 2) == ["0", "1"]
        await client.flushall()  # pyright: ignore[reportUnknownMemberType] - has untyped arguments
        coming_back = feed.read(ids[0])
        [missed] = await take(coming_back, 1)
        assert missed.event == Missed(str(ids[0]))
        await publish(feed, 1, begin=2)
        assert await texts(reader, 1) == ["2"]
        assert await texts(coming_back, 2) == ["1", "2"]  # the process has the other one yet


async def test_an_event_that_only_a_newer_version_knows_is_passed_over(
    empty_redis: Program,
) -> None:
    async with (
        redis_feed(empty_redis) as feed,
        Redis(port=empty_redis.port, decode_responses=True) as client,
    ):
        reader = feed.read(None)
        await take(reader, 1)
        new = await client.xadd(KEY, {"event": '{"type":"poll","question":"tea?"}'})
        await publish(feed, 1)
        unknown, known = await take(reader, 2)
    assert (unknown.event, str(unknown.id)) == (None, new)
    assert known.event == Message("0")


async def test_without_redis_nothing_starts() -> None:
    with pytest.raises(RedisConnectionError):
        async with open_redis_feed(f"redis://127.0.0.1:{free_port()}", 10):
            pass


async def publish_when_possible(feed: Feed, text: str) -> EventID:
    """As a publisher would that is told to try again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await feed.publish(Message(text))
            except FeedUnavailableError:
                await asyncio.sleep(0.05)
