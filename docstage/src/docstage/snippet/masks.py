"""Replaces what changes from run to run by its name, as in `⟨uuid⟩`, so that a recording can be compared.

A mask is a regular expression with a name; some are known. They apply to what the app sent, printed and logged.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from docstage.run.events import Chunk, Crash, Log, RunEvent, Start

KNOWN: Final = {
    "uuid": r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b",
    # ISO 8601 and RFC 3339, RFC 9110 § 5.6.7, and the time alone.
    "time": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"
    r"|\b\d\d:\d\d:\d\d(?:\.\d+)?\b",
    "address": r"\b0x[0-9a-fA-F]{6,16}\b",
    "path": r"(?<![\w/])(?:/private)?/(?:tmp|var/folders|home|Users)/[^\s\"'<>:,)\]]+",
}
"""Masks that need a name only. An address is that of an object in memory."""


class MaskError(ValueError):
    """A mask is unknown, or its expression is invalid. The message names it."""


class Masks:
    """Some of the known masks, and others by their names."""

    def __init__(self, names: Iterable[str] = (), others: Mapping[str, str] | None = None) -> None:
        """Raises `MaskError`."""
        expressions: dict[str, str] = {}
        for name in names:
            if name not in KNOWN:
                raise MaskError(f"there is no mask {name!r}; known are: {', '.join(KNOWN)}")
            expressions[name] = KNOWN[name]
        expressions |= others or {}
        self._masks: list[tuple[re.Pattern[str], str]] = []
        for name, expression in expressions.items():
            try:
                self._masks.append((re.compile(expression), f"⟨{name}⟩"))
            except re.error as error:
                raise MaskError(f"the mask {name!r} is not a regular expression: {error}") from None

    def text(self, text: str) -> str:
        """The text with names in the place of what the masks match."""
        for pattern, name in self._masks:
            # A function, because a name may hold what is special in a replacement.
            text = pattern.sub(lambda _, name=name: name, text)
        return text

    def events(self, events: Sequence[RunEvent]) -> list[RunEvent]:
        """The events of a run likewise. The `content-length` of a body that has changed is masked, too."""
        masked = [self._event(event) for event in events] if self._masks else list(events)
        if not any(
            isinstance(after, Chunk) and after != before
            for before, after in zip(events, masked, strict=True)
        ):
            return masked
        return [_without_length(event) for event in masked]

    def _event(self, event: RunEvent) -> RunEvent:
        match event:
            case Chunk():
                text = event.body.decode("utf-8", "surrogateescape")
                return replace(event, body=self.text(text).encode("utf-8", "surrogateescape"))
            case Start():
                headers = tuple((name, self.text(value)) for name, value in event.headers)
                return replace(event, headers=headers)
            case Log():
                return replace(event, text=self.text(event.text))
            case Crash():
                return replace(event, message=self.text(event.message))
            case _:
                return event


def _without_length(event: RunEvent) -> RunEvent:
    if not isinstance(event, Start):
        return event
    headers = tuple(
        (name, "⟨length⟩" if name.lower() == "content-length" else value)
        for name, value in event.headers
    )
    return replace(event, headers=headers)
