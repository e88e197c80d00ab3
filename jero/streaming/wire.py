"""One item → its bytes on the wire. Pure functions: each returns all that one item comes to, or raises.

They return bytes and share no buffer, because of how msgspec's `Encoder.encode_into` fails: it grows the
`bytearray` before filling it, and where it raises (a value that has no JSON form, half a surrogate pair) it leaves the
buffer grown, so that its end is whatever was in that memory before. Sending it would send other clients' data.
"""

import re
from collections.abc import Callable
from typing import Final, cast

import msgspec

from jero.streaming.events import ServerSentEvent

type Encode = Callable[[object], bytes]

PING: Final = b": ping\n\n"
"""A comment, which clients skip: it only shows that the connection lives (WHATWG HTML 9.2.7)."""

_BYTES: Final = (bytes, bytearray, memoryview)
_LF, _CR = b"\n\r"

# Only these end a line in an event stream (WHATWG HTML 9.2.5). `str.splitlines` would also split at U+2028 & co.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def encode_raw(item: object) -> bytes:
    """Bytes, as they are. Raises `TypeError` for anything else."""
    if not isinstance(item, _BYTES):
        raise _not_an_item(item, "bytes")
    return bytes(cast("bytes", item))


def encode_line(value: object, encode: Encode = msgspec.json.encode) -> bytes:
    """A value as JSON text that holds no line break.

    msgspec writes none of its own. What a value holds as `msgspec.Raw` is copied as somebody else wrote it, so line
    breaks between its tokens are taken out. Raises `msgspec.DecodeError` where that text is not JSON.
    """
    text = encode(value)
    if _LF in text or _CR in text:
        return msgspec.json.format(text, indent=-1)
    return text


def ndjson_encoder(
    types: tuple[type, ...], expected: str, encode_json: Encode = msgspec.json.encode
) -> Encode:
    """One JSON value and a line feed. The JSON text holds no line feed, so a line is always an item.

    The function raises `TypeError` for an item that isn't one of `types`, which the message calls `expected`.
    """
    one_or_more = types[0] if len(types) == 1 else types

    def encode(item: object) -> bytes:
        if not isinstance(item, one_or_more):
            raise _not_an_item(item, expected)
        text = encode_json(item)
        if _LF in text or _CR in text:
            text = msgspec.json.format(text, indent=-1)  # see `encode_line`
        return text + b"\n"

    return encode


def sse_encoder(
    types: tuple[type, ...], expected: str, encode_json: Encode = msgspec.json.encode
) -> Encode:
    """A `ServerSentEvent`, or one of `types` or a string as the data of an event that has nothing but data.

    Strings, those of an enumeration included, are sent as they are, and everything else as JSON. The function raises
    `TypeError` for any other item or data, which it calls `expected`.
    """
    always_json = tuple(
        kind for kind in types if not (_has_strings(kind) or issubclass(ServerSentEvent, kind))
    )
    data_types = (str, *types)

    def encode(item: object) -> bytes:
        if isinstance(item, ServerSentEvent):
            event: ServerSentEvent[object] = item  # pyright: ignore[reportUnknownVariableType] - a cast is a call
            data, name, id_ = event.data, event.event, event.id
            if isinstance(data, always_json):
                text = encode_json(data)
                if _LF in text or _CR in text:
                    text = msgspec.json.format(text, indent=-1)  # see `encode_line`
                if name is None or id_ is None or event.retry is not None:
                    return b"%bdata: %b\n\n" % (_encode_head(event), text)
                # In one pass, because most events of a busy stream look like this.
                parts = (
                    b"event: ",
                    name.encode(),
                    b"\nid: ",
                    id_.encode(),
                    b"\ndata: ",
                    text,
                    b"\n\n",
                )
                return b"".join(parts)
            head = _encode_head(event)
            if data is None:
                return head + b"\n"
            if not isinstance(data, data_types):
                raise _not_an_item(data, expected)
            return b"%b%b\n" % (head, _encode_data(data, encode_json))
        if isinstance(item, always_json):
            return b"data: " + encode_line(item, encode_json) + b"\n\n"
        if isinstance(item, data_types):
            return _encode_data(item, encode_json) + b"\n"
        raise _not_an_item(item, expected)

    return encode


def _encode_head(event: ServerSentEvent[object]) -> bytes:
    """All fields of an event but its data."""
    # Concatenated, because formatting a string of an enumeration gives the name of its member.
    head = "" if event.event is None else "event: " + event.event + "\n"
    if event.id is not None:
        head += "id: " + event.id + "\n"
    if event.retry is not None:
        head += f"retry: {event.retry:d}\n"
    return head.encode()


def _has_strings(kind: type) -> bool:
    """Whether instances of this class can be strings."""
    return issubclass(kind, str) or issubclass(str, kind)


def _not_an_item(item: object, expected: str) -> TypeError:
    return TypeError(f"expected {expected}, and the stream gave {type(item).__qualname__}")


def _encode_data(data: object, encode_json: Encode) -> bytes:
    if isinstance(data, str):
        return "".join([f"data: {line}\n" for line in _LINE_END.split(data)]).encode()
    return b"data: %b\n" % encode_line(data, encode_json)
