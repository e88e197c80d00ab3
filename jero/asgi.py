"""The types of ASGI 3.0, by the names the specification gives them, and one extension of it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# The specification leaves the values of its messages open, and every server and middleware types them so.
type Scope = MutableMapping[str, Any]
"""What a connection is about: of HTTP, its method, path, headers and so on."""

type Message = MutableMapping[str, Any]
"""What is received of a connection, or sent to it, one `type` of message at a time."""

type Receive = Callable[[], Awaitable[Message]]
"""Waits for the next message of the client: a part of the body, or that it has left."""

type Send = Callable[[Message], Awaitable[None]]
"""Sends a message to the client. Raises `OSError` where the server says so of one that has left (ASGI HTTP 2.4)."""

type ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An application of ASGI 3.0, be it jero's, another framework's or a middleware."""


def path_below(scope: Scope) -> str:
    """The path below the place where the application is mounted: `path` begins with `root_path` (ASGI HTTP)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    is_below = root and (path == root or path.startswith(f"{root}/"))
    return path.removeprefix(root) or "/" if is_below else path


def report_error(scope: Scope, error: BaseException) -> None:
    """Tell whoever serves `scope` of an error that was answered or logged, if they want to know (`jero.errors`)."""
    extensions: MutableMapping[str, Any] = scope.get("extensions") or {}
    if "jero.errors" in extensions:
        extensions["jero.errors"]["report"](error)
