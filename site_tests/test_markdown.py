"""The `live` fence, in plain Python-Markdown, over a catalogue of its own."""

import json
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from docstage.pages.fence import LiveFence
from docstage.run.events import Chunk, Crash, Disconnect, End, Log, RunEvent, Start
from docstage.snippet import transcript
from docstage.snippet.catalogue import Catalogue, Package
from markdown import Markdown
from pymdownx.superfences import (  # pyright: ignore[reportMissingTypeStubs] - it has none
    SuperFencesException,
)

SOURCE = '''\
"""Compares <b>, & and 'quotes'."""

LIMIT = "</script>"


# --8<-- [start:stream]
async def app(scope, receive, send):
    if 1 < 2:
        print("a & b")


# --8<-- [end:stream]
DONE = True
'''
WITHOUT_MARKERS = re.sub(r"(?m)^# --8<--.*\n", "", SOURCE)
REQUESTS = """\
### All rows

POST http://127.0.0.1:8000/rows?a=1&b=2
Content-Type: text/plain

<body>

### Leave early
# @disconnect-after 1.5

GET http://127.0.0.1:8000/endless
"""
RECORDED: Mapping[str, tuple[RunEvent, ...]] = {
    "All rows": (
        Start(0.001, 200, (("content-type", "text/event-stream"), ("x-extra", "1 < 2"))),
        Log(0.25, "stdout", "cursor <opened>"),
        Chunk(0.5, b"event: row\nid: 7\nretry: 2000\ndata: one\ndata: two\n\n: ping\n\n"),
        Crash(0.75, "request", "ValueError: & so on", traceback="Traceback\n  <module>\n", line=7),
        End(1.0, complete=False),
    ),
}
# Python ends no line at these, and `str.splitlines` does.
SEPARATED = SOURCE.replace(
    "# --8<-- [start", "LIMITS = '\u2028\x85'  # \x0b\x1c\n\f\n# --8<-- [start"
)
SNIPPETS = {
    "pages.separated": (SEPARATED, REQUESTS, None),
    "pages.rows": (SOURCE, REQUESTS, RECORDED),
    "pages.bare": ("app = 1\n", REQUESTS, None),
}


@pytest.fixture
def render(tmp_path: Path) -> Callable[[str], "Page"]:
    for name, (source, requests, recorded) in SNIPPETS.items():
        path = tmp_path.joinpath("snippets", *name.split("."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".py").write_text(source)
        path.with_suffix(".http").write_text(requests)
        if recorded is not None:
            path.with_suffix(".transcript").write_text(transcript.dump(recorded))
    fence = LiveFence(Catalogue(Package(tmp_path)))
    custom = {
        "name": "live",
        "class": "live",
        "validator": fence.validate,
        "format": fence.format,
    }
    markdown = Markdown(
        extensions=["admonition", "pymdownx.superfences", "pymdownx.tabbed"],
        extension_configs={
            "pymdownx.superfences": {"custom_fences": [custom]},
            "pymdownx.tabbed": {"alternate_style": True},
        },
    )
    return lambda text: Page(markdown.reset().convert(text))


class Page(HTMLParser):
    """Rendered HTML, and the text of the elements of a class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, set[str]]] = []
        self._texts: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"wbr", "input"}:
            return
        classes = {*(dict(attrs).get("class") or "").split(), tag}
        self._open.append((tag, classes))
        for name in classes:
            self._texts.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for name in set[str]().union(*(classes for _, classes in self._open)):
            self._texts[name][-1] += data

    def texts(self, name: str) -> list[str]:
        return self._texts.get(name, [])

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The kind and the content of each row."""
        kinds = [attrs["data-kind"] or "" for _, attrs in self.tags if "data-kind" in attrs]
        return list(zip(kinds, self.texts("live-what"), strict=True))

    @property
    def data(self) -> dict[str, Any]:
        """What the script is told."""
        (text,) = [attrs["data-live"] for _, attrs in self.tags if "data-live" in attrs]
        return json.loads(text or "")


type Render = Callable[[str], Page]


def fence(*lines: str) -> str:
    return "\n".join(["```live", *lines, "```"])


# Code.


def test_the_code_is_exactly_the_modules_text_without_section_markers(render: Render) -> None:
    assert render(fence("pages.rows")).texts("live-code") == [WITHOUT_MARKERS]


def test_the_code_is_highlighted(render: Render) -> None:
    assert '<span class="k">' in render(fence("pages.rows")).html


def test_a_section_shows_its_lines_and_no_others(render: Render) -> None:
    section = SOURCE.partition("[start:stream]\n")[2].partition("\n\n\n# --8<--")[0]

    assert render(fence("pages.rows:stream")).texts("live-code") == [section + "\n"]


def test_a_section_brings_the_whole_module_in_a_disclosure(render: Render) -> None:
    page = render(fence("pages.rows:stream"))

    assert page.texts("live-module") == ["The whole module" + WITHOUT_MARKERS]


def test_a_whole_module_is_shown_once(render: Render) -> None:
    assert render(fence("pages.rows")).texts("live-module") == []


# Requests and recordings.


def test_each_request_shows_its_method_target_headers_and_body(render: Render) -> None:
    first, second = render(fence("pages.rows")).texts("live-request")

    assert first == "POST /rows?a=1&b=2\nContent-Type: text/plain\n\n<body>"
    assert second == "GET /endless"


def test_the_first_request_is_open_and_the_others_are_not(render: Render) -> None:
    assert _open_requests(render(fence("pages.rows"))) == ["All rows"]


def test_the_fence_can_ask_for_another_request(render: Render) -> None:
    page = render(fence("pages.rows", "request: Leave early"))

    assert _open_requests(page) == ["Leave early"]


def test_a_recording_says_that_it_is_one(render: Render) -> None:
    assert "Recorded output." in render(fence("pages.rows")).texts("live-caption")


def test_a_recording_that_there_is_not_is_said_to_be_missing(render: Render) -> None:
    captions = render(fence("pages.bare")).texts("live-caption")

    assert captions == ["There is no recorded output for this request yet."] * 2


def test_a_recording_says_when_the_reader_leaves(render: Render, tmp_path: Path) -> None:
    recorded = {"Leave early": (Disconnect(1.5), End(1.6, complete=False))}
    path = tmp_path / "snippets/pages/bare.transcript"
    path.write_text(transcript.dump(recorded))

    captions = render(fence("pages.bare")).texts("live-caption")

    assert captions[1] == "Recorded output. The client disconnects after 1.5 s."


def test_each_thing_that_happened_is_a_row(render: Render) -> None:
    assert render(fence("pages.rows")).rows == [
        ("status", "200 text/event-stream2 headerscontent-type: text/event-stream\nx-extra: 1 < 2"),
        ("stdout", "cursor <opened>"),
        ("sse", "event row id 7 retry 2000 data one\ntwo "),
        ("comment", "ping"),
        ("crash", "ValueError: & so on"),
        ("end", "response incomplete"),
    ]


def test_each_row_has_its_time(render: Render) -> None:
    assert render(fence("pages.rows")).texts("live-at") == [
        "0.001 s",
        "0.250 s",
        "0.500 s",
        "0.500 s",
        "0.750 s",
        "1.000 s",
    ]


# What the script is told.


def test_the_script_gets_the_source_that_the_reader_sees(render: Render) -> None:
    assert render(fence("pages.rows")).data["source"] == WITHOUT_MARKERS


def test_the_script_gets_every_exchange(render: Render) -> None:
    exchanges = render(fence("pages.rows")).data["exchanges"]

    assert [(e["name"], len(e["recorded"])) for e in exchanges] == [
        ("All rows", 5),
        ("Leave early", 0),
    ]


def test_the_script_learns_which_lines_of_the_file_are_not_shown(render: Render) -> None:
    assert render(fence("pages.rows")).data["markers"] == [6, 12]


def test_the_script_learns_where_a_section_begins(render: Render) -> None:
    assert render(fence("pages.rows:stream")).data["first"] == 6


def test_only_what_python_takes_for_the_end_of_a_line_is_one(render: Render) -> None:
    data = render(fence("pages.separated:stream")).data
    assert (data["markers"], data["first"]) == ([8, 14], 8)
    assert data["source"].split("\n")[data["first"] - 1] == "async def app(scope, receive, send):"
    whole = render(fence("pages.separated")).texts("live-code")[0]
    assert whole.strip("\n") == data["source"].strip("\n")


def test_no_text_of_a_snippet_becomes_markup(render: Render) -> None:
    tags = {tag for tag, _ in render(fence("pages.rows")).tags}

    assert not tags & {"b", "script", "body", "module", "opened"}


# Where fences stand, and what fails the build.


@pytest.mark.parametrize("container", ["!!! note", '=== "Tab"'])
def test_a_fence_works_inside_other_blocks(render: Render, container: str) -> None:
    inside = "\n".join(f"    {line}" for line in fence("pages.rows").split("\n"))

    assert render(f"{container}\n\n{inside}").texts("live-code") == [WITHOUT_MARKERS]


def test_other_fences_are_left_alone(render: Render) -> None:
    assert "live" not in render("```python\nprint(1)\n```").html


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["pages.nowhere"], "pages.bare, pages.rows"),
        (["pages.rows:nowhere"], "stream"),
        (["pages.rows", "request: Nowhere"], "All rows, Leave early"),
        (["pages.rows", "colour: red"], "the only option is: request"),
        ([""], "pages.bare, pages.rows"),
    ],
    ids=["snippet", "section", "request", "option", "nothing"],
)
def test_a_name_that_there_is_not_fails_with_those_that_there_are(
    render: Render, lines: list[str], message: str
) -> None:
    with pytest.raises(SuperFencesException, match=re.escape(message)):
        render(fence(*lines))


def test_an_option_in_the_header_fails_with_where_it_belongs(render: Render) -> None:
    with pytest.raises(SuperFencesException, match="lines of its body"):
        render('```live request="All rows"\npages.rows\n```')


def _open_requests(page: Page) -> list[str | None]:
    return [
        attrs["data-request"]
        for _, attrs in page.tags
        if "data-request" in attrs and "open" in attrs
    ]
