"""One item → its bytes on the wire. Pure functions: each appends to a buffer what one item comes to."""

import re
from collections.abc import Callable
from typing import Final, cast

import msgspec

from jero.streaming.events import ServerSentEvent

type Encode = Callable[[object, bytearray], None]

PING: Final = b": ping\n\n"
"""A comment, which clients skip: it only shows that the connection lives (WHATWG HTML 9.2.7)."""

_json: Final = msgspec.json.Encoder()

# Only these end a line in an event stream (WHATWG HTML 9.2.5). `str.splitlines` would also split at U+2028 & co.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def encode_raw(item: object, buffer: bytearray) -> None:
    """Bytes, as they are. Raises `TypeError` for anything else."""
    if not isinstance(item, bytes | bytearray | memoryview):
        raise TypeError(
            f"a StreamingResponse sends bytes, and its stream gave {type(item).__name__}"
        )
    buffer += item


def encode_ndjson(item: object, buffer: bytearray) -> None:
    """One JSON value and a line feed. JSON text holds no line feed of its own, so a line is always an item."""
    _json.encode_into(item, buffer, -1)
    buffer += b"\n"


def encode_sse(item: object, buffer: bytearray) -> None:
    """A `ServerSentEvent`, or anything else as the data of an event that has nothing but data."""
    if isinstance(item, ServerSentEvent):
        item = cast("ServerSentEvent[object]", item)
        if item.event is not None:
            buffer += f"event: {item.event}\n".encode()
        if item.id is not None:
            buffer += f"id: {item.id}\n".encode()
        if item.retry is not None:
            buffer += b"retry: %d\n" % item.retry
        if item.data is not None:
            _encode_data(item.data, buffer)
    else:
        _encode_data(item, buffer)
    buffer += b"\n"


def _encode_data(data: object, buffer: bytearray) -> None:
    if isinstance(data, str):
        for line in _LINE_END.split(data):
            buffer += f"data: {line}\n".encode()
    else:
        buffer += b"data: "
        _json.encode_into(data, buffer, -1)
        buffer += b"\n"
