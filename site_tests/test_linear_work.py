"""Files that an author or another tool has written cost their readers no more than their size."""

from contextlib import suppress

import pytest
from docstage.pages.rows import rows
from docstage.run.events import Chunk, Start
from docstage.server.console import plain
from docstage.snippet.http_file import HTTPFileError, parse
from docstage.snippet.transcript import TranscriptError, load

from tests.support.growth import HOSTILE, assert_linear

HTTP = (
    *(b"### a\n", b"###\n", b"GET /\n", b"a: b\n", b"@a={{a}}\n", b"@a=b\n", b"{{a}}", b"{{"),
    *(b"?a=b\n", b"    &a=b\n", b"> {%\n", b"%}\n", b"< ./a\n", b"# @name a\n", b"//\n", b"--a\n"),
)
TRANSCRIPT = (
    *(b"### a\n", b"0.000 start 200\n", b"0.000 chunk\n", b"    | a\n", b"   > \\x00\n", b"    "),
    *(b"0.000 log\n", b"0.000 end\n", b"\\x", b"\\\\"),
)
TERMINAL = (b"\x1b[", b"\x1b]", b"\x1b", b"\x1b[0;", b"\x9b", b"\x1b]8;;a\x1b\\", b"\x1b ", b"\r")


@pytest.mark.parametrize("piece", [*HOSTILE, *HTTP])
def test_a_file_of_requests_costs_its_size(piece: bytes) -> None:
    def work(text: bytes) -> None:
        for begun in ("", "@a=b\n\n### one\nPOST /\n", "### one\nPOST /\nContent-Type: a/b\n\n"):
            with suppress(HTTPFileError):
                parse(begun + text.decode("latin-1"))

    assert_linear(work, piece)


@pytest.mark.parametrize("piece", [*HOSTILE, *TRANSCRIPT])
def test_a_transcript_costs_its_size(piece: bytes) -> None:
    def work(text: bytes) -> None:
        for begun in ("", "### one\n\n", "### one\n\n0.000 chunk\n    | "):
            with suppress(TranscriptError):
                load(begun + text.decode("latin-1"))

    assert_linear(work, piece)


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/event-stream", "text/plain"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_response_costs_its_size_however_it_is_cut(piece: bytes, media_type: str) -> None:
    start = Start(0.0, 200, (("content-type", media_type),))

    def work(text: bytes) -> None:
        for size in (9, 1 << 14):
            cut = (text[at : at + size] for at in range(0, len(text), size))
            for _ in rows([start, *(Chunk(0.0, part) for part in cut)]):
                pass

    assert_linear(work, piece)


@pytest.mark.parametrize("piece", [*HOSTILE, *TERMINAL])
def test_what_a_program_printed_costs_its_size(piece: bytes) -> None:
    assert_linear(plain, piece)
