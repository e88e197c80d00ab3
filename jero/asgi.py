"""The types of ASGI 3.0, by the names the specification gives them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# The specification leaves the values of its messages open, and every server and middleware types them so.
type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
