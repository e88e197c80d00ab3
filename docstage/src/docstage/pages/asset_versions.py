"""Gives the addresses of the site's own scripts and styles the hashes of their contents.

A browser may keep a file for as long as its host allows. With its own address, a page gets the script that it was
built with; with the address of an earlier edition, it gets the host's current script.
"""

import functools
import hashlib
import os.path
import re
from pathlib import Path
from typing import Final

_ADDRESS: Final = re.compile(
    r'(<(?:script|link)\b[^>]*?\b(?:src|href)=)(?P<quote>["\']?)(?P<address>[^\s"\'>?#]+\.(?:css|js))(?P=quote)(?=[\s>])'
)


def version_assets(site: Path, docs: Path, base: str) -> None:
    """Add hashes to the addresses of scripts and styles that come from `docs`, in all pages of `site`.

    `base` is the path of the site's URL, with which absolute addresses start.
    """

    @functools.cache
    def version(file: Path) -> str:
        if not file.is_file() or not (docs / file.relative_to(site)).is_file():
            return ""
        return f"?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"

    for page in site.rglob("*.html"):

        def versioned(found: re.Match[str], page: Path = page) -> str:
            address, quote = found["address"], found["quote"]
            is_absolute = address.startswith(base)
            at = site / address.removeprefix(base) if is_absolute else page.parent / address
            file = Path(os.path.normpath(at))
            added = version(file) if file.is_relative_to(site) else ""
            return f"{found[1]}{quote}{address}{added}{quote}"

        text = page.read_text("utf-8")
        page.write_text(_ADDRESS.sub(versioned, text), "utf-8")
