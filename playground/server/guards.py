"""Who may ask what: requests from pages of other sites are turned away."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.server.problem import Problem

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")

SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
"""The methods that ask for nothing to change (RFC 9110 § 9.2.1), less TRACE."""


def allowed_hosts(host: str, names: tuple[str, ...]) -> list[str]:
    """The `Host`s that a server bound to `host` answers to: the loopback ones, itself, and `names`.

    A page that has rebound its own name to 127.0.0.1 gives that name away here, and is refused.
    """
    own = f"[{host}]" if ":" in host else host
    return list(dict.fromkeys((*LOOPBACK, own, *names)))


class SameOrigin:
    """Refuses requests that change something when a page of another origin sends them.

    A browser names that page in `Origin` (RFC 6454 § 7); other clients, such as curl, send none and are trusted.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and origin.partition("://")[2] != headers.get("host"):
                detail = f"A page of {origin} may not do this: open the page on this server."
                await Problem(HTTPStatus.FORBIDDEN, detail)(scope, receive, send)
                return
        await self._app(scope, receive, send)
