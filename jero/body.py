"""A request's body: whole, as it comes, or line by line; within limits of size and time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, cast, override

import msgspec
from msgspec import Struct

from jero.asgi import Message, Receive, Scope, header
from jero.errors import (
    BadRequestError,
    ClientDisconnectedError,
    ContentTooLargeError,
    InvalidRequestError,
    RequestTimeoutError,
    UnsupportedMediaTypeError,
)
from jero.faults import Convert, Fault, explain, find_faults

NDJSON: Final = (b"application/x-ndjson", b"application/ndjson", b"application/jsonl")
"""The media types of a body of JSON lines. None of them is registered, and all are in use."""

AHEAD: Final = 65_536
"""How much of a body is received before it is asked for while a response is sent, in bytes, but for a last chunk."""


class Limits(Struct, frozen=True):
    """How much of a body is read, in bytes, and for how long it is waited for, in seconds; `None` is without end."""

    max_body: int | None
    """What is held in memory at once: a body, or a line of one."""

    max_upload: int | None
    """A body that is read as it comes."""

    timeout: float | None


class Upload:
    """The messages of one request, which are read by who wants the body and by who watches for the client to leave.

    Only behind the body does it show that the client has left. So while a response is sent, the body is received
    ahead of its reader, `AHEAD` bytes at most: a client that leaves with more than that unread is noticed when it is
    read on.
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
            # Whoever watches comes first: then the stream ends because the client left, and not with an error.
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
        """The message that says that the client has left, for whoever sends the response."""
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


async def read_whole(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """The whole body.

    Raises `ContentTooLargeError` as soon as it is known to be over the limit, `RequestTimeoutError`, and
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
    """The body, as it comes: what is not asked for yet is not taken from the client.

    Raises `ContentTooLargeError`, `RequestTimeoutError` after that long a silence, and `ClientDisconnectedError`
    where the body breaks off.
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


class Lines[T](AsyncIterator[T]):
    """The items of an NDJSON body, each decoded as soon as its line is whole.

    Lines that are empty are skipped, and counted. Raises as `Chunks` does; `InvalidRequestError` and
    `BadRequestError` with the number of the line, from 1; `ContentTooLargeError` for a line over the limit.
    """

    def __init__(
        self,
        chunks: Chunks,
        decoder: msgspec.json.Decoder[T],
        scope: Scope,
        limits: Limits,
        convert: Convert,
    ) -> None:
        self._chunks = chunks
        self._decoder = decoder
        self._convert = convert
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
                if line.strip():
                    return self._decode(line)
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

    def _decode(self, line: bytes) -> T:
        try:
            return self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise explain_json(
                error, line, self._decoder.type, self._convert, self._number
            ) from None


def read_json[T](body: bytes, decoder: msgspec.json.Decoder[T], convert: Convert) -> T:
    """The value of a body. Raises `BadRequestError` and `InvalidRequestError`."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise explain_json(error, body, decoder.type, convert) from None


def explain_json(
    error: Exception,
    text: bytes,
    annotation: object,
    convert: Convert,
    line: int | None = None,
) -> BadRequestError | InvalidRequestError:
    """What is to be told of JSON text that could not be decoded as this type."""
    subject = f"Line {line}" if line else "The body"
    if not text.strip():
        return BadRequestError(f"{subject} is empty, and JSON was expected.")
    if isinstance(error, RecursionError):
        return BadRequestError(f"{subject} is nested too deeply.")
    if not isinstance(error, msgspec.ValidationError):
        return BadRequestError(f"{subject} is not well-formed JSON: {error}")
    try:
        # msgspec stops where a type is wrong, so what follows there may not even be JSON.
        value = cast("object", msgspec.json.decode(text))
        faults = find_faults("body", value, annotation, convert=convert)
    except (msgspec.DecodeError, UnicodeDecodeError) as also:
        return BadRequestError(f"{subject} is not well-formed JSON: {also}")
    except RecursionError:
        return BadRequestError(f"{subject} is nested too deeply.")
    faults = faults or [Fault("body", *explain(error))]
    return InvalidRequestError([msgspec.structs.replace(fault, line=line) for fault in faults])


def require_json(scope: Scope) -> None:
    """Raises `UnsupportedMediaTypeError` unless the body is said to be JSON."""
    media_type = _media_type(scope)
    if media_type != b"application/json" and not media_type.endswith(b"+json"):
        raise _unsupported("application/json", media_type)


def require_ndjson(scope: Scope) -> None:
    """Raises `UnsupportedMediaTypeError` unless the body is said to be lines of JSON."""
    media_type = _media_type(scope)
    if media_type not in NDJSON:
        raise _unsupported("application/x-ndjson", media_type)


def _media_type(scope: Scope) -> bytes:
    content_type = header(scope, b"content-type") or b""
    return content_type.split(b";")[0].strip().lower()


def _unsupported(expected: str, media_type: bytes) -> UnsupportedMediaTypeError:
    found = media_type.decode("latin-1") or "no Content-Type"
    return UnsupportedMediaTypeError(f"Expected {expected}, got {found}.")


def _check_length(scope: Scope, limit: int | None) -> None:
    length = header(scope, b"content-length")
    if length is not None and length.isdigit():
        _check_size(scope, int(length[:20]), limit)


def _check_size(scope: Scope, size: int, limit: int | None, what: str = "The body") -> None:
    if limit is not None and size > limit:
        raise ContentTooLargeError(f"{what} is over {limit} bytes.", raw_headers=_closing(scope))


def _too_slow(scope: Scope, limits: Limits) -> RequestTimeoutError:
    return RequestTimeoutError(
        f"The body did not arrive within {limits.timeout:g} seconds.", raw_headers=_closing(scope)
    )


def _closing(scope: Scope) -> dict[str, str]:
    """That the connection is of no more use: what is left of the body is still to come on it (RFC 9112 § 9.6)."""
    is_http_1 = str(scope.get("http_version", "1.1")).startswith("1")
    return {"connection": "close"} if is_http_1 else {}
