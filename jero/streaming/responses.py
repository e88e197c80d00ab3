"""The three streaming responses, as a handler returns them."""

from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from types import AsyncGeneratorType
from typing import Final, get_args, override

from jero.annotations import classes_of, parts_of, show
from jero.body import NDJSON
from jero.responses import Encode, Response
from jero.streaming import wire
from jero.streaming.events import ServerSentEvent

type Stream[T] = (
    AsyncIterable[T]
    | AsyncGenerator[AsyncIterable[T]]
    | AbstractAsyncContextManager[AsyncIterable[T]]
)
"""The items as an asynchronous iterable, or what gives it and keeps a resource open meanwhile: a generator that yields
it once, what stands after the `yield` running whatever happened; or an asynchronous context manager, which is told of
the error, if there was one, as `async with` would tell it."""

_STREAMS: Final = (AsyncGeneratorType, AsyncIterable, AbstractAsyncContextManager)


_UNBUFFERED: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Keeps caches and proxies from holding a stream back."""


class Streaming[H](Response[H], kw_only=True):
    """What streaming responses have in common: a field `stream`, whose items the class encodes one by one."""

    documented_status = "200"

    @override
    @classmethod
    def type_of_content(cls, fields: Mapping[str, object]) -> object:
        """The type of an item."""
        return next(iter(get_args(fields.get("stream"))), None)

    def _check(self, stream: object) -> None:
        super().__post_init__()
        if getattr(stream, "ag_frame", self) is None:
            raise ValueError(
                "this generator was streamed already: call its function anew for each response"
            )
        if not isinstance(stream, _STREAMS):
            raise TypeError(f"stream is a {type(stream).__name__}: {_mend(stream)}")


def _mend(stream: object) -> str:
    """What someone who gave this as a stream most likely meant."""
    if callable(stream):
        return "call it, as in `stream=self._rows()`"
    if isinstance(stream, Coroutine):
        stream.close()
        return "its function has no `yield`; a stream is made by an `async def` that yields"
    if isinstance(stream, Iterable):
        return "yield its items from an `async def` instead"
    return "expected an asynchronous iterable, or a context manager that gives one"


class StreamingResponse[H = None](Streaming[H]):
    """Streams `bytes` as they come (`application/octet-stream` unless `raw_headers` says otherwise).

    `stream` is an asynchronous iterable of bytes; or a generator that yields one once, and whose code after that
    `yield` runs whatever happened; or an asynchronous context manager that gives one, and which is told of an
    error, as `async with` would tell it. It is not started for `HEAD`. When the client leaves, no further item is
    pulled, and teardown runs to its end, as it does after an error and after the last item. Set-up, iteration
    and teardown share the request's task and context.

    An error before anything was sent is answered as an error; after that it is logged, and the response is left
    without its end. A stream that starts in silence holds the response's start back for a quarter of a second.

    Raises `ValueError` for a status that cannot have a body, a header that says how the body is framed, and a
    generator that was streamed already; `TypeError` for a `stream` that is none.
    """

    media_type = "application/octet-stream"

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
        """Any will do."""


class NDJSONStreamingResponse[T, H = None](Streaming[H]):
    """Streams each item as one line of JSON (`application/x-ndjson`). For the rest, see `StreamingResponse`."""

    media_type = "application/x-ndjson"
    documented_as = "items"
    default_headers = _UNBUFFERED

    stream: Stream[T]
    """The items, of whatever type has a JSON form."""

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


class _Kept[H](Streaming[H], kw_only=True):
    keepalive: float | None = None
    """After how many seconds of silence a comment is sent; `None` for never."""


class SSEResponse[T, H = None](_Kept[H]):
    """Streams Server-Sent Events (`text/event-stream`, WHATWG HTML 9.2). Only `GET` can return it.

    An item is the data of an event, or a `ServerSentEvent` that says more. After `keepalive` seconds in which
    nothing was sent a comment is, so that proxies keep the connection. Raises `ValueError` for a `keepalive` that
    is not above zero. For the rest, see `StreamingResponse`.
    """

    media_type = "text/event-stream"
    documented_as = "events"
    default_headers = _UNBUFFERED

    stream: Stream[T | str | ServerSentEvent[T]]
    """The events, or their data: strings are sent as they are, and everything else as JSON."""

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
        """The type of an event's data: the `T` of `ServerSentEvent[T]`, the last of what the stream may give."""
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
