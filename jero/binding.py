"""A request → the arguments of a handler."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from jero.asgi import Receive, Scope
from jero.errors import (
    BadRequestError,
    ContentTooLargeError,
    UnprocessableContentError,
    UnsupportedMediaTypeError,
)

type Bind = Callable[[Scope, Receive], Awaitable[Mapping[str, object]]]

MAX_BODY: Final = 1_048_576
"""The largest body that is read, in bytes."""


class ClientDisconnectedError(Exception):
    """The client left before its request was whole. Nobody is there to be answered."""


async def bind_nothing(_scope: Scope, _receive: Receive) -> Mapping[str, object]:
    """For a handler without arguments."""
    return {}


def bind_json(annotation: object) -> Bind:
    """For a handler with an argument `json`: the body, decoded as its type."""
    decoder = msgspec.json.Decoder(annotation)

    async def bind(scope: Scope, receive: Receive) -> Mapping[str, object]:
        _require_json(scope)
        body = await read_body(receive)
        try:
            return {"json": decoder.decode(body)}
        except msgspec.ValidationError as error:
            raise UnprocessableContentError(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequestError(f"The body is not well-formed JSON: {error}") from None

    return bind


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
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    content_type = next((value for name, value in headers if name == b"content-type"), b"")
    media_type = content_type.split(b";")[0].strip().lower()
    if media_type != b"application/json" and not media_type.endswith(b"+json"):
        found = media_type.decode("latin-1") or "no Content-Type"
        raise UnsupportedMediaTypeError(f"Expected application/json, got {found}.")
