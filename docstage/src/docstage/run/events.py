"""What is asked of a snippet, and everything that can come of it.

A run is one stream of `RunEvent`: the page draws it, a transcript is that stream written down, a test compares
two of them. As JSON each event is an object tagged by `kind`; bytes are base64 (msgspec's form of them), so that
a body survives whatever it holds. TypeScript's side of this file is `browser/src/run/events.ts`.
"""

from typing import Literal, TypeAlias

from msgspec import Struct


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """One HTTP request, as a snippet's app will see it.

    `target` is the path with its query string, percent-encoded as on the wire (RFC 9112 § 3.2.1).
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Event(Struct, frozen=True, tag_field="kind", tag=str.lower):
    """What every event carries: `at`, the seconds since the request was made."""

    at: float


class Log(Event, frozen=True):
    """One line that the app printed, or one record that it logged.

    A record's `text` is its message, its `traceback` that of the exception it was logged with, and its `line`
    where in the snippet's own module that exception came from, if it did.
    """

    stream: Literal["stdout", "stderr", "logging"]
    text: str
    level: str = ""
    logger: str = ""
    traceback: str = ""
    line: int | None = None


class Start(Event, frozen=True):
    """The response's status and headers."""

    status: int
    headers: tuple[tuple[str, str], ...]


class Chunk(Event, frozen=True):
    """A part of the response's body, as the app sent it. Never empty."""

    body: bytes


class Disconnect(Event, frozen=True):
    """The client is gone: from here on the app's `receive()` gives `http.disconnect`."""


class Limit(Event, frozen=True):
    """The run went over one of its limits. A `Disconnect` follows."""

    what: Literal["seconds", "events", "bytes"]
    limit: float


class Crash(Event, frozen=True):
    """The app failed where nothing of its own caught it.

    `phase` is where: while its module was imported, while it started (lifespan), in the request, after the
    disconnect, or in the process that ran it. `line` is the failing line of the snippet's own module, if any.
    """

    phase: Literal["import", "startup", "request", "teardown", "process"]
    message: str
    traceback: str = ""
    line: int | None = None


class End(Event, frozen=True):
    """The app has returned, teardown and all. The last event of every run.

    `complete` says whether the response was: its body's last part was sent, so a client takes it for whole.
    """

    complete: bool


RunEvent: TypeAlias = Log | Start | Chunk | Disconnect | Limit | Crash | End
