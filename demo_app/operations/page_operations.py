"""The page on which a person asks and watches: three files, read once."""

from pathlib import Path
from typing import Final

from jero import Endpoint, HTMLResponse, TextResponse

_PAGE: Final = Path(__file__).parents[1] / "page"

_ALWAYS: Final = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
_POLICY: Final = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"


class PageEndpoint(Endpoint, path="/"):
    """The page itself. It loads nothing from elsewhere, and may not."""

    def __init__(self) -> None:
        self._html = (_PAGE / "index.html").read_text("utf-8")

    async def get(self) -> HTMLResponse:
        """The page."""
        raw_headers = {**_ALWAYS, "content-security-policy": _POLICY}
        return HTMLResponse(content=self._html, raw_headers=raw_headers)


class StyleEndpoint(Endpoint, path="/page.css"):
    """How the page looks."""

    def __init__(self) -> None:
        self._css = (_PAGE / "page.css").read_text("utf-8")

    async def get(self) -> TextResponse:
        """The style sheet."""
        return TextResponse(
            content=self._css, raw_headers={**_ALWAYS, "content-type": "text/css; charset=utf-8"}
        )


class ScriptEndpoint(Endpoint, path="/page.js"):
    """What the page does."""

    def __init__(self) -> None:
        self._script = (_PAGE / "page.js").read_text("utf-8")

    async def get(self) -> TextResponse:
        """The script."""
        raw_headers = {**_ALWAYS, "content-type": "text/javascript; charset=utf-8"}
        return TextResponse(content=self._script, raw_headers=raw_headers)
