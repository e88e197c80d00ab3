"""Gives the addresses of the site's own scripts and styles the hashes of their contents. This is a hook of MkDocs.

A browser may keep a file for as long as its host allows. Under an address of its own, a page has the script that it was
built with; under the address of an earlier edition, the host answers with what it has now.
"""

import hashlib
from pathlib import Path
from typing import cast

from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> None:
    """Add them."""
    docs = Path(config.docs_dir)
    styles = cast("list[str]", config.extra_css)  # pyright: ignore[reportUnknownMemberType] - it has no type
    config.extra_css = [_versioned(docs, path) for path in styles]
    for number, script in enumerate(config.extra_javascript):
        if isinstance(script, str):
            config.extra_javascript[number] = _versioned(docs, script)
        else:
            script.path = _versioned(docs, script.path)


def _versioned(docs: Path, path: str) -> str:
    file = docs / path
    if not file.is_file():
        return path
    return f"{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
