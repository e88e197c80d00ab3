"""One item → its bytes on the wire. Pure functions: each appends to a buffer what one item comes to."""

import re
from collections.abc import Callable
from typing import Final, cast

import msgspec

from jero.streaming.events import ServerSentEvent

type Encode = Callable[[object, bytearray], None]

PING: Final = b": ping\n\n"
"""A comment, which clients skip: it only shows that the connection lives (WHATWG HTML 9.2.7)."""

_BYTES: Final = (bytes, bytearray, memoryview)
_json: Final = msgspec.json.Encoder()

# Only these end a line in an event stream (WHATWG HTML 9.2.5). `str.splitlines` would also split at U+2028 & co.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def encode_raw(item: object, buffer: bytearray) -> None:
    """Bytes, as they are. Raises `TypeError` for anything else."""
    if not isinstance(item, _BYTES):
        raise _not_an_item(item, "bytes")
    buffer += item


def ndjson_encoder(types: tuple[type, ...], expected: str) -> Encode:
    """One JSON value and a line feed. JSON text holds no line feed of its own, so a line is always an item; only what
    an item holds as `msgspec.Raw` is sent as it is, and must hold none.

    The function raises `TypeError` for an item that is none of `types`, which it calls `expected`.
    """
    encode_into = _json.encode_into

    def encode(item: object, buffer: bytearray) -> None:
        if not isinstance(item, types):
            raise _not_an_item(item, expected)
        encode_into(item, buffer, -1)
        buffer += b"\n"

    return encode


def sse_encoder(types: tuple[type, ...], expected: str) -> Encode:
    """A `ServerSentEvent`, or one of `types` or a string as the data of an event that has nothing but data.

    The function raises `TypeError` for any other item or data, which it calls `expected`.
    """
    encode_into = _json.encode_into
    structs = tuple(kind for kind in types if kind is not str)
    data_types = (str, *structs)

    def encode(item: object, buffer: bytearray) -> None:
        if isinstance(item, structs):
            buffer += b"data: "
            encode_into(item, buffer, -1)
            buffer += b"\n\n"
        elif isinstance(item, ServerSentEvent):
            event = cast("ServerSentEvent[object]", item)
            if event.data is not None and not isinstance(event.data, data_types):
                raise _not_an_item(event.data, expected)
            _encode_event(event, buffer)
        elif isinstance(item, str):
            _encode_data(item, buffer)
            buffer += b"\n"
        else:
            raise _not_an_item(item, expected)

    return encode


def _not_an_item(item: object, expected: str) -> TypeError:
    return TypeError(f"expected {expected}, and the stream gave {type(item).__qualname__}")


def _encode_event(event: ServerSentEvent[object], buffer: bytearray) -> None:
    if event.event is not None:
        buffer += f"event: {event.event}\n".encode()
    if event.id is not None:
        buffer += f"id: {event.id}\n".encode()
    if event.retry is not None:
        buffer += b"retry: %d\n" % event.retry
    if event.data is not None:
        _encode_data(event.data, buffer)
    buffer += b"\n"


def _encode_data(data: object, buffer: bytearray) -> None:
    if isinstance(data, str):
        for line in _LINE_END.split(data):
            buffer += f"data: {line}\n".encode()
    else:
        buffer += b"data: "
        _json.encode_into(data, buffer, -1)
        buffer += b"\n"
