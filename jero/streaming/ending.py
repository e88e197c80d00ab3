"""How a stream ended, for the code that cleans up after it."""

from contextvars import ContextVar
from enum import StrEnum
from typing import Final, Protocol


class StreamEnding(StrEnum):
    """Why a stream ended. See `stream_ending`."""

    DRAINED = "drained"
    """All items were passed to the server. HTTP does not report whether the client received them."""

    DISCONNECTED = "disconnected"
    """The client disconnected before the last item."""

    FAILED = "failed"
    """Setup, the stream, encoding an item, or the server's `send` raised an error, which is logged."""

    SERVER_STOPPING = "server_stopping"
    """The server was asked to stop."""

    ABANDONED = "abandoned"
    """The client disconnected or the server was asked to stop, but the stream did not stop in time and was abandoned.
    Its own generator is not closed; the lifecycle generator or context manager around it is."""

    CANCELLED = "cancelled"
    """The task of the request was cancelled, by a middleware with a timeout for example."""


def stream_ending() -> StreamEnding | None:
    """Why the stream of this request has ended: call it in the code that cleans up after a stream.

    That is after the `yield` of a generator that yields its stream once, in the `__aexit__` of a context manager, and
    in the functions and tasks called from there.

        async def _export(self) -> AsyncGenerator[AsyncIterable[Order]]:
            async with self._pool.cursor() as cursor:
                yield cursor.rows()
            await self._audit("export", stream_ending())

    The first reason counts: a client that disconnects while a drained stream cleans up leaves it `DRAINED`. `None`
    while the stream is still open, which includes the end of the items' own generator, and outside of streams.
    """
    stream = CURRENT.get()
    return None if stream is None else stream.ending


class _Stream(Protocol):
    @property
    def ending(self) -> StreamEnding | None: ...


CURRENT: Final[ContextVar[_Stream | None]] = ContextVar("jero_stream", default=None)
"""The stream of the request that is being served."""
