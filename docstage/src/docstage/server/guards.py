"""Who may ask what: requests from pages of other sites are turned away."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from docstage.server.problem import Problem

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")

SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
"""The methods that ask for nothing to change (RFC 9110 § 9.2.1), less TRACE."""


def allowed_hosts(host: str, names: tuple[str, ...]) -> list[str]:
    """The `Host`s that a server bound to `host` answers to: the loopback ones, itself, and `names`.

    A page that has rebound its own name to 127.0.0.1 gives that name away here, and is refused.
    """
    own = f"[{host}]" if ":" in host else host
    return list(dict.fromkeys((*LOOPBACK, own, *names)))


RUNNING: Final = "/live/"
"""Below this path requests reach snippets, for which a GET may be more than it is by the rules."""


class SameOrigin:
    """Refuses requests of pages of other origins: those that change something, and all that reach snippets.

    A browser names the page in `Origin` (RFC 6454 § 7) and says how it is related in `Sec-Fetch-Site` (W3C Fetch
    Metadata § 2.4), which is `none` for an address that the reader typed. Pages of other ports are of the same site,
    and are refused as well. Other clients, such as curl, send neither and are trusted.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if _is_foreign(scope, headers):
                page = headers.get("origin") or "another site"
                detail = f"A page of {page} may not do this: open the page on this server."
                await Problem(HTTPStatus.FORBIDDEN, detail)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_foreign(scope: Scope, headers: Headers) -> bool:
    if scope["method"] not in SAFE:
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host"):
            return True
    elif not scope["path"].startswith(RUNNING):
        return False
    return headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
