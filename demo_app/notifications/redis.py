"""The feed of many processes: its log is a Redis stream, which every process follows on one connection of its own.

Readers live on what the process has followed. Only one that comes back, or that is further behind than the process
remembers, is read for in Redis, page by page.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast, override

import msgspec
from msgspec import Struct
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from demo_app.notifications.events import Event, Missed
from demo_app.notifications.feed import (
    BEGINNING,
    Entry,
    EventID,
    Feed,
    FeedUnavailableError,
    Window,
)
from jero import BackgroundTasks

_logger: Final = logging.getLogger(__name__)

KEY: Final = "demo_app:notifications"
"""The key of the stream."""

PAGE: Final = 100
"""How many events are read at once."""

BLOCK: Final = 5.0
"""How long Redis is asked to wait for an event before it is asked again, in seconds."""

TIMEOUT: Final = 5.0
"""How long Redis may take to answer anything else, and to accept a connection, in seconds."""

RETRY: Final = 0.25
"""After how long Redis is asked again when it could not be reached, in seconds."""

CONNECTIONS: Final = 16
"""How many connections a process has at most, beside the one that follows. Who needs one more waits for it."""

type Row = tuple[bytes, Mapping[bytes, bytes]]
"""An entry of the stream as Redis returns it. Its id is ASCII; in its fields there can be anything."""

_decode: Final = msgspec.json.Decoder(Event).decode


class _Page(Struct, frozen=True):
    """What stands in Redis after some place."""

    entries: Sequence[Entry]
    last: EventID
    """The last id that Redis gave."""

    is_gap: bool
    """Whether something after that place may not be kept any more."""


class RedisFeed(Feed):
    """Keeps at least the last `kept` events, for all processes that use the same Redis."""

    def __init__(self, redis: Redis, follower: Redis, kept: int) -> None:
        self._redis = redis
        self._follower = follower
        self._kept = kept
        self._window = Window(kept, BEGINNING)
        self._is_following = False

    @override
    async def publish(self, event: Event) -> EventID:
        fields = {"event": msgspec.json.encode(event)}
        try:
            given = await self._redis.xadd(KEY, fields, maxlen=self._kept, approximate=True)  # pyright: ignore[reportArgumentType, reportUnknownMemberType] - a mapping's key type is invariant
        except RedisError as error:
            _logger.warning("could not publish", extra={"error": type(error).__name__})
            raise FeedUnavailableError from None
        return _parse(cast("bytes", given))

    @override
    async def read(self, after: EventID | None) -> AsyncGenerator[Entry]:
        window = self._window
        place = window.end if after is None else after
        if after is None:
            yield Entry(place)
        # What became of a place that somebody comes back to, only Redis knows.
        is_known = after is None
        resets = window.resets
        while True:
            if resets != window.resets:
                is_known, resets = False, window.resets
            if is_known and place >= window.floor:
                entries = window.after(place)
                if not entries:
                    await window.wait()
                    continue
            else:
                page = await self._await_page(place)
                entries, is_known = page.entries, True
                if page.is_gap:
                    missed = Missed(str(place))
                    place = min(place, max(page.last, window.end))
                    yield Entry(place, missed)
                if not entries:  # so nothing is kept between here and there
                    place = max(place, window.floor)
            for entry in entries:
                place = entry.id
                yield entry

    @override
    async def check(self) -> None:
        try:
            kind = cast("bytes", await self._redis.type(KEY))  # pyright: ignore[reportGeneralTypeIssues, reportUnknownMemberType] - typed for both kinds of client
        except RedisError:
            raise FeedUnavailableError from None
        if kind not in (b"stream", b"none") or not self._is_following:
            raise FeedUnavailableError

    async def start(self) -> None:
        """Begin after the newest event there is. Raises `RedisError`."""
        self._window.skip((await self._look(BEGINNING)).last)
        self._is_following = True

    async def follow(self) -> None:
        """Read events as they are published, until cancelled. After a failure, log it and try again.

        While it fails, `check` reports the feed as unavailable.
        """
        while True:
            try:
                await self._catch_up()
                while await self._follow_once():
                    pass
            except RedisError as error:
                self._note_failure(error)
            except Exception as error:  # noqa: BLE001 - without its follower a process would publish and deliver nothing
                self._note_failure(error, is_unexpected=True)
            else:
                continue
            await asyncio.sleep(RETRY)

    async def _catch_up(self) -> None:
        """Read what there is by now, noticing what was dropped unread."""
        is_behind = True
        while is_behind:
            page = await self._look(self._window.end)
            if page.is_gap and page.last != BEGINNING:
                self._window.skip(page.last)
                break
            for entry in page.entries:
                self._window.append(entry)
            is_behind = bool(page.entries)
        if not self._is_following:
            _logger.info("following Redis again")
            self._is_following = True

    async def _follow_once(self) -> bool:
        """Wait for the next events. False if `_catch_up` has to look first whether any were dropped unread.

        Redis keeps at least `kept` events, so when fewer come, none was dropped before them. When none comes, the
        stream may be another one whose ids are lower.
        """
        end, milliseconds = str(self._window.end), int(BLOCK * 1000)
        streams = cast(
            "Sequence[tuple[bytes, Sequence[Row]]]",
            await self._follower.xread({KEY: end}, count=PAGE, block=milliseconds),
        )
        rows = [row for _, rows in streams for row in rows]
        if not 0 < len(rows) < min(PAGE, self._kept):
            return False
        for entry in _entries(rows):
            self._window.append(entry)
        return True

    def _note_failure(self, error: Exception, *, is_unexpected: bool = False) -> None:
        """Log a failure, unless it follows another one."""
        if self._is_following:
            extra = {"error": type(error).__name__}
            _logger.warning("cannot follow Redis", extra=extra, exc_info=is_unexpected)
        self._is_following = False

    async def _await_page(self, place: EventID) -> _Page:
        while True:
            try:
                return await self._look(place)
            except RedisError:
                await asyncio.sleep(RETRY)

    async def _look(self, place: EventID) -> _Page:
        async with self._redis.pipeline(transaction=True) as transaction:
            transaction.exists(KEY)
            transaction.xinfo_stream(KEY)
            transaction.xrange(KEY, f"({place}", "+", count=PAGE)
            exists, info, rows = await transaction.execute(raise_on_error=False)
        if not exists:
            return _Page([], BEGINNING, is_gap=place != BEGINNING)
        if isinstance(info, Exception):
            raise info
        last = _parse(info["last-generated-id"])
        if place >= last:  # a later one was given by a Redis that has lost it since
            return _Page([], last, is_gap=place > last)
        if isinstance(rows, Exception):
            raise rows
        if place == BEGINNING:
            is_gap = info["entries-added"] > info["length"]
        else:
            first: Row | None = info["first-entry"]
            is_gap = first is None or place < _parse(first[0])
        return _Page(_entries(cast("Sequence[Row]", rows)), last, is_gap)


def _parse(event_id: bytes) -> EventID:
    return EventID.parse(event_id.decode("ascii"))


def _entries(rows: Sequence[Row]) -> Sequence[Entry]:
    return [_entry(event_id, fields) for event_id, fields in rows]


def _entry(event_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    """The entry, or only its place if this process cannot read the event.

    While a deployment rolls, a process can meet events that only its successor knows; and whoever reaches Redis can
    add what is no event at all.
    """
    place = _parse(event_id)
    try:
        return Entry(place, _decode(fields[b"event"]))
    except (KeyError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        extra = {"event_id": str(place), "error": type(error).__name__}
        _logger.warning("skipped an entry that is not a known event", extra=extra)
        return Entry(place)


@asynccontextmanager
async def open_redis_feed(url: str, kept: int) -> AsyncGenerator[RedisFeed]:
    """The feed in the Redis at `url`. Raises `RedisError` if that cannot be reached."""
    async with (
        Redis.from_pool(_pool(url, TIMEOUT, CONNECTIONS)) as redis,
        Redis.from_pool(_pool(url, BLOCK + TIMEOUT, 1)) as follower,
        BackgroundTasks() as tasks,
    ):
        feed = RedisFeed(redis, follower, kept)
        await feed.start()
        tasks.start(feed.follow())
        yield feed


def _pool(url: str, timeout: float, connections: int) -> BlockingConnectionPool:
    # Without retries, because an event whose answer was lost may be there, and would be there twice.
    return BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - it takes what a connection takes
        url,
        max_connections=connections,
        timeout=TIMEOUT,
        socket_timeout=timeout,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
