"""The built site as it is served: another directory at each build, and never half of one."""

import mimetypes
import os
import re
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from docstage.bundle.locks import Held

# The system's own table decides otherwise, and not every system's knows these.
for extension, media_type in {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".whl": "application/octet-stream",
    ".zip": "application/zip",
}.items():
    mimetypes.add_type(media_type, extension)

POLICY: Final = "content-security-policy.txt"
"""Where a site says what its pages may load: see `docstage/pages/policy.py`."""


class _Files(StaticFiles):
    """Files that a browser may keep, but must ask about (by their ETag) each time it uses them.

    With the site's own Content-Security-Policy, if it has one, and never taken for another type than they have.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=os.fspath(directory), html=True)
        self._headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        policy = directory / POLICY
        if policy.is_file():
            # What is shown as a client's code can be run, as a module that the page makes.
            text = policy.read_text("utf-8").strip()
            served = text.replace("script-src 'self'", "script-src 'self' blob:")
            self._headers["content-security-policy"] = served

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if path == "sitemap.xml" and isinstance(response, FileResponse):
            response = _at_home(response, str(Request(scope).base_url))
        response.headers.update(self._headers)
        return response


def _at_home(sitemap: FileResponse, base: str) -> Response:
    """The sitemap as if the site had been built for where it is served.

    The theme navigates without a reload only to addresses that the sitemap lists.
    """
    text = Path(sitemap.path).read_text("utf-8")
    home = re.search("<loc>(.*?)</loc>", text)
    body = text.replace(home[1], base) if home else text
    return Response(body, media_type="application/xml")


class Site:
    """The ASGI app of the static pages: those of the folder that is held at the time of the request."""

    def __init__(self, held: Held) -> None:
        self._before: Held | None = None
        self._use(held)

    def show(self, held: Held) -> None:
        """Serve another folder from the next request on. Those under way are answered from the one before."""
        if self._before is not None:
            self._before.release()
        self._before = self._held
        self._use(held)

    def close(self) -> None:
        """Let go of the folders. Nothing can be served after that."""
        self._held.release()
        if self._before is not None:
            self._before.release()

    def _use(self, held: Held) -> None:
        self._held = held
        self._files = _Files(held.path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file."""
        await self._files(scope, receive, send)
