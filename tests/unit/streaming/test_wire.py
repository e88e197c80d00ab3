import re
from enum import Enum, IntEnum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import ServerSentEvent
from jero.streaming.wire import PING, encode_raw, ndjson_encoder, sse_encoder


class Order(Struct):
    item: str


def sse(item: object) -> bytes:
    return sse_encoder((Order,), "Order")(item)


class Event(Struct):
    data: str
    event: str = "message"
    id: str = ""


def parse(stream: str) -> tuple[list[Event], int | None]:
    """Interpret an event stream, step by step as WHATWG HTML 9.2.6 says; the events, and the retry."""
    events: list[Event] = []
    data = kind = last_id = ""
    retry = None
    for line in stream.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "" if not line:
                if data:
                    events.append(Event(data.removesuffix("\n"), kind or "message", last_id))
                data = kind = ""
            case "data":
                data += value + "\n"
            case "event":
                kind = value
            case "id" if "\0" not in value:
                last_id = value
            case "retry" if value.isascii() and value.isdigit():
                retry = int(value)
            case _:
                pass
    return events, retry


lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
ids = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))


@given(st.text(st.characters(exclude_categories=["Cs"])), lines.filter(bool), ids)
def test_any_text_survives_a_round_trip_through_the_specifications_parser(
    data: str, event: str, last_id: str
) -> None:
    wire = sse(ServerSentEvent(data=data, event=event, id=last_id))
    as_lines = data.replace("\r\n", "\n").replace("\r", "\n")  # clients see every line end as \n
    assert parse(wire.decode()) == ([Event(as_lines, event, last_id)], None)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_struct_with_any_text_survives_a_round_trip(item: str) -> None:
    (event,), _ = parse(sse(Order(item)).decode())
    assert msgspec.json.decode(event.data, type=Order) == Order(item)


@pytest.mark.parametrize("text", ["a\u2028b", "a\u0085b", "a\x0bb", "a\x1cb"])
def test_nothing_but_line_feed_and_carriage_return_splits_data(text: str) -> None:
    assert sse(text) == f"data: {text}\n\n".encode()


def test_an_event_is_documented_with_all_its_fields() -> None:
    event = ServerSentEvent(data=Order("tea"), event="sold", id="7", retry=100)
    assert sse(event) == b'event: sold\nid: 7\nretry: 100\ndata: {"item":"tea"}\n\n'


def test_the_name_and_the_id_of_an_event_may_be_strings_of_an_enumeration() -> None:
    class Kind(str, Enum):  # noqa: UP042 - a StrEnum is formatted as its value, and this is not
        CHANGED = "changed"

    event = ServerSentEvent(event=Kind.CHANGED, id=Kind.CHANGED)
    assert sse(event) == b"event: changed\nid: changed\n\n"


def test_a_retry_is_sent_in_digits_whatever_kind_of_int_it_is() -> None:
    class Pause(IntEnum):
        SHORT = 50

    assert sse(ServerSentEvent(retry=Pause.SHORT)) == b"retry: 50\n\n"
    assert sse(ServerSentEvent(retry=True)) == b"retry: 1\n\n"


def test_an_event_without_data_sets_only_its_fields() -> None:
    assert sse(ServerSentEvent(retry=100)) == b"retry: 100\n\n"


def test_empty_data_is_an_event_and_no_data_is_none() -> None:
    assert sse(ServerSentEvent(data="")) == b"data: \n\n"
    assert sse(ServerSentEvent(id="1")) == b"id: 1\n\n"


def test_a_ping_is_not_an_event() -> None:
    assert parse(PING.decode()) == ([], None)


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\r\ndata: forged"])
def test_a_line_break_in_event_or_id_is_refused_when_the_event_is_made(
    field: str, value: str
) -> None:
    with pytest.raises(ValueError, match="would forge a field"):
        msgspec.convert({field: value}, ServerSentEvent[str])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"id": 1}, "the id of a server-sent event is 1: expected a str, as in `id=str(…)`"),
        ({"id": b"1"}, "the id of a server-sent event is b'1': expected a str"),
        ({"event": 1}, "the event of a server-sent event is 1: expected a str, as in `event=str(…)`"),
        ({"retry": "3"}, "the retry of a server-sent event is '3': expected an int, in milliseconds"),
        ({"retry": 1.5}, "the retry of a server-sent event is 1.5: expected an int, in milliseconds"),
    ],
)  # fmt: skip
def test_a_field_of_another_type_is_refused_when_the_event_is_made(fields: Any, text: str) -> None:
    with pytest.raises(TypeError, match=re.escape(text)):
        ServerSentEvent(**fields)


def test_nul_in_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        ServerSentEvent(id="a\0b")


def test_a_negative_retry_is_refused() -> None:
    with pytest.raises(ValueError, match="milliseconds"):
        ServerSentEvent(retry=-1)


@given(st.lists(st.text()))
def test_an_ndjson_line_is_always_one_item(items: list[str]) -> None:
    encode = ndjson_encoder((Order,), "Order")
    wire = b"".join(encode(Order(item)) for item in items)
    decoded = [msgspec.json.decode(line, type=Order) for line in wire.split(b"\n")[:-1]]
    assert decoded == [Order(item) for item in items]


@pytest.mark.parametrize("chunk", [b"a", bytearray(b"a"), memoryview(b"a")])
def test_raw_bytes_are_sent_as_they_are(chunk: object) -> None:
    assert encode_raw(chunk) == b"a"


def test_a_str_is_not_a_raw_chunk() -> None:
    with pytest.raises(TypeError, match="expected bytes, and the stream gave str"):
        encode_raw("a")


@pytest.mark.parametrize("item", [3, ServerSentEvent(data=3)])
def test_data_of_another_type_is_not_encoded_and_both_types_are_named(item: object) -> None:
    with pytest.raises(TypeError, match="expected Order, and the stream gave int"):
        sse(item)
