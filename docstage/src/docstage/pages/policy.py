"""The Content-Security-Policy of a built site, for its host: `content-security-policy.txt`.

The theme has inline scripts, which the policy allows by their hashes. So the policy changes with them.
"""

import base64
import hashlib
from pathlib import Path
from typing import Final

from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer

FILE: Final = "content-security-policy.txt"

EXECUTED: Final = frozenset(("", "module", "text/javascript"))
"""The types of scripts that are run. Others are data."""


def policy(folder: Path) -> str:
    """The policy of the pages in `folder` (W3C Content Security Policy Level 3)."""
    hashes = {hash_ for page in folder.rglob("*.html") for hash_ in _inline(page)}
    # Python is WebAssembly, in a worker that starts from a data: URL, which makes its origin opaque. Styles are
    # inline because the editor and the strip write some as they go.
    directives = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", "'wasm-unsafe-eval'", *sorted(hashes)]),
        "worker-src": "'self' data:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _inline(page: Path) -> set[str]:
    only = SoupStrainer("script")
    soup = BeautifulSoup(page.read_bytes(), "html.parser", parse_only=only)
    scripts = soup.find_all("script", src=False)
    return {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.get_text().encode()).digest()).decode()}'"
        for script in scripts
        if str(script.get("type", "")).lower() in EXECUTED
    }


def write_policy(site: Path) -> None:
    """Write the policy into the site, whose pages must be as they will be served."""
    (site / FILE).write_text(policy(site) + "\n", "utf-8")
