"""Keeps other sites from making a browser send requests that cost something.

Browsers name where a request comes from in `Sec-Fetch-Site` (W3C Fetch Metadata § 2.3), and pages cannot forge it: an
`<img>`, a frame, a prefetch or a link of another site is `cross-site` there. They send it over HTTPS and on loopback.
"""

from msgspec import Struct

from jero import ForbiddenError


class FetchMetadata(Struct):
    """What a request says about where it comes from."""

    sec_fetch_site: str | None = None
    user_agent: str | None = None


class ForeignSiteError(ForbiddenError):
    """The request does not come from this site."""

    title = "Only from this site"


def require_own_site(headers: FetchMetadata) -> None:
    """Let pass what a page of this origin, a person in the address line, or a program such as curl has sent.

    Raises `ForeignSiteError` for everything else, also for a browser that does not say where the request comes from.
    """
    site = headers.sec_fetch_site
    # Every browser's user agent starts like this, and no page can change it for a request without CORS.
    is_browser = (headers.user_agent or "").startswith("Mozilla/")
    if site is None and is_browser:
        raise ForeignSiteError(
            "The browser did not say which site sent this: use HTTPS and a current browser, or POST."
        )
    if site not in (None, "none", "same-origin"):
        raise ForeignSiteError("Another site sent this: ask on this site's own page.")
