"""The three streaming responses, as a handler returns them."""

from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from types import AsyncGeneratorType
from typing import ClassVar, Final, get_args, override

from jero.annotations import classes_of, parts_of, show
from jero.body import NDJSON
from jero.responses import Form, Response
from jero.streaming import wire
from jero.streaming.events import ServerSentEvent
from jero.streaming.wire import Encode

type Stream[T] = (
    AsyncIterable[T]
    | AsyncGenerator[AsyncIterable[T]]
    | AbstractAsyncContextManager[AsyncIterable[T]]
)
"""The items as an asynchronous iterable; or a lifecycle that keeps a resource open for it: a generator that yields the
iterable once, with code after the `yield` that always runs; or an asynchronous context manager that returns it, whose
`__aexit__` gets the error, if any, as with `async with`."""

_STREAMS: Final = (AsyncGeneratorType, AsyncIterable, AbstractAsyncContextManager)


_UNBUFFERED: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Keeps caches and proxies from buffering a stream."""


class Streaming[H](Response[H], kw_only=True):
    """The base of the streaming responses: a field `stream`, whose items are encoded one by one."""

    documented_status: ClassVar[str] = "200"

    @override
    @classmethod
    def type_of_content(cls, fields: Mapping[str, object]) -> object:
        """The type of an item."""
        return next(iter(get_args(fields.get("stream"))), None)

    def _check(self, stream: object) -> None:
        super().__post_init__()
        if getattr(stream, "ag_frame", self) is None:
            raise ValueError(
                "this generator was already streamed: call its function again for each response"
            )
        if not isinstance(stream, _STREAMS):
            raise TypeError(f"stream is a {type(stream).__name__}: {_fix(stream)}")


def _fix(stream: object) -> str:
    """The most likely fix for a `stream` of this type."""
    if callable(stream):
        return "call it, as in `stream=self._rows()`"
    if isinstance(stream, Coroutine):
        stream.close()
        return "its function has no `yield`; a stream is made by an `async def` that yields"
    if isinstance(stream, Iterable):
        return "yield its items from an `async def` instead"
    return "expected an asynchronous iterable, or an asynchronous context manager that returns one"


class StreamingResponse[H = None](Streaming[H]):
    """Streams `bytes` (`application/octet-stream` unless `raw_headers` sets another type).

    `stream` is an asynchronous iterable of bytes; or a generator that yields one once, with teardown code after the
    `yield` that always runs; or an asynchronous context manager that returns one, whose `__aexit__` gets the error, if
    any. It is not started for `HEAD`. After the last item, after an error and on a disconnect, no more items are
    pulled and teardown runs to completion. Setup, iteration and teardown share the request's task and context.

    An error before anything was sent is answered with an error response. A later error is logged, and the response is
    cut off without its end. If the first item takes longer, the response starts after a quarter of a second.

    Raises `ValueError` for a status that cannot have a body, for `Content-Length` and `Transfer-Encoding`, and for a
    generator that was already streamed; and `TypeError` for an invalid `stream`.
    """

    media_type: ClassVar[str] = "application/octet-stream"

    stream: Stream[bytes]
    """The chunks: `bytes`, `bytearray` or `memoryview`."""

    def __post_init__(self) -> None:
        self._check(self.stream)

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return wire.encode_raw

    @override
    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:
        """Any media type is allowed."""


class NDJSONStreamingResponse[T, H = None](Streaming[H]):
    """Streams each item as a line of JSON (`application/x-ndjson`). Otherwise like `StreamingResponse`."""

    media_type: ClassVar[str] = "application/x-ndjson"
    documented_as: ClassVar[Form] = "items"
    default_headers: ClassVar[Mapping[str, str]] = _UNBUFFERED

    stream: Stream[T]
    """The items, of any type that has a JSON form."""

    def __post_init__(self) -> None:
        self._check(self.stream)

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return wire.ndjson_encoder(classes_of(content), show(content), to_json)

    @override
    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:
        if essence.encode() not in NDJSON:
            raise ValueError(f"expected {b', '.join(NDJSON).decode()}")


class _KeptAlive[H](Streaming[H], kw_only=True):
    keepalive: float | None = None
    """Seconds without an event after which a comment is sent; `None` for never."""


class SSEResponse[T, H = None](_KeptAlive[H]):
    """Streams Server-Sent Events (`text/event-stream`, WHATWG HTML 9.2). Only `GET` can return it.

    An item is the data of an event, or a `ServerSentEvent` for more fields. After `keepalive` seconds in which nothing
    was sent, a comment is sent, so that proxies keep the connection open. Raises `ValueError` for a `keepalive` that is
    not above zero. Otherwise like `StreamingResponse`.
    """

    media_type: ClassVar[str] = "text/event-stream"
    documented_as: ClassVar[Form] = "events"
    default_headers: ClassVar[Mapping[str, str]] = _UNBUFFERED

    stream: Stream[T | str | ServerSentEvent[T]]
    """The events, or their data. Strings are sent unchanged, everything else as JSON."""

    def __post_init__(self) -> None:
        self._check(self.stream)
        if self.keepalive is None:
            return
        if not isinstance(self.keepalive, int | float):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
            raise TypeError(f"keepalive is {self.keepalive!r}: expected a number of seconds")
        if not self.keepalive > 0:
            raise ValueError(f"keepalive is a time in seconds above zero, not {self.keepalive}")

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return wire.sse_encoder(classes_of(content), show(content), to_json)

    @override
    @classmethod
    def type_of_content(cls, fields: Mapping[str, object]) -> object:
        """The type of an event's data: the `T` of `ServerSentEvent[T]`."""
        *_, event = parts_of(super().type_of_content(fields))
        return next(iter(get_args(event)), None)

    @override
    @classmethod
    def require_method(cls, method: str) -> None:
        if method != "get":
            raise ValueError(
                "only `get` can return it, because browsers open event streams with GET. Return an"
                " NDJSONStreamingResponse instead, or rename the method"
            )
