"""What only the feed of many processes promises, with a real Redis."""

import asyncio
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from demo_app.notifications.events import Message, Missed
from demo_app.notifications.feed import BEGINNING, EventID, Feed, FeedUnavailableError
from demo_app.notifications.redis import KEY, RedisFeed, open_redis_feed
from demo_app_tests.notifications.conftest import KEPT, redis_feed
from demo_app_tests.notifications.reading import TIMEOUT, publish, take, texts
from demo_tools.cluster import Program, free_port

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
        connections: list[dict[str, str]] = []
        async with asyncio.timeout(TIMEOUT):
            while "xread" not in [each["cmd"] for each in connections]:
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


NOT_EVENTS: dict[str, dict[bytes, bytes]] = {
    "of a newer version": {b"event": b'{"type":"poll","question":"tea?"}'},
    "not UTF-8": {b"event": b"\xff\xfe"},
    "not UTF-8 in a string": {b"event": b'{"type":"message","text":"\xff"}'},
    "half a surrogate pair": {b"event": b'{"type":"message","text":"\\ud800"}'},
    "not JSON": {b"event": b"{"},
    "empty": {b"event": b""},
    "of the wrong type": {b"event": b'{"type":"message","text":7}'},
    "too long": {b"event": b'{"type":"message","text":"%s"}' % (b"x" * 1001)},
    "too deep": {b"event": b'{"type":"message","text":"x","more":' + b"[" * 100_000},
    "without its field": {b"\xff": b"\xff"},
}


@pytest.mark.parametrize("fields", NOT_EVENTS.values(), ids=NOT_EVENTS)
async def test_an_entry_that_is_not_an_event_is_logged_and_skipped(
    empty_redis: Program, fields: dict[bytes, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with redis_feed(empty_redis) as feed, Redis(port=empty_redis.port) as client:
        reader = feed.read(None)
        await take(reader, 1)
        new = await add(client, fields)
        await publish(feed, 1)
        unknown, known = await take(reader, 2)
        _, known_again = await take(feed.read(BEGINNING), 2)
        await feed.check()
    assert (unknown.event, str(unknown.id)) == (None, new)
    assert known.event == known_again.event == Message("0")
    assert new in {getattr(record, "event_id", None) for record in caplog.records}


async def test_an_entry_at_the_last_possible_place_is_read_once(empty_redis: Program) -> None:
    async with redis_feed(empty_redis) as feed, Redis(port=empty_redis.port) as client:
        reader = feed.read(None)
        await take(reader, 1)
        last = f"{2**64 - 1}-{2**64 - 2}"
        await add(client, {b"event": b'{"type":"message","text":"at the end"}'}, last)
        await publish(feed, 1)
        assert await texts(reader, 2) == ["at the end", "0"]
        assert await texts(feed.read(BEGINNING), 2) == ["at the end", "0"]
        with pytest.raises(FeedUnavailableError):
            await feed.publish(Message("there is no place after that"))


async def test_a_key_of_another_type_makes_the_feed_unavailable_until_it_is_gone(
    empty_redis: Program,
) -> None:
    async with redis_feed(empty_redis) as feed, Redis(port=empty_redis.port) as client:
        reader = feed.read(None)
        await take(reader, 1)
        await client.set(KEY, "a string")  # pyright: ignore[reportUnknownMemberType] - has untyped arguments
        with pytest.raises(FeedUnavailableError):
            await feed.check()
        with pytest.raises(FeedUnavailableError):
            await feed.publish(Message("lost"))
        await client.delete(KEY)
        await publish_when_possible(feed, "after")
        assert await texts(reader, 1) == ["after"]
        await available(feed)


async def test_a_follower_that_fails_is_logged_and_tries_again_and_the_feed_is_unavailable_meanwhile(
    empty_redis: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a fault in this process")

    async with redis_feed(empty_redis) as feed:
        reader = feed.read(None)
        await take(reader, 1)
        with monkeypatch.context() as patched:
            patched.setattr(RedisFeed, "_look", broken)
            patched.setattr(RedisFeed, "_follow_once", broken)
            await publish(feed, 1)  # ends the wait that is under way
            await unavailable(feed)
        await available(feed)
        assert await texts(reader, 1) == ["0"]
        await publish(feed, 1, begin=1)
        assert await texts(reader, 1) == ["1"]
    failures = [record for record in caplog.records if record.message == "cannot follow Redis"]
    assert len(failures) == 1
    assert "a fault in this process" in str(failures[0].exc_info)


async def test_readers_learn_what_was_dropped_before_their_process_could_read_it(
    empty_redis: Program,
) -> None:
    async with redis_feed(empty_redis) as feed, Redis(port=empty_redis.port) as client:
        reader = feed.read(None)
        [begin] = await take(reader, 1)
        async with client.pipeline(transaction=True) as burst:  # at once, as seen by every process
            for number in range(3 * KEPT):
                event = b'{"type":"message","text":"%d"}' % number
                burst.xadd(KEY, {b"event": event}, maxlen=KEPT, approximate=True)
            await burst.execute()
        [missed] = await take(reader, 1)
        assert missed.event == Missed(str(begin.id))
        kept = await texts(reader, KEPT)
    assert [int(text) for text in kept] == list(range(int(kept[0]), int(kept[0]) + KEPT))
    assert int(kept[0]) > 0


async def test_readers_go_on_in_a_stream_that_was_replaced_by_one_with_lower_ids(
    empty_redis: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo_app.notifications.redis.BLOCK", 0.05)
    async with redis_feed(empty_redis) as feed, Redis(port=empty_redis.port) as client:
        reader = feed.read(None)
        await take(reader, 1)
        [place] = await publish(feed, 1)
        assert await texts(reader, 1) == ["0"]
        await client.delete(KEY)
        await add(client, {b"event": b'{"type":"message","text":"1"}'}, "1-1")
        [missed] = await take(reader, 1)
        assert missed.event == Missed(str(place))
        await add(client, {b"event": b'{"type":"message","text":"2"}'}, "1-2")
        assert await texts(reader, 1) == ["2"]


async def test_without_redis_nothing_starts() -> None:
    with pytest.raises(RedisConnectionError):
        async with open_redis_feed(f"redis://127.0.0.1:{free_port()}", 10):
            pass


async def add(client: Redis, fields: dict[bytes, bytes], event_id: str = "*") -> str:
    """Add an entry as another program would; its id."""
    given = await client.xadd(KEY, fields, id=event_id)  # pyright: ignore[reportArgumentType, reportUnknownMemberType] - a mapping's key type is invariant
    return cast("bytes", given).decode()


async def available(feed: Feed) -> None:
    async with asyncio.timeout(TIMEOUT):
        while True:
            try:
                return await feed.check()
            except FeedUnavailableError:
                await asyncio.sleep(0.01)


async def unavailable(feed: Feed) -> None:
    async with asyncio.timeout(TIMEOUT):
        while True:
            try:
                await feed.check()
            except FeedUnavailableError:
                return
            await asyncio.sleep(0.01)


async def publish_when_possible(feed: Feed, text: str) -> EventID:
    """As a publisher would that is told to try again."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            try:
                return await feed.publish(Message(text))
            except FeedUnavailableError:
                await asyncio.sleep(0.05)
