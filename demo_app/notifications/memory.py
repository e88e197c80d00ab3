"""The feed of one process: its log is in memory, and gone when the process is."""

import time
from collections.abc import AsyncGenerator
from typing import override

from demo_app.notifications.events import Event, Missed
from demo_app.notifications.feed import BEGINNING, Entry, EventID, Feed, Window


class MemoryFeed(Feed):
    """Keeps the last `kept` events."""

    def __init__(self, kept: int) -> None:
        # Whatever was published before this process began, it does not have.
        self._began = EventID(_now())
        self._window = Window(kept, self._began)

    @override
    async def publish(self, event: Event) -> EventID:
        end, now = self._window.end, _now()
        event_id = EventID(now) if now > end.milliseconds else _next(end)
        self._window.append(Entry(event_id, event))
        return event_id

    @override
    async def read(self, after: EventID | None) -> AsyncGenerator[Entry]:
        window = self._window
        place = window.end if after is None else after
        if after is None:
            yield Entry(place)
        elif after == BEGINNING and window.floor == self._began:
            place = window.floor  # nothing was dropped yet
        elif after > window.end:  # whoever gave it that id, it was not this feed
            place = window.end
            yield Entry(place, Missed(str(after)))
        while True:
            if place < window.floor:
                missed = Missed(str(place))
                place = window.floor
                yield Entry(place, missed)
            entries = window.after(place)
            for entry in entries:
                place = entry.id
                yield entry
            if not entries:
                await window.wait()

    @override
    async def check(self) -> None:
        pass


def _now() -> int:
    return time.time_ns() // 1_000_000


def _next(event_id: EventID) -> EventID:
    return EventID(event_id.milliseconds, event_id.number + 1)
