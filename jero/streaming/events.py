"""The Server-Sent Event, as a handler yields it."""

from typing import Never

from msgspec import Struct


class ServerSentEvent[T = Never](Struct, frozen=True, kw_only=True):
    """An event of an `SSEResponse` with more than its data: `event`, `id` or `retry` (WHATWG HTML 9.2.5).

    Clients do not dispatch an event without data, but they use its `id` and `retry`.

    Raises `ValueError` for a line break in `event` or `id`, which could forge another field, for NUL in `id`, which
    clients ignore, and for a negative `retry`; and `TypeError` for a field of another type.
    """

    data: T | str | None = None
    """Sent as JSON; a string is sent unchanged, with one `data` field for each line."""

    event: str | None = None
    """The type that a client listens for; `message` by default."""

    id: str | None = None
    """The value that the client sends as `Last-Event-ID` when it reconnects. The empty string resets it."""

    retry: int | None = None
    """How long the client waits before it reconnects, in milliseconds."""

    def __post_init__(self) -> None:
        # Runs for each event, and nearly all are fine: text that is printable has no line break and no NUL.
        event, id_ = self.event, self.id
        try:
            if (
                self.retry is None
                and (event is None or event.isprintable())
                and (id_ is None or id_.isprintable())
            ):
                return
        except AttributeError:  # of something that is not a string
            pass
        _require_fields(event, id_, self.retry)


def _require_fields(event: object, id_: object, retry: object) -> None:
    if event is not None:
        _require_line("event", event)
    if id_ is not None and "\0" in _require_line("id", id_):
        raise ValueError(f"clients ignore a server-sent event's id that holds NUL: {id_!r}")
    if retry is None:
        return
    if not isinstance(retry, int):
        raise TypeError(
            f"the retry of a server-sent event is {retry!r}: expected an int, in milliseconds"
        )
    if retry < 0:
        raise ValueError(f"retry is a time in milliseconds and cannot be negative: {retry}")


def _require_line(name: str, value: object) -> str:
    """The value. Raises `TypeError` for a value that is not a string, `ValueError` for one that would end its line."""
    if not isinstance(value, str):
        raise TypeError(
            f"the {name} of a server-sent event is {value!r}: expected a str, as in `{name}=str(…)`"
        )
    if "\n" in value or "\r" in value:
        raise ValueError(
            f"a line break in the {name} of a server-sent event would forge a field: {value!r}"
        )
    return value
