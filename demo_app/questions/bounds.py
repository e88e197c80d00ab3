"""Bounds on what the model's API may send, so that a faulty or hostile one cannot fill this process's memory."""

from collections.abc import AsyncIterator
from typing import Final, override

import httpx2

LARGEST: Final = 1_048_576
"""How large one server-sent event may be, or a response that is not a stream of them, in bytes."""

_BLANK_LINES: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")


class OutOfBoundsError(httpx2.RequestError):
    """The response is compressed or too large. The SDK reports it as an `APIConnectionError`."""


async def bound(response: httpx2.Response) -> None:
    """A response hook of a client that asks for no compression: refuse it, and bound the body as it is read.

    A few kilobytes of gzip can unpack to hundreds of megabytes before the client sees any of it.
    """
    coding = response.headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        raise OutOfBoundsError("The response is compressed, which was not asked for.")
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Bounded(response.stream, has_events=response.is_success)


class _Bounded(httpx2.AsyncByteStream):
    """The same stream, which raises `OutOfBoundsError` where a bound is exceeded."""

    def __init__(self, stream: httpx2.AsyncByteStream, *, has_events: bool) -> None:
        self._stream = stream
        self._has_events = has_events

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, tail = 0, b""
        async for chunk in self._stream:
            size += len(chunk)
            if self._has_events:
                seen = tail + chunk
                ends = [seen.rfind(line) + len(line) for line in _BLANK_LINES if line in seen]
                size = len(seen) - max(ends) if ends else size
                tail = seen[-3:]
            if size > LARGEST:
                raise OutOfBoundsError(f"The response, or one of its events, is over {LARGEST} B.")
            yield chunk

    @override
    async def aclose(self) -> None:
        await self._stream.aclose()
