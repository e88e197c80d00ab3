"""The three streaming responses, as a handler returns them."""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AbstractAsyncContextManager
from typing import Final

from msgspec import Struct

from jero.headers import RawHeaders
from jero.streaming.events import ServerSentEvent

type Stream[T] = (
    AsyncIterable[T]
    | AsyncGenerator[AsyncIterable[T]]
    | AbstractAsyncContextManager[AsyncIterable[T]]
)
"""The items as an asynchronous iterable, or what gives it and keeps a resource open meanwhile: a generator that yields
it once, what stands after the `yield` running whatever happened; or an asynchronous context manager, which is told of
the error, if there was one, as `async with` would tell it."""

_BODILESS: Final = (204, 205, 304)


class _Streaming[H](Struct, kw_only=True):
    """What all three carry; `_check` raises `ValueError` for a status that cannot have a body (RFC 9110 § 6.4.1)."""

    status_code: int = 200
    headers: H | None = None
    raw_headers: RawHeaders | None = None

    def __post_init__(self) -> None:
        if not 200 <= self.status_code <= 599 or self.status_code in _BODILESS:
            raise ValueError(f"a response with status {self.status_code} cannot carry a stream")


class StreamingResponse[H = None](_Streaming[H], kw_only=True):
    """Streams `bytes` as they come (`application/octet-stream` unless `raw_headers` says otherwise).

    `stream` is an asynchronous iterable of bytes; or a generator that yields one once, and whose code after that
    `yield` runs whatever happened; or an asynchronous context manager that gives one, and which is told of an
    error, as `async with` would tell it. It is not started for `HEAD`. When the client leaves, no further item is
    pulled, and teardown runs to its end, as it does after an error and after the last item. Set-up, iteration
    and teardown share the request's task and context.

    An error before anything was sent is answered as an error; after that it is logged, and the response is left
    without its end. A stream that starts in silence holds the response's start back for a quarter of a second.

    `status_code` is any status that has a body; `headers` a Struct whose fields are header fields; `raw_headers`
    a mapping, which has the last word. Raises `ValueError` for a status that cannot have a body.
    """

    stream: Stream[bytes]


class NDJSONStreamingResponse[T, H = None](_Streaming[H], kw_only=True):
    """Streams each item as one line of JSON (`application/x-ndjson`). For the rest, see `StreamingResponse`."""

    stream: Stream[T]


class SSEResponse[T, H = None](_Streaming[H], kw_only=True):
    """Streams Server-Sent Events (`text/event-stream`, WHATWG HTML 9.2). Only `GET` can return it.

    An item is the data of an event, or a `ServerSentEvent` that says more. After `keepalive` seconds in which
    nothing was sent a comment is, so that proxies keep the connection. Raises `ValueError` for a `keepalive` that
    is not above zero. For the rest, see `StreamingResponse`.
    """

    stream: Stream[T | str | ServerSentEvent[T]]
    keepalive: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.keepalive is not None and not self.keepalive > 0:
            raise ValueError(f"keepalive is a time in seconds above zero, not {self.keepalive}")
