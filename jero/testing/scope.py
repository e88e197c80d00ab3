"""The scope of an HTTP connection, as a server would make it from the request (ASGI HTTP)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from jero.asgi import Scope

if TYPE_CHECKING:
    from jero.testing.clients import Request

type HTTPVersion = Literal["1.0", "1.1", "2", "3"]
type SpecVersion = Literal["2.3", "2.4"]

_PORTS = {"http": 80, "https": 443}
_CONNECTION_SPECIFIC = (b"connection", b"transfer-encoding")


class Options(Struct, frozen=True, kw_only=True):
    """How an app is served. The options are documented at `ASGITransport`."""

    raise_app_exceptions: bool
    root_path: str
    client: tuple[str, int] | None
    http_version: HTTPVersion
    spec_version: SpecVersion
    timeout: float


def http_scope(
    request: "Request",
    options: Options,
    state: dict[str, object],
    report: Callable[[BaseException], None],
) -> Scope:
    """The scope of `request`.

    `root_path` comes before the path of the URL, as in a server behind a proxy that has taken it off. HTTP/2 and
    HTTP/3 have no header fields that are about the connection (RFC 9113 § 8.2.2).
    """
    url = request.url
    root = options.root_path.rstrip("/")
    path, _, query = url.raw_path.partition(b"?")
    headers = [(name.lower(), value) for name, value in request.headers.raw]
    if options.http_version in {"2", "3"}:
        headers = [pair for pair in headers if pair[0] not in _CONNECTION_SPECIFIC]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": options.spec_version},
        "http_version": options.http_version,
        "method": request.method,
        "scheme": url.scheme,
        "path": root + url.path,
        "raw_path": root.encode("ascii") + path,
        "query_string": query,
        "root_path": root,
        "headers": headers,
        "client": options.client,
        "server": (url.host, url.port or _PORTS.get(url.scheme)),
        "state": state.copy(),
        "extensions": {"jero.errors": {"report": report}},
    }
