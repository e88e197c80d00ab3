import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jero.testing.event_stream import EventStreamParser, ReceivedEvent
from tests.support.chunks import chunked
from tests.unit.streaming.test_wire import parse


def events_of(*chunks: bytes) -> list[ReceivedEvent]:
    parser = EventStreamParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def without_unfinished_line(stream: str) -> str:
    """The lines of a stream that have their end, as lines with line ends between them."""
    return re.sub(r"(\r\n|\r|\n)[^\r\n]*\Z|^[^\r\n]*\Z", "", stream)


# Mostly what means something to a parser, and everything else.
fields = st.sampled_from(
    [
        "data",
        "data:",
        "data: ",
        "event: ",
        "id: ",
        "id",
        "retry: ",
        "retry: 10",
        ":",
        ": ping",
        "x: y",
        "\ufeffdata: ",
    ]
)
ends = st.sampled_from(["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"])
texts = st.text(
    st.sampled_from("\ufeff\0 :7\u2028\x85é") | st.characters(codec="utf-8"), max_size=4
)
streams = st.lists(st.tuples(fields, texts, ends).map("".join), max_size=10).map("".join)


@given(st.data(), streams | streams.map("\ufeff".__add__))
def test_events_match_the_steps_of_the_specification_in_any_chunks(
    data: st.DataObject, stream: str
) -> None:
    expected, _ = parse(without_unfinished_line(stream))
    events = events_of(*data.draw(chunked(stream.encode())))
    assert [(event.data, event.event, event.id) for event in events] == [
        (event.data, event.event, event.id) for event in expected
    ]
    finished = stream + "\n\ndata\n\n"
    _, retry = parse(finished)
    assert events_of(finished.encode())[-1].retry == retry


@given(st.data(), st.binary(max_size=60))
@example(data=None, wire=b"data: \xe2\x82\n\n")
def test_invalid_utf_8_is_replaced_the_same_way_in_any_chunks(
    data: st.DataObject | None, wire: bytes
) -> None:
    chunks = [wire] if data is None else data.draw(chunked(wire))
    expected, _ = parse(without_unfinished_line(wire.decode("utf-8", "replace")))
    assert [event.data for event in events_of(*chunks)] == [event.data for event in expected]


def test_an_event_is_there_with_the_first_byte_of_the_line_end_that_ends_it() -> None:
    parser = EventStreamParser()
    assert list(parser.feed(b"data: a\r\n")) == []
    assert [event.data for event in parser.feed(b"\r")] == ["a"]
    assert list(parser.feed(b"\n")) == []
    assert [event.data for event in parser.feed(b"data: b\n\n")] == ["b"]


def test_a_comment_is_not_an_event_even_after_an_id() -> None:
    events = events_of(b"id: 1\ndata: a\n\n: ping\n\n: ping\n\ndata: b\n\n")
    assert [(event.data, event.id) for event in events] == [("a", "1"), ("b", "1")]


def test_an_event_without_data_is_not_dispatched_but_sets_id_and_retry() -> None:
    events = events_of(b"event: x\nid: 7\nretry: 100\n\ndata: a\n\n")
    assert events == [ReceivedEvent(data="a", event="message", id="7", retry=100)]


def test_an_unfinished_event_is_dropped() -> None:
    assert events_of(b"data: a\n\ndata: b\n") == events_of(b"data: a\n\n")


@pytest.mark.parametrize("retry", ["-1", "+1", " 1", "1_0", "1.5", "٣", "", "9" * 5000])
def test_a_retry_that_is_not_a_number_of_milliseconds_is_ignored(retry: str) -> None:
    (event,) = events_of(f"retry: {retry}\ndata: a\n\n".encode())
    assert event.retry is None
