"""Reads a request's body: whole, in chunks or line by line, within limits of size and time."""

import asyncio
from codecs import BOM_UTF8
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Final, override

from msgspec import Struct

from jero.asgi import Message, Receive, Scope
from jero.coding import PIECE, Coding, Inflater, coding_of
from jero.errors import (
    ClientDisconnectedError,
    ContentTooLargeError,
    RequestTimeoutError,
    UnsupportedMediaTypeError,
)
from jero.fields import first_line
from jero.json_text import JSONReader
from jero.media_types import MediaType

NDJSON: Final = (b"application/x-ndjson", b"application/ndjson", b"application/jsonl")
"""The media types of NDJSON: three names for the same format, none of them registered."""

AHEAD: Final = 65_536
"""How many bytes of a body are received ahead of its reader while a response is sent, apart from the last chunk."""


RATIO: Final = 200
"""How many times its size a compressed body can grow to, beyond the limit in memory: some JSON grows 50 times, a bomb
1,000 times."""


class Limits(Struct, frozen=True):
    """The size limits of a body, in bytes, and the timeout of its arrival, in seconds; `None` for no limit."""

    max_body: int | None
    """The most that is held in memory: of a body, or of a line."""

    max_upload: int | None
    """The size of a body that is streamed."""

    timeout: float | None


class Upload:
    """The messages of one request, shared by the reader of its body and the watcher for a disconnect.

    A disconnect shows only after the body. So while a response is sent, the body is received up to `AHEAD` bytes ahead
    of its reader. If more than that is unread when the client disconnects, the disconnect is noticed once the reader
    continues.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._turn = asyncio.Lock()
        self._ahead: deque[Message] = deque()
        self._size = 0
        self._has_room = asyncio.Event()
        self._is_whole = False
        self._end: Message | None = None

    async def read(self) -> Message:
        """The next message, for the reader of the body."""
        if not self._ahead and self._end is None:
            async with self._turn:
                if not self._ahead and self._end is None:
                    await self._receive_next()
            # The watcher comes first, so that the stream ends because of the disconnect and not with an error.
            if self._end is not None:
                await asyncio.sleep(0)
        if not self._ahead:
            assert self._end is not None
            return self._end
        message = self._ahead.popleft()
        self._size -= len(message.get("body", b""))
        self._has_room.set()
        return message

    async def watch(self) -> Message:
        """The `http.disconnect` message, for the code that sends the response."""
        while self._end is None:
            if self._size >= AHEAD and not self._is_whole:
                self._has_room.clear()
                await self._has_room.wait()
            async with self._turn:
                if self._end is None:
                    await self._receive_next()
        return self._end

    async def _receive_next(self) -> None:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._end = message
            return
        self._ahead.append(message)
        self._size += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)


async def read_decoded(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """The whole body, decoded from its content coding. Both the coded and the decoded body must be within the limit.

    Raises the errors of `read_whole`, `coding_of` and `Inflater`.
    """
    if first_line(scope, b"content-encoding") is None or (coding := coding_of(scope)) is None:
        return await read_whole(scope, receive, limits)
    coded = await read_whole(scope, receive, limits)
    body = bytearray()
    for piece in Inflater(coding).pieces_of(coded):
        body += piece
        _check_size(scope, len(body), limits.max_body)
        _check_ratio(scope, len(coded), len(body), limits)
    return bytes(body)


async def read_whole(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """The whole body, as it was sent.

    Raises `ContentTooLargeError` as soon as it is known to exceed the limit, `RequestTimeoutError`, and
    `ClientDisconnectedError`.
    """
    _check_length(scope, limits.max_body)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.timeout):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnectedError
                body += message.get("body", b"")
                _check_size(scope, len(body), limits.max_body)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise _too_slow(scope, limits) from None


class Chunks(AsyncIterator[bytes]):
    """The body as a stream of chunks, with back-pressure: each is received when it is asked for.

    Raises `ContentTooLargeError`, `RequestTimeoutError` if no chunk arrives within the timeout, and
    `ClientDisconnectedError` if the client disconnects before the end of the body.
    """

    def __init__(self, scope: Scope, receive: Receive, limits: Limits) -> None:
        _check_length(scope, limits.max_upload)
        self._scope = scope
        self._receive = receive
        self._limits = limits
        self._size = 0
        self._is_over = False

    @override
    async def __anext__(self) -> bytes:
        while not self._is_over:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise ClientDisconnectedError
            self._is_over = not message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            self._size += len(chunk)
            _check_size(self._scope, self._size, self._limits.max_upload)
            if chunk:
                return chunk
        raise StopAsyncIteration

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(self._limits.timeout):
                return await self._receive()
        except TimeoutError:
            raise _too_slow(self._scope, self._limits) from None


class Inflated(AsyncIterator[bytes]):
    """The chunks of a body, decoded from its content coding in bounded pieces. Yields to the event loop in between.

    Raises the errors of `Chunks` and `Inflater`, and `ContentTooLargeError` if the decoded body exceeds the limit or
    grows to more than `RATIO` times its coded size.
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], coding: Coding, scope: Scope, limits: Limits
    ) -> None:
        self._chunks = chunks
        self._inflater = Inflater(coding)
        self._scope = scope
        self._limits = limits
        self._pieces: Iterator[bytes] = iter(())
        self._coded_size = 0
        self._size = 0
        self._is_over = False

    @override
    async def __anext__(self) -> bytes:
        while True:
            piece = next(self._pieces, None)
            if piece is not None:
                self._size += len(piece)
                _check_size(self._scope, self._size, self._limits.max_upload)
                _check_ratio(self._scope, self._coded_size, self._size, self._limits)
                await asyncio.sleep(0)
                return piece
            if self._is_over:
                raise StopAsyncIteration
            chunk = await anext(self._chunks, None)
            if chunk is None:
                self._is_over = True
                self._pieces = self._inflater.end()
            else:
                self._coded_size += len(chunk)
                self._pieces = self._inflater.feed(chunk)


def decoded(chunks: Chunks, scope: Scope, limits: Limits) -> AsyncIterator[bytes]:
    """The chunks, decoded from their content coding if they have one. Raises the errors of `coding_of`."""
    if first_line(scope, b"content-encoding") is None or (coding := coding_of(scope)) is None:
        return chunks
    return Inflated(chunks, coding, scope, limits)


class Lines[T](AsyncIterator[T]):
    """The items of an NDJSON body, each decoded as soon as its line is complete.

    A byte order mark before a line is ignored. Empty lines are skipped, but counted. Raises the errors of `Chunks`;
    `InvalidRequestError` and `BadRequestError` with the line number, from 1; and `ContentTooLargeError` for a line
    over the limit.
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], reader: JSONReader[T], scope: Scope, limits: Limits
    ) -> None:
        self._chunks = chunks
        self._reader = reader
        self._scope = scope
        self._limits = limits
        self._lines: list[bytes] = []
        self._rest = bytearray()
        self._number = 0
        self._is_over = False

    @override
    async def __anext__(self) -> T:
        while True:
            while self._lines:
                line = self._lines.pop()
                self._number += 1
                _check_size(self._scope, len(line), self._limits.max_body, f"Line {self._number}")
                if (text := line.strip()) and text != BOM_UTF8:
                    return self._reader.read(line, self._number)
            if self._is_over:
                raise StopAsyncIteration
            await self._fill()

    async def _fill(self) -> None:
        chunk = await anext(self._chunks, None)
        if chunk is None:
            self._is_over = True
            self._lines = [bytes(self._rest)]
            return
        self._rest += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(self._rest).split(b"\n")
            self._lines = lines[::-1]
            self._rest = bytearray(rest)
        number = self._number + len(self._lines) + 1
        _check_size(self._scope, len(self._rest), self._limits.max_body, f"Line {number}")


def require_json(scope: Scope) -> None:
    """Raises `UnsupportedMediaTypeError` unless `Content-Type` is JSON."""
    media_type = _media_type(scope)
    if media_type != b"application/json" and not media_type.endswith(b"+json"):
        raise _unsupported("application/json", media_type)


def require_ndjson(scope: Scope) -> None:
    """Raises `UnsupportedMediaTypeError` unless `Content-Type` is NDJSON."""
    media_type = _media_type(scope)
    if media_type not in NDJSON:
        raise _unsupported("application/x-ndjson", media_type)


def require_media_type(scope: Scope, expected: MediaType) -> None:
    """Raises `UnsupportedMediaTypeError` unless `Content-Type` matches."""
    content_type = (first_line(scope, b"content-type") or b"").decode("latin-1")
    if not expected.accepts(content_type):
        raise _unsupported(" or ".join(expected.names), content_type.strip().encode("latin-1"))


def _media_type(scope: Scope) -> bytes:
    content_type = first_line(scope, b"content-type") or b""
    return content_type.split(b";")[0].strip().lower()


def _unsupported(expected: str, media_type: bytes) -> UnsupportedMediaTypeError:
    found = media_type.decode("latin-1") or "no Content-Type"
    return UnsupportedMediaTypeError(f"Expected {expected}, got {found}.")


def _check_length(scope: Scope, limit: int | None) -> None:
    length = first_line(scope, b"content-length")
    if length is not None and length.isdigit():
        _check_size(scope, int(length[:20]), limit)


def _check_size(scope: Scope, size: int, limit: int | None, what: str = "The body") -> None:
    if limit is not None and size > limit:
        raise ContentTooLargeError(f"{what} is over {limit} bytes.", raw_headers=_closing(scope))


def _check_ratio(scope: Scope, coded_size: int, size: int, limits: Limits) -> None:
    # Below that size, the limit in memory applies.
    if size > (limits.max_body or PIECE) and size > RATIO * coded_size:
        raise ContentTooLargeError(
            f"The body grows to more than {RATIO} times its size when decoded.",
            raw_headers=_closing(scope),
        )


def _too_slow(scope: Scope, limits: Limits) -> RequestTimeoutError:
    return RequestTimeoutError(
        f"The body did not arrive within {limits.timeout:g} seconds.", raw_headers=_closing(scope)
    )


def _closing(scope: Scope) -> dict[str, str]:
    """The headers to close the connection, because the rest of the body would still follow on it (RFC 9112 § 9.6)."""
    is_http_1 = str(scope.get("http_version", "1.1")).startswith("1")
    return {"connection": "close"} if is_http_1 else {}
