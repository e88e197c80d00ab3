"""The Server-Sent Event, as a handler yields it."""

from typing import Never

from msgspec import Struct


class ServerSentEvent[T = Never](Struct, frozen=True, kw_only=True):
    """One event of an `SSEResponse` (WHATWG HTML 9.2.5), for when its data is not all there is to say.

    An event without data is not dispatched by the client, but its `id` and `retry` count.

    Raises `ValueError` where a field could end its line and so forge the next one: a line break in `event` or
    `id`, NUL in `id` (which clients ignore), a negative `retry`; and `TypeError` for a field of another type.
    """

    data: T | str | None = None
    """Sent as JSON; or as it is if it is a string, one `data` line a line."""

    event: str | None = None
    """The type that a client listens for; `message` if there is none."""

    id: str | None = None
    """What the client sends back as `Last-Event-ID` when it reconnects. The empty string resets it."""

    retry: int | None = None
    """How long the client waits before it reconnects, in milliseconds."""

    def __post_init__(self) -> None:
        for name, value in (("event", self.event), ("id", self.id)):
            if value is None:
                continue
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
                raise TypeError(
                    f"the {name} of a server-sent event is {value!r}: expected a str, as in `{name}=str(…)`"
                )
            if "\n" in value or "\r" in value:
                raise ValueError(
                    f"a line break in the {name} of a server-sent event would forge a field: {value!r}"
                )
        if self.id is not None and "\0" in self.id:
            raise ValueError(f"clients ignore a server-sent event's id that holds NUL: {self.id!r}")
        if self.retry is None:
            return
        if not isinstance(self.retry, int):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise TypeError(
                f"the retry of a server-sent event is {self.retry!r}: expected an int, in milliseconds"
            )
        if self.retry < 0:
            raise ValueError(
                f"retry is a time in milliseconds and cannot be negative: {self.retry}"
            )
