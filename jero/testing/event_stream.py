"""Parses an event stream according to WHATWG HTML 9.2.6, in chunks of any size. No I/O, and data stays text."""

import re
from collections.abc import Generator
from typing import Final

from msgspec import Struct

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

# The specification sets no limit, but a reconnection time with more digits would never end.
_RETRY: Final = re.compile(r"[0-9]{1,18}")


class ReceivedEvent[T = str](Struct, frozen=True, kw_only=True):
    """One event, as a client dispatches it (WHATWG HTML 9.2.6)."""

    data: T
    """The data, decoded from JSON, or as text with its lines joined by line feeds."""

    event: str = "message"
    """The type that a client listens for."""

    id: str = ""
    """The last event ID at this point: this event's own, or that of the last event before it that had one."""

    retry: int | None = None
    """The reconnection time that the stream has set so far, in milliseconds."""


class EventStreamParser:
    """Turns bytes into events. An unfinished event at the end is dropped, as the specification requires."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._ends_with_cr = False
        self._is_first_line = True
        self._data: list[str] = []
        self._event = ""
        self._last_id = ""
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> Generator[ReceivedEvent]:
        """Take the next piece of the stream; the events that are whole with it."""
        if not chunk:
            return
        if self._ends_with_cr:
            chunk = chunk.removeprefix(b"\n")  # it belongs to the line end before
        first, *rest = _LINE_END.split(chunk)
        self._begun += first
        self._ends_with_cr = chunk.endswith(b"\r")
        for following in rest:
            line, self._begun = self._begun, bytearray(following)
            if self._is_first_line:
                self._is_first_line = False
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if line:
                self._take(line.decode("utf-8", "replace"))
            elif (event := self._dispatched()) is not None:
                yield event

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "data":
                self._data.append(value)
            case "event":
                self._event = value
            case "id" if "\0" not in value:
                self._last_id = value
            case "retry" if _RETRY.fullmatch(value):
                self._retry = int(value)
            case _:
                pass  # a comment, or a field that is to be ignored

    def _dispatched(self) -> ReceivedEvent | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        if not data:
            return None
        return ReceivedEvent(
            data="\n".join(data), event=event or "message", id=self._last_id, retry=self._retry
        )
