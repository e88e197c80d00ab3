"""The feed: a log of events that is bounded and shared, in which each reader holds a place.

A reader has no buffer of its own. It is told what stands after its place, takes it as fast as it can, and moves on. So
a slow reader holds up nobody, costs no memory, and loses nothing that is still kept; what is no longer kept when it
gets there it is told of, by a `Missed` event.
"""

import asyncio
import re
from bisect import bisect_right
from collections.abc import AsyncGenerator, Sequence
from typing import Final, Protocol, override

from msgspec import Struct

from demo_app.notifications.events import Event, Missed
from jero import HTTPError

_ID: Final = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")


_TOO_BIG: Final = 2**64
"""Redis counts in 64 bits, and refuses an id that does not fit."""


class EventID(Struct, frozen=True, order=True):
    """The place of an event in the log: milliseconds since 1970, and a number among those of the same millisecond.

    It is Redis's own form of an id, and serves in both feeds.
    """

    milliseconds: int
    number: int = 0

    @override
    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "EventID":
        """The id that a reader names as its last. For one that is none of ours, the place before all that is kept."""
        found = _ID.fullmatch(text)
        numbers = (int(found[1]), int(found[2])) if found else (_TOO_BIG, 0)
        return cls(*numbers) if max(numbers) < _TOO_BIG else BEGINNING


BEGINNING: Final = EventID(0)
"""The place before the first event."""


class Entry(Struct, frozen=True):
    """What stands at one place: an event, that some were missed before here, or nothing, where a reader begins."""

    id: EventID
    event: Event | Missed | None = None


# --8<-- [start:feed]
class Feed(Protocol):
    """Where events are published, and read by any number of readers."""

    async def publish(self, event: Event) -> EventID:
        """Put an event at the end of the log. Raises `FeedUnavailableError`."""
        ...

    def read(self, after: EventID | None) -> AsyncGenerator[Entry]:
        """Every event after this place, in order and once, and those to come. Without one, those to come.

        The first entry of a reader that names no place has no event: it is the place of the newest event that this
        process knows, from which the reader reads on, and to which it can come back. A reader ends when it is closed.
        """
        ...

    async def check(self) -> None:
        """Raises `FeedUnavailableError` if nothing could be published or read right now."""
        ...


# --8<-- [end:feed]
class FeedUnavailableError(HTTPError):
    """The feed's store cannot be reached (RFC 9110 § 15.6.4)."""

    status_code = 503
    title = "Notifications are unavailable"

    def __init__(self) -> None:
        super().__init__("Try again in a moment.", raw_headers={"retry-after": "1"})


class Window:
    """The newest events in this process, `size` at most: all there are after `floor`, up to `end`."""

    def __init__(self, size: int, end: EventID) -> None:
        self._size = size
        self._entries: list[Entry] = []
        self._grown = asyncio.Event()
        self.resets = 0
        """How often the log was replaced by one with lower ids."""
        self.floor = end
        self.end = end

    def append(self, entry: Entry) -> None:
        """Add an event at the end, and let everybody know who waits."""
        self._entries.append(entry)
        self.end = entry.id
        if len(self._entries) > self._size:
            self.floor = self._entries.pop(0).id
        self._wake()

    def skip(self, end: EventID) -> None:
        """Begin anew after this place, where what came before it is not known."""
        self._entries.clear()
        self.resets += end < self.end
        self.floor = self.end = end
        self._wake()

    def after(self, place: EventID) -> Sequence[Entry]:
        """What stands after a place that is not before the floor."""
        begin = bisect_right(self._entries, place, key=lambda entry: entry.id)
        return self._entries[begin:]

    async def wait(self) -> None:
        """Wait until there is more than now."""
        await self._grown.wait()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()
