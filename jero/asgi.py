"""The types of ASGI 3.0, by the names the specification gives them, and one extension of it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# The specification leaves the values of its messages open, and every server and middleware types them so.
type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def report_error(scope: Scope, error: BaseException) -> None:
    """Tell whoever serves `scope` of an error that was answered or logged, if they want to know (`jero.errors`)."""
    extensions: MutableMapping[str, Any] = scope.get("extensions") or {}
    if "jero.errors" in extensions:
        extensions["jero.errors"]["report"](error)
