"""The types of ASGI 3.0, under the names in the specification, and one extension."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# The specification does not restrict the values in messages, and every server and middleware types them as `Any`.
type Scope = MutableMapping[str, Any]
"""The description of a connection: for HTTP, its method, path, headers and so on."""

type Message = MutableMapping[str, Any]
"""A message received from or sent to a connection; its `type` decides which other keys it has."""

type Receive = Callable[[], Awaitable[Message]]
"""Waits for the next message from the client: a part of the body, or its disconnect."""

type Send = Callable[[Message], Awaitable[None]]
"""Sends a message to the client. Servers of ASGI HTTP 2.4 raise `OSError` if the client has disconnected."""

type ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI 3.0 application: of jero, of another framework, or a middleware."""


def path_below(scope: Scope) -> str:
    """The path relative to the application's mount: `path` starts with `root_path` (ASGI HTTP)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    is_below = root and (path == root or path.startswith(f"{root}/"))
    return path.removeprefix(root) or "/" if is_below else path


def report_error(scope: Scope, error: BaseException) -> None:
    """Report an error that was answered or logged to the server of `scope`, if it has the extension `jero.errors`."""
    extensions: MutableMapping[str, Any] = scope.get("extensions") or {}
    if "jero.errors" in extensions:
        extensions["jero.errors"]["report"](error)
