"""Serves the document and the viewer's page, as static files that are prepared at startup."""

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from importlib.resources.abc import Traversable
from posixpath import dirname, relpath
from typing import Final

from msgspec import Struct

from jero.asgi import Receive, Scope, Send
from jero.custom_types import Codec
from jero.endpoint import Endpoint, Operation, require_template
from jero.errors import ClientDisconnectedError, WiringError
from jero.fields import Lines, has_entity_tag, lines_of, weights
from jero.headers import HeaderPairs
from jero.openapi.about import About
from jero.openapi.document import encode_document
from jero.responses import BytesResponse, send_whole
from jero.returns import Returned
from jero.wiring import Handler, Route

_CHUNK: Final = 65_536
"""The size of the chunks in which a file is sent, in bytes."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:;"
    " font-src 'self' data:; base-uri 'none'; form-action 'none'"
)
"""Allows only resources of the application itself, and inline styles, which the viewer creates."""

_START: Final = b"""\
const { document: url, root } = document.getElementById("app").dataset;
Scalar.createApiReference("#app", {
  url,
  servers: [{ url: new URL(root, location.href).href.replace(/\\/$/, "") }],
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
});
"""

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
</head>
<body>
{body}
</body>
</html>
"""

_BODY: Final = """\
<noscript>This page needs JavaScript. <a href="{document}">The document</a> does not.</noscript>
<div id="app" data-document="{document}" data-root="{root}"></div>
<script src="{folder}viewer.js"></script>
<script src="{folder}start.js"></script>"""


class File(Struct, frozen=True):
    """A static file."""

    body: bytes
    media_type: str
    is_gzipped: bool = False
    """Whether `body` is compressed. It is decompressed for clients that do not accept gzip."""

    policy: str = ""
    """Its Content-Security-Policy."""


class OpenAPI(Endpoint):
    """The endpoint that owns the files."""

    is_documented = False


class Publication(Struct, frozen=True):
    """A document that an application serves: its path, the path of its viewer, and its description."""

    path: str
    viewer: str | None
    about: About


def require_servable(publication: Publication, name: str) -> None:
    """Raises `WiringError` for invalid paths. `name` starts the message."""
    for path in filter(None, (publication.path, publication.viewer)):
        require_template(path, name)
        if "{" in path:
            raise WiringError(
                f"{name}: {path!r} has a path parameter: use a path without parameters"
            )
    if publication.viewer is not None:
        _require_viewer(publication.viewer, name)
    publication.about.require_valid(name)


def _viewer_script() -> Traversable:
    """Scalar's API reference, compressed, in the package of `jero[viewer]`. Raises `ModuleNotFoundError`."""
    return resources.files("jero_viewer") / "viewer.js.gz"


def _require_viewer(path: str, name: str) -> None:
    try:
        script = _viewer_script()
    except ModuleNotFoundError:
        raise WiringError(
            f"{name}(viewer={path!r}) needs the package jero-viewer, which is not installed: install `jero[viewer]`, or"
            " leave `viewer` out"
        ) from None
    if not script.is_file():
        raise WiringError(
            f"{name}(viewer={path!r}) found jero_viewer without its script, {script.name}: run `python hatch_build.py`"
            " in the folder `viewer` of the checkout, or leave `viewer` out"
        )


def handlers_of(routes: Iterable[Route]) -> list[Handler]:
    """The documented handlers: all except those with `is_documented=False`."""
    handlers = (route.handler for route in routes)
    return [
        handler
        for handler in handlers
        if handler.endpoint.is_documented and handler.operation.is_documented
    ]


def compile_publications(
    publications: Sequence[Publication], handlers: Sequence[Handler], codec: Codec
) -> Iterator[tuple[str, Mapping[str, Route]]]:
    """For each file that is served, its path and its routes. Raises `WiringError` for what cannot be documented."""
    for publication in publications:
        document = encode_document(handlers, publication.about, codec)
        for path, file in _files_of(publication, document).items():
            yield path, _compile_file(path, file)


def _files_of(publication: Publication, document: bytes) -> Mapping[str, File]:
    files = {publication.path: File(document, "application/json")}
    viewer = publication.viewer
    if viewer is None:
        return files
    folder = viewer.rstrip("/")
    media_type = "text/javascript; charset=utf-8"
    files[f"{folder}/viewer.js"] = File(_viewer_script().read_bytes(), media_type, is_gzipped=True)
    files[f"{folder}/start.js"] = File(_START, media_type)
    title = escape(publication.about.title)
    body = _BODY.format(
        document=escape(_link(viewer, publication.path)),
        root=escape(_link(viewer, "/")),
        folder=escape(_link(viewer, f"{folder}/")),
    )
    page = _PAGE.format(title=title, body=body).encode()
    files[viewer] = File(page, "text/html; charset=utf-8", policy=_POLICY)
    return files


def _link(page: str, path: str) -> str:
    """A relative link from one path to another, which works wherever the application is mounted."""
    link = relpath(path, dirname(page))
    return f"{link}/" if path.endswith("/") else link


def _compile_file(path: str, file: File) -> Mapping[str, Route]:
    digest = hashlib.sha256(file.body).hexdigest()[:32]
    # Weak, because it stands for both the compressed and the plain file (RFC 9110 § 8.8.1).
    etag = f'W/"{digest}"'
    headers = [(b"content-type", file.media_type.encode()), (b"x-content-type-options", b"nosniff")]
    cached = [(b"etag", etag.encode()), (b"cache-control", b"no-cache")]
    if file.policy:
        headers.append((b"content-security-policy", file.policy.encode()))
    if file.is_gzipped:
        cached.append((b"vary", b"accept-encoding"))

    @cache
    def unpacked() -> bytes:
        return gzip.decompress(file.body)

    async def respond(_result: object, scope: Scope, _receive: Receive, send: Send) -> None:
        asked = lines_of(scope)
        if has_entity_tag(etag, asked.get("if-none-match", ())):
            await send_whole(scope, send, 304, cached, b"")
        elif not file.is_gzipped:
            await _send_in_chunks(scope, send, headers + cached, file.body)
        elif _takes_gzip(asked):
            encoded = [*headers, *cached, (b"content-encoding", b"gzip")]
            await _send_in_chunks(scope, send, encoded, file.body)
        else:
            await _send_in_chunks(scope, send, headers + cached, unpacked())

    async def get() -> None:
        """Returns nothing: the file is sent by `respond`."""

    owner = OpenAPI()
    handler = Handler(
        name=f"{type(owner).__name__}.get",
        endpoint=owner,
        path=path,
        method="GET",
        call=get,
        arguments={},
        returned=Returned(BytesResponse),
        operation=Operation(),
        authenticator=None,
    )
    return {"GET": Route(handler=handler, bind=None, call=get, respond=respond)}


async def _send_in_chunks(scope: Scope, send: Send, headers: HeaderPairs, body: bytes) -> None:
    """Send a file in chunks, so that a server never buffers megabytes for a slow client.

    Raises `ClientDisconnectedError` if `send` raises `OSError`.
    """
    if scope["method"] == "HEAD" or len(body) <= _CHUNK:
        await send_whole(scope, send, 200, headers, body)
        return
    length = (b"content-length", b"%d" % len(body))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, length]})
        for start in range(0, len(body), _CHUNK):
            chunk, is_last = body[start : start + _CHUNK], start + _CHUNK >= len(body)
            await send({"type": "http.response.body", "body": chunk, "more_body": not is_last})
    except OSError as error:  # the client has disconnected (ASGI HTTP 2.4)
        raise ClientDisconnectedError from error


def _takes_gzip(asked: Lines) -> bool:
    weighed = weights("accept-encoding", asked.get("accept-encoding", ()))
    return max(weighed.get("gzip", weighed.get("*", 0)), weighed.get("x-gzip", 0)) > 0
