"""Links names of Python, msgspec and httpx to their documentation, in pages, docstrings and signatures.

Inventories, the usual means, are downloaded at each build, and a build here needs no network. This is an extension of
Python-Markdown, so it works with any site generator that runs mkdocstrings: pages write `[msgspec.Struct][]`, and
signatures are linked without further ado. Names of the site's own are left to `autorefs`.
"""

import functools
import importlib
import re
from html import escape
from typing import Final, override

from markdown import Extension, Markdown
from markdown.postprocessors import Postprocessor

PYTHON: Final = "https://docs.python.org/3/library"

MODULES: Final = ("asyncio", "collections.abc", "contextlib", "typing")
"""Modules of Python's of which every public name is documented on the module's page."""

PAGES: Final = {
    f"{PYTHON}/functions.html": ("bool", "float", "int", "object", "type"),
    f"{PYTHON}/stdtypes.html": ("bytes", "dict", "list", "str", "types.UnionType"),
    f"{PYTHON}/exceptions.html": ("BaseException", "Exception", "OSError", "ValueError"),
    "https://msgspec.dev/api": ("msgspec.Meta", "msgspec.Struct", "msgspec.UNSET", "msgspec.field"),
}
"""Pages on which the anchor of a name is the name."""

HTTPX: Final = {
    "AsyncClient": "api/#asyncclient",
    "AsyncBaseTransport": "advanced/transports/#writing-custom-transports",
    "BaseTransport": "advanced/transports/#writing-custom-transports",
    "Client": "api/#client",
    "Request": "api/#request",
    "Response": "api/#response",
}

_REFERENCE: Final = re.compile(
    r'<autoref\b[^>]*?\bidentifier="(?P<name>[^"]+)"[^>]*>(?P<shown>.*?)</autoref>', re.DOTALL
)
"""What `autorefs` leaves in a page for a name, to be resolved when all pages are known."""


@functools.cache
def addresses() -> dict[str, str]:
    """The names, each with the URL at which it is documented."""
    found = {f"httpx.{name}": f"https://www.python-httpx.org/{at}" for name, at in HTTPX.items()}
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            found[f"{module}.{name}"] = f"{PYTHON}/{module}.html#{module}.{name}"
    return found | {name: f"{page}#{name}" for page, names in PAGES.items() for name in names}


class CrossReferences(Extension):
    """The extension."""

    @override
    def extendMarkdown(self, md: Markdown) -> None:
        # After `raw_html`, which has 30 and puts in what mkdocstrings has rendered.
        md.postprocessors.register(_Links(md), "cross_references", 5)


def makeExtension() -> CrossReferences:  # noqa: N802 - the name that Python-Markdown looks for
    """The extension, as `overrides.cross_references` among a site's `markdown_extensions`."""
    return CrossReferences()


class _Links(Postprocessor):
    @override
    def run(self, text: str) -> str:
        return _REFERENCE.sub(_link, text)


def _link(reference: re.Match[str]) -> str:
    url = addresses().get(reference["name"])
    if url is None:
        return reference[0]
    title = escape(reference["name"])
    return f'<a class="autorefs autorefs-external" href="{url}" title="{title}">{reference["shown"]}</a>'
