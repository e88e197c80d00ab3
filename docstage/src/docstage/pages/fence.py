"""The `live` fence: from a snippet's name in Markdown to HTML that reads well without JavaScript.

    ```live
    streaming.ndjson
    ```

The body's first line names a snippet, or with `streaming.ndjson:section` a part of one to show. A
line `request: NAME` after it says which of the snippet's requests comes first. What is made of it is
the highlighted code, the requests, and the recording of each, in the same rows that a run in the page
appends; `browser/src/block.ts` upgrades it.

It is a custom fence of `pymdownx.superfences`, and so leans on Python-Markdown alone: MkDocs and what
may follow it read it alike. A name that there is not fails the build.
"""

import hashlib
import textwrap
from collections.abc import Iterable
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Final, Protocol, cast

import msgspec
from msgspec import Struct
from pymdownx.superfences import (  # pyright: ignore[reportMissingTypeStubs] - it has none
    SuperFencesException,
)

from docstage.pages.rows import Row, rows
from docstage.run.events import Request
from docstage.snippet.catalogue import Catalogue, Exchange, Snippet, UnknownSnippetError, lines_of
from docstage.snippet.project import Project

if TYPE_CHECKING:
    from markdown import Markdown

NO_RECORDING: Final = "There is no recorded output for this request yet."


class LiveFence:
    """The fence over one catalogue: `validate` and `format` are what superfences asks for.

    Both raise `SuperFencesException`, the one exception that superfences lets through: for options in
    the fence's header, which has none, and for a snippet, section, request or option that there is not.
    """

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self._given = catalogue

    @cached_property
    def _catalogue(self) -> Catalogue:
        # Not before a page needs it: the fence may be imported anywhere.
        return self._given or Project.find().catalogue()

    def validate(
        self,
        _language: str,
        inputs: dict[str, str],
        _options: dict[str, object],
        _attrs: dict[str, str],
        _md: "Markdown",
    ) -> bool:
        """Whether the fence is ours: always."""
        if inputs:
            given = ", ".join(inputs)
            raise SuperFencesException(
                f"a live fence takes its options as lines of its body, not in its header: {given}"
            )
        return True

    def format(
        self,
        source: str,
        _language: str,
        _class_name: str,
        _options: dict[str, object],
        md: "Markdown",
        **_: object,
    ) -> str:
        """The block's HTML."""
        try:
            order = _read(source)
            snippet = self._catalogue.get(order.snippet)
            shown = snippet.section(order.section) if order.section else snippet.source
            first = _first_request(snippet, order.request)
        except (UnknownSnippetError, ValueError) as error:
            raise SuperFencesException(f"live fence {source.strip()!r}: {error}") from error
        return _block(snippet, shown.strip("\n"), first, md)


_fence = LiveFence()
validate = _fence.validate
format = _fence.format  # noqa: A001 - superfences' own word, read as `docstage.pages.fence.format`


class _Order(Struct, frozen=True):
    """What the fence's body asks for."""

    snippet: str
    section: str
    request: str


class _Page(Struct, frozen=True):
    """What the script needs to know; `Snippet` in `browser/src/run/snippet.ts`.

    `edition` is another one whenever the source or the requests are: what a reader made of one is not
    mixed up with another.
    `markers` are the lines of the file that `source` leaves out; `first` is the line of `source` at
    which the shown part begins, 0 where that is in several pieces. Both are there to place errors.
    """

    snippet: str
    module: str
    edition: str
    source: str
    markers: tuple[int, ...]
    first: int
    request: str | None
    exchanges: tuple[Exchange, ...]
    app: tuple[str, ...]


def _read(body: str) -> _Order:
    head, *rest = [line.strip() for line in body.splitlines() if line.strip()] or [""]
    pairs = (line.partition(":") for line in rest)
    options = {key.strip(): value.strip() for key, _, value in pairs}
    if unknown := sorted(options.keys() - {"request"}):
        raise ValueError(f"unknown option {unknown[0]!r}; the only option is: request")
    snippet, _, section = head.partition(":")
    return _Order(snippet, section, options.get("request", ""))


def _first_request(snippet: Snippet, wanted: str) -> str | None:
    names = [exchange.name for exchange in snippet.exchanges]
    if wanted and wanted not in names:
        there_are = ", ".join(names) or "none"
        raise ValueError(f"{snippet.name} has no request {wanted!r}; it has: {there_are}")
    return wanted or next(iter(names), None)


def _block(snippet: Snippet, shown: str, first: str | None, md: "Markdown") -> str:
    page = _Page(
        snippet.name,
        snippet.module,
        _edition(snippet),
        snippet.source,
        _markers(snippet),
        _first_line(snippet.source, shown),
        first,
        snippet.exchanges,
        snippet.app,
    )
    path = f"{snippet.module.replace('.', '/')}.py"
    whole = ""
    if shown != snippet.source.strip("\n"):
        whole = (
            '<details class="live-module">'
            f"<summary>The whole module</summary>{highlight(snippet.source, md)}</details>"
        )
    exchanges = "".join(
        _exchange(exchange, is_open=exchange.name == first) for exchange in snippet.exchanges
    )
    return (
        f'<div class="live no-copy no-select" data-snippet="{escape(snippet.name)}"'
        f" data-live='{_attribute(page)}'>"
        f'<div class="live-head"><code class="live-path">{path.replace("/", "/<wbr>")}</code></div>'
        f'<div class="live-code">{highlight(shown, md)}</div>{whole}'
        # No div: with the first div in it that ends, the search's index would take up what follows.
        f'<section class="live-exchanges" data-search-exclude>{exchanges}</section>'
        "</div>"
    )


def _attribute(page: _Page) -> str:
    """The page's data, escaped for a single-quoted attribute.

    Not a `<script type="application/json">`: the instant navigation of mkdocs-material re-creates every
    script without its type, and would run this one as JavaScript.
    """
    text = msgspec.json.encode(page).decode()
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")


def _edition(snippet: Snippet) -> str:
    asked = [(exchange.name, exchange.request) for exchange in snippet.exchanges]
    return hashlib.sha256(msgspec.json.encode((snippet.source, asked))).hexdigest()[:8]


def _markers(snippet: Snippet) -> tuple[int, ...]:
    shown = iter(lines_of(snippet.source))
    left_out: list[int] = []
    expected = next(shown, None)
    for number, line in enumerate(lines_of(snippet.path.read_text("utf-8")), 1):
        if line == expected:
            expected = next(shown, None)
        else:
            left_out.append(number)
    return tuple(left_out)


def _first_line(source: str, shown: str) -> int:
    lines = lines_of(source)
    size = len(lines_of(shown))
    places = (
        index + 1
        for index in range(len(lines) - size + 1)
        if textwrap.dedent("".join(lines[index : index + size])).removesuffix("\n") == shown
    )
    return next(places, 0)


def _exchange(exchange: Exchange, *, is_open: bool) -> str:
    request = exchange.request
    line = f"{request.method} {request.target}"
    name = "" if exchange.name == line else f"{escape(exchange.name)} "
    leaves = ""
    if exchange.disconnect_after is not None:
        leaves = f" The client disconnects after {exchange.disconnect_after:g} s."
    recorded = "".join(map(row_html, rows(exchange.recorded)))
    return (
        f'<details class="live-exchange" data-request="{escape(exchange.name)}"{" open" * is_open}>'
        f"<summary>{name}<code>{escape(line)}</code></summary>"
        f'<div class="live-request"><pre>{escape(_request_text(request))}</pre></div>'
        f'<p class="live-caption">{f"Recorded output.{leaves}" if recorded else NO_RECORDING}</p>'
        f'<div class="live-rows">{recorded}</div></details>'
    )


def _request_text(request: Request) -> str:
    """The request as a `.http` file has it."""
    head = [f"{request.method} {request.target}"]
    head += [f"{name}: {value}" for name, value in request.headers]
    body = request.body.decode("utf-8", "replace")
    return "\n".join(head) + (f"\n\n{body}" if body else "")


def row_html(row: Row) -> str:
    """One row; `rowElement` in `browser/src/output/row-elements.ts` makes the same elements."""
    fields = "".join(
        f'<span class="live-field" data-field="{escape(name)}">'
        f'<span class="live-name">{escape(name)}</span> '
        f'<span class="live-value">{escape(value)}</span></span> '
        for name, value in row.fields
    )
    text = f'<span class="live-text">{escape(row.text)}</span>' if row.text else ""
    more = ""
    if row.more:
        more = (
            f'<details class="live-more"><summary>{_more_label(row)}</summary>'
            f"<pre>{escape(row.more)}</pre></details>"
        )
    return (
        f'<div class="live-row" data-kind="{row.kind}"><span class="live-at">{row.at:.3f} s</span> '
        f'<span class="live-kind">{row.kind}</span> '
        f'<div class="live-what">{fields}{text}{more}</div></div>'
    )


def _more_label(row: Row) -> str:
    if row.kind != "status":
        return "Traceback"
    headers = row.more.count("\n") + 1
    return f"{headers} header{'s' * (headers != 1)}"


class _SuperFences(Protocol):
    """The part of superfences' preprocessor that its built-in formatter is."""

    def highlight(  # noqa: PLR0913 - as it is
        self,
        src: str,
        language: str,
        options: dict[str, object],
        md: "Markdown",
        *,
        classes: Iterable[str],
        id_value: str,
        attrs: dict[str, str],
    ) -> str: ...


def highlight(source: str, md: "Markdown") -> str:
    """What a `python` fence of this text would be, by whatever highlighter the site has set up."""
    fences = cast("_SuperFences", md.preprocessors["fenced_code_block"])
    return fences.highlight(
        source, "python", {}, md, classes=["live-source"], id_value="", attrs={}
    )
