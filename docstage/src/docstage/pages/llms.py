"""Copies of the pages for language models: each page's Markdown beside it, and `llms.txt`, which lists them.

Both are made from the built pages, by whichever site generator. The navigation and each page's front matter list the
pages and describe them. A live block, which cannot run in a copy, becomes its module, its requests, and their recorded
output.
"""

import re
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import mdformat
from bs4 import BeautifulSoup, Tag
from markdownify import ATX, MarkdownConverter

from docstage.pages.configuration import Configuration
from docstage.pages.fence import NO_RECORDING
from docstage.snippet.catalogue import Exchange, Snippet
from docstage.snippet.project import Project
from docstage.snippet.transcript import write

LIST: Final = "llms.txt"

UNWANTED: Final = ", ".join(
    (
        *("img", "svg", "script", "style", "form", "a.headerlink", "a.md-content__button"),
        *(".md-source-file", ".tabbed-labels", ".doc-labels"),
    )
)
"""What a page's text can do without: pictures, permanent links, the link to edit the page, labels."""

_POPOVERS: Final = re.compile(rb'<section class="?proofs\b.*?</section>', re.DOTALL)


def write_copies(site: Path, configuration: Configuration) -> None:
    """Write the copy of each page in the navigation, and the list of them."""
    sections: dict[str, list[str]] = {}
    for page in configuration.pages():
        built = site / _address(page.path)
        copy = built.with_suffix(".md")
        url = urljoin(configuration.site_url, copy.relative_to(site).as_posix())
        copy.write_text(_as_markdown(built.read_bytes(), url), "utf-8")
        about = f": {page.description}" if page.description else ""
        sections.setdefault(page.section, []).append(f"- [{page.title}]({url}){about}\n")
    about = configuration.site_description
    parts = [f"# {configuration.site_name}\n", f"> {about}\n" if about else ""]
    parts += (f"## {name}\n\n{''.join(pages)}" for name, pages in sections.items())
    (site / LIST).write_text("\n".join(filter(None, parts)), "utf-8")


def _address(page: str) -> str:
    path = page.removesuffix(".md")
    return f"{path}.html" if Path(path).name == "index" else f"{path}/index.html"


def _as_markdown(page: bytes, url: str) -> str:
    # Popovers, most of some pages, are cut out before the rest is parsed.
    soup = BeautifulSoup(_POPOVERS.sub(b"", page), "html.parser")
    content = soup.select_one("article") or soup.select_one("main") or soup
    for unwanted in content.select(UNWANTED):
        unwanted.decompose()
    for link in content.select("a[href]"):
        link["href"] = _absolute(url, str(link["href"]))
    prepare(content)
    text = _converter.convert_soup(content)
    return mdformat.text(  # pyright: ignore[reportUnknownMemberType] - an option has no type
        text, options={"wrap": "no"}, extensions=("tables",)
    )


def _absolute(url: str, address: str) -> str:
    """The address of a page's copy, if it leads to a page of the site; anchors stay as they are."""
    if address.startswith("#") or urlsplit(address).scheme:
        return address
    target = urlsplit(urljoin(url, address))
    if target.path.endswith("/"):
        target = target._replace(path=target.path + "index.md")
    return target.geturl()


def _language(code: Tag) -> str:
    around = [code, code.parent] if code.parent else [code]
    names = [str(name) for tag in around for name in tag.get("class") or ()]
    return next((name[9:] for name in names if name.startswith("language-")), "")


_converter: Final = MarkdownConverter(
    bullets="-", code_language_callback=_language, escape_underscores=False, heading_style=ATX
)


def prepare(soup: Tag) -> None:
    """Write live blocks and proof marks as text, and keep bars within their cells."""
    for mark in soup.select("button.proof"):
        names = ", ".join(f"<code>{name}</code>" for name in str(mark["data-tests"]).split())
        mark.replace_with(BeautifulSoup(f" ({names})", "html.parser"))
    for text in [text for cell in soup.find_all("td") for text in cell.find_all(string=True)]:
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
    after = exchange.disconnect_after
    left = "" if after is None else f"; the client disconnects after {after:g} s"
    return f"Recorded output, each line with the seconds since the request{left}:"


def _code(language: str, text: str) -> str:
    code = escape(text.strip("\n"))
    return f'<pre class="language-{language}"><code>{code}\n</code></pre>'
