import string

import pytest
from docstage.run.events import Chunk, Crash, Disconnect, End, Limit, Log, RunEvent, Start
from docstage.snippet.transcript import TranscriptError, comparable, dump, joined, load
from hypothesis import given
from hypothesis import strategies as st

at = st.floats(0, 1e6)
texts = st.text(st.characters(exclude_categories=["Cs"]))
one_line = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))
lines = st.none() | st.integers(1, 10_000)
names = st.text(string.ascii_letters, min_size=1)
token = st.text(string.ascii_letters + "-_.", min_size=1)
words = st.sampled_from(["INFO", "trace", "Level 35", "my app", "a line 3", ""]) | texts
latin_1 = st.text(st.characters(max_codepoint=0xFF))
events: st.SearchStrategy[RunEvent] = st.one_of(
    st.builds(Log, at, st.sampled_from(["stdout", "stderr"]), one_line),
    st.builds(
        Log,
        at,
        st.just("logging"),
        texts,
        level=words,
        logger=words,
        traceback=texts,
        line=lines,
    ),
    st.builds(Start, at, st.integers(100, 599), st.lists(st.tuples(token, latin_1)).map(tuple)),
    st.builds(Chunk, at, st.binary(min_size=1)),
    st.builds(Disconnect, at),
    st.builds(
        Limit, at, st.sampled_from(["seconds", "events", "bytes"]), st.floats(0) | st.just(1048576)
    ),
    st.builds(
        Crash,
        at,
        st.sampled_from(["import", "startup", "request", "teardown", "process"]),
        texts,
        texts,
        lines,
    ),
    st.builds(End, at, st.booleans()),
)


@given(st.dictionaries(names, st.lists(events)))
def test_what_was_written_down_is_read_as_the_same_events(runs: dict[str, list[RunEvent]]) -> None:
    expected = {name: tuple(map(comparable, run)) for name, run in runs.items()}
    assert load(dump(runs)) == expected


@given(events)
def test_a_transcript_holds_no_character_that_an_editor_would_hide_or_break(
    event: RunEvent,
) -> None:
    text = dump({"run": [event]})
    visible = text.replace("\n", "").replace(" ", "")
    assert not any(char < " " or char.isspace() for char in visible)
    assert not any(line.endswith(" ") for line in text.split("\n"))


def test_a_chunk_reads_as_its_lines() -> None:
    event = Chunk(0.3, b"event: sold\ndata: \xff\x00\\ \r\n\n")
    assert dump({"All": [event, End(0.3, complete=True)]}) == (
        "### All\n"
        "\n"
        r"0.300  chunk      event: sold\n" + "\n"
        r"                | data: \xff\x00\\ \r\n" + "\n"
        r"                | \n" + "\n"
        "0.300  end        complete\n"
    )


def test_joined_joins_what_a_network_may_split() -> None:
    split: list[RunEvent] = [Chunk(1, b"a"), Chunk(1, b"b"), Chunk(2, b"c"), End(3, complete=True)]
    assert joined(split) == [Chunk(1, b"ab"), Chunk(2, b"c"), End(3, complete=True)]


@pytest.mark.parametrize(
    "text",
    [
        "0.000  end        complete",
        "### A\nend",
        "### A\n0.000  what       x",
        "### A\n0.000  end        so",
    ],
)
def test_what_is_no_transcript_is_refused(text: str) -> None:
    with pytest.raises(TranscriptError):
        load(text)
