"""Copies of the pages for language models: each page's Markdown beside it, and `llms.txt`, which lists them.

The MkDocs plugin `llmstxt` makes both, from the pages' HTML. What it cannot know is supplied here, as a hook
and as its `preprocess`: which pages there are and what they are about, which stands in the navigation
and in each page's front matter; and what a live block is where nothing runs: its module, its requests, and
what was recorded.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TypeAlias, cast

from bs4 import BeautifulSoup
from mkdocs.config import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.utils import meta

from docstage.pages.fence import NO_RECORDING
from docstage.snippet.catalogue import Exchange, Snippet
from docstage.snippet.project import Project
from docstage.snippet.transcript import write

Navigation: TypeAlias = "list[str | dict[str, str | Navigation]]"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give the plugin every page of the navigation, in the part where it stands, with its description."""
    folder = Path(config.docs_dir)
    sections: dict[str, list[dict[str, str]]] = {}
    navigation = cast("Navigation", config["nav"])
    for section, page in _pages(navigation, "Overview"):
        _, front_matter = meta.get_data((folder / page).read_text("utf-8"))
        described = {page: str(front_matter.get("description", ""))}
        sections.setdefault(section, []).append(described)
    plugin = cast("BasePlugin[Config]", config.plugins["llmstxt"])
    plugin.config["sections"] = sections
    return config


def _pages(navigation: Navigation, section: str) -> Iterator[tuple[str, str]]:
    for entry in navigation:
        for title, inside in [("", entry)] if isinstance(entry, str) else entry.items():
            if isinstance(inside, str):
                yield section, inside
            else:
                yield from _pages(inside, title)


def preprocess(soup: BeautifulSoup, _output: str) -> None:
    """Write live blocks and proof marks as text, and keep bars within their cells."""
    for mark in soup.select("button.proof"):
        names = ", ".join(f"<code>{name}</code>" for name in str(mark["data-tests"]).split())
        mark.replace_with(BeautifulSoup(f" ({names})", "html.parser"))
    for popovers in soup.select(".proofs"):
        popovers.decompose()
    for text in [text for cell in soup.select("td") for text in cell.find_all(string=True)]:
        text.replace_with(text.replace("|", "\\|"))
    catalogue = Project.find().catalogue()
    for block in soup.select(".live[data-snippet]"):
        snippet = catalogue.get(str(block["data-snippet"]))
        requests = [pre.get_text() for pre in block.select(".live-request pre")]
        block.replace_with(BeautifulSoup(_as_text(snippet, requests), "html.parser"))


def _as_text(snippet: Snippet, requests: list[str]) -> str:
    path = f"{snippet.module.replace('.', '/')}.py"
    parts = [f"<p><code>{path}</code>:</p>", _code("python", snippet.source)]
    for exchange, request in zip(snippet.exchanges, requests, strict=True):
        parts += [
            f"<p>Request, “{escape(exchange.name)}”:</p>",
            _code("http", request),
            f"<p>{_caption(exchange)}</p>",
        ]
        if exchange.recorded:
            parts.append(_code("text", "\n".join(map(write, exchange.recorded))))
    return "".join(parts)


def _caption(exchange: Exchange) -> str:
    if not exchange.recorded:
        return NO_RECORDING
    leaves = exchange.disconnect_after
    left = "" if leaves is None else f"; the client leaves after {leaves:g} s"
    return f"Recorded output, each line with the seconds since the request{left}:"


def _code(language: str, text: str) -> str:
    code = escape(text.strip("\n"))
    return f'<pre class="language-{language}"><code>{code}\n</code></pre>'
