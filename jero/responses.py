"""Responses that are whole before they are sent."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from jero.asgi import Receive, Scope, Send
from jero.errors import ClientDisconnectedError, HTTPError
from jero.headers import HeaderPairs, encode_raw, merge

type Respond = Callable[[object, Scope, Receive, Send], Awaitable[None]]

_encode_json: Final = msgspec.json.Encoder().encode


async def send_whole(
    scope: Scope, send: Send, status: int, headers: HeaderPairs, body: bytes
) -> None:
    """Send a response of known length; for `HEAD`, all of it but the body (RFC 9110 § 9.3.2).

    Raises `ClientDisconnectedError` where the server says so.
    """
    pairs = merge(headers, [(b"content-length", b"%d" % len(body))])
    if scope["method"] == "HEAD":
        body = b""
    try:
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})
    except OSError as error:  # how ASGI servers may say it (HTTP 2.4)
        raise ClientDisconnectedError from error


async def respond_json(result: object, scope: Scope, send: Send) -> None:
    """Send what a handler returned as JSON."""
    headers = [(b"content-type", b"application/json")]
    await send_whole(scope, send, 200, headers, _encode_json(result))


async def respond_problem(error: HTTPError, scope: Scope, send: Send) -> None:
    """Send an error as `application/problem+json` (RFC 9457)."""
    headers = merge([(b"content-type", b"application/problem+json")], encode_raw(error.raw_headers))
    await send_whole(scope, send, error.status_code, headers, error.problem())


async def respond_options(allow: str, send: Send) -> None:
    """Answer `OPTIONS`: no content, and `Allow` (RFC 9110 § 9.3.7)."""
    headers = [(b"allow", allow.encode())]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
