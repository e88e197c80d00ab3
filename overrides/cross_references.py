"""Where names of Python, msgspec and httpx are documented, so that the reference and the pages can link to them.

The usual means, inventories, are fetched at each build, and a build here needs no network. So this hook of MkDocs
registers the names with `autorefs` itself: a page writes `[msgspec.Struct][]`, and a signature links by itself.
"""

import importlib
from typing import Final, cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs_autorefs import AutorefsPlugin

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


def addresses() -> dict[str, str]:
    """The names, each with the URL at which it is documented."""
    found = {f"httpx.{name}": f"https://www.python-httpx.org/{at}" for name, at in HTTPX.items()}
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            found[f"{module}.{name}"] = f"{PYTHON}/{module}.html#{module}.{name}"
    return found | {name: f"{page}#{name}" for page, names in PAGES.items() for name in names}


def on_env(_env: object, /, config: MkDocsConfig, **_: object) -> None:
    """Register the names, before the plugin looks what each of a page's references is."""
    plugin = cast("object", config.plugins["autorefs"])
    assert isinstance(plugin, AutorefsPlugin), "mkdocstrings brings it"
    for name, url in addresses().items():
        plugin.register_url(name, url)
