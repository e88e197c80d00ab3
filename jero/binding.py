"""A request → the arguments of a handler."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from jero.asgi import Receive, Scope
from jero.errors import (
    BadRequestError,
    ClientDisconnectedError,
    ContentTooLargeError,
    UnprocessableContentError,
    UnsupportedMediaTypeError,
)

type Read = Callable[[Scope, Receive], Awaitable[object]]
"""Reads one argument from a request. Raises `HTTPError` for what the request lacks or has wrong."""

type Bind = Callable[[Scope, Receive], Awaitable[Mapping[str, object]]]

MAX_BODY: Final = 1_048_576
"""The largest body that is read, in bytes."""


def bind_all(readers: Mapping[str, Read]) -> Bind:
    """For a handler with these arguments, by name."""

    async def bind(scope: Scope, receive: Receive) -> Mapping[str, object]:
        return {name: await read(scope, receive) for name, read in readers.items()}

    return bind


def read_json(annotation: object) -> Read:
    """The body, decoded as its type."""
    decoder = msgspec.json.Decoder(annotation)

    async def read(scope: Scope, receive: Receive) -> object:
        _require_json(scope)
        body = await read_body(receive)
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            raise UnprocessableContentError(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequestError(f"The body is not well-formed JSON: {error}") from None
        except RecursionError:
            raise BadRequestError("The body is nested too deeply.") from None

    return read


def read_last_event_id(annotation: object) -> Read:
    """What an event stream's client says that it saw last (WHATWG HTML 9.2.4), or `None` if it says nothing."""

    async def read(scope: Scope, _receive: Receive) -> object:
        value = _header(scope, b"last-event-id")
        if value is None:
            return None
        try:
            return msgspec.convert(value.decode(), annotation, strict=False)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            raise BadRequestError(f"Last-Event-ID: {error}") from None

    return read


async def read_body(receive: Receive) -> bytes:
    """The whole body.

    Raises `ContentTooLargeError` as soon as it is over `MAX_BODY` bytes, and `ClientDisconnectedError`.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise ContentTooLargeError(f"The body is over {MAX_BODY} bytes.")
        if not message.get("more_body", False):
            return bytes(body)


def _require_json(scope: Scope) -> None:
    content_type = _header(scope, b"content-type") or b""
    media_type = content_type.split(b";")[0].strip().lower()
    if media_type != b"application/json" and not media_type.endswith(b"+json"):
        found = media_type.decode("latin-1") or "no Content-Type"
        raise UnsupportedMediaTypeError(f"Expected application/json, got {found}.")


def _header(scope: Scope, wanted: bytes) -> bytes | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value for name, value in headers if name == wanted), None)
