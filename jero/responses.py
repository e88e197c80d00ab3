"""The responses that are whole before they are sent, as a handler returns them, and how they are sent."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from jero.asgi import Message, Scope, Send
from jero.errors import ClientDisconnectedError, HTTPError
from jero.headers import HeaderPairs, RawHeaders, encode_raw, merge, require_no_framing

BODILESS: Final = (204, 205, 304)
"""The final statuses that have no content (RFC 9110 § 15.3.5, § 15.3.6, § 15.4.5)."""

_LENGTHLESS: Final = (204, 304)
"""Those that say nothing of its length either: that of a 304 would be of what was not sent (RFC 9110 § 8.6)."""

REDIRECTS: Final = (301, 302, 303, 307, 308)
"""The statuses that send a client elsewhere (RFC 9110 § 15.4)."""

_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Response[H](Struct, kw_only=True):
    """What all responses carry, streaming ones included."""

    status_code: int | None = None
    """Any final status that goes with this kind of response (RFC 9110 § 15). By default the one that the handler
    declares with `@operation`, or else the usual one of its kind: `200`, `204` without a body, `307` elsewhere."""

    headers: H | None = None
    """Header fields as a Struct. Where the handler's annotation names their type, they must be given."""

    raw_headers: RawHeaders | None = None
    """Header fields as a mapping of names to values, which has the last word."""

    def _require_body_status(self) -> None:
        """Raises `ValueError` for a status that has no body, and as `_require_headers` does."""
        status = self._status()
        if status is not None and (not 200 <= status <= 599 or status in BODILESS):
            raise ValueError(f"a response with status {status} cannot carry a body")
        self._require_headers()

    def _status(self) -> int | None:
        """The status. Raises `TypeError` if it is not a number."""
        status = self.status_code
        if status is not None and not isinstance(status, int):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
            raise TypeError(f"status_code is {status!r}: expected an int, such as 201")
        return status

    def _require_headers(self) -> None:
        """Raises `ValueError` for headers that cannot be sent, and for those that say how the body is framed."""
        if self.raw_headers:
            encode_raw(self.raw_headers)  # what cannot be sent is better refused here
            require_no_framing(self.raw_headers)


class JSONResponse[T, H = None](Response[H]):
    """Sends a value as JSON (`application/json`), with a status and headers of its own.

    A handler that needs neither can return the value itself. Raises `ValueError` for a status that cannot have a
    body, and for a header that cannot be sent or says how the body is framed.
    """

    content: T
    """The value, of whatever type has a JSON form."""

    def __post_init__(self) -> None:
        self._require_body_status()


class TextResponse[H = None](Response[H]):
    """Sends text (`text/plain; charset=utf-8`). For the rest, see `JSONResponse`."""

    content: str
    """The text, which is sent as UTF-8."""

    def __post_init__(self) -> None:
        self._require_body_status()


class HTMLResponse[H = None](Response[H]):
    """Sends a page (`text/html; charset=utf-8`), as it is: nothing is escaped. For the rest, see `JSONResponse`."""

    content: str
    """The page, which is sent as UTF-8."""

    def __post_init__(self) -> None:
        self._require_body_status()


class BytesResponse[H = None](Response[H]):
    """Sends bytes (`application/octet-stream` unless `raw_headers` says otherwise).

    For the rest, see `JSONResponse`.
    """

    content: bytes
    """The bytes; a `bytearray` or a `memoryview` does as well."""

    def __post_init__(self) -> None:
        self._require_body_status()


class EmptyResponse[H = None](Response[H], kw_only=True):
    """Sends no body: `204` unless told otherwise (RFC 9110 § 15.3.5). Raises `ValueError` for a status below 200."""

    def __post_init__(self) -> None:
        status = self._status()
        if status is not None and not 200 <= status <= 599:
            raise ValueError(f"{status} is not the status of a final response")
        self._require_headers()


class RedirectResponse[H = None](Response[H]):
    """Sends the client elsewhere: `307`, which keeps the method, unless told otherwise (RFC 9110 § 15.4).

    After a POST, `303` sends it there with GET. Raises `ValueError` for a status that does not redirect.
    """

    location: str
    """Where to, absolute or relative to the request's target; what a URI cannot hold is percent-encoded."""

    def __post_init__(self) -> None:
        if self.status_code not in {None, *REDIRECTS}:
            raise ValueError(f"{self.status_code} does not redirect: use one of {REDIRECTS}")
        if not isinstance(self.location, str):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise TypeError(f"location is {self.location!r}: expected a str, as in `str(url)`")
        self._require_headers()


def encode_location(location: str) -> bytes:
    """The value of `Location`: a URI reference (RFC 9110 § 10.2.2)."""
    whole = _STRAY_PERCENT.sub("%25", location)
    return quote(whole, safe="!#$%&'()*+,/:;=?@[]~").encode()


async def send_whole(
    scope: Scope, send: Send, status: int, headers: HeaderPairs, body: bytes
) -> None:
    """Send a response of known length; for `HEAD`, all of it but the body (RFC 9110 § 9.3.2).

    Raises `ClientDisconnectedError` where the server says so.
    """
    if status not in _LENGTHLESS:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    if scope["method"] == "HEAD":
        body = b""
    await send_both(
        send, {"type": "http.response.start", "status": status, "headers": headers}, body
    )


async def send_both(send: Send, start: Message, body: bytes) -> None:
    """Send the start of a response and all that follows. Raises `ClientDisconnectedError` where the server says so."""
    try:
        await send(start)
        await send({"type": "http.response.body", "body": body})
    except OSError as error:  # how ASGI servers may say it (HTTP 2.4)
        raise ClientDisconnectedError from error


async def respond_problem(
    error: HTTPError,
    scope: Scope,
    send: Send,
    encode: Callable[[object], bytes] = msgspec.json.encode,
) -> None:
    """Send an error as `application/problem+json` (RFC 9457)."""
    headers = merge([(b"content-type", b"application/problem+json")], encode_raw(error.raw_headers))
    await send_whole(scope, send, error.status_code, headers, error.problem(encode))


async def respond_options(allow: str, scope: Scope, send: Send) -> None:
    """Answer `OPTIONS`: no content, and `Allow` (RFC 9110 § 9.3.7)."""
    await send_whole(scope, send, 204, [(b"allow", allow.encode())], b"")
