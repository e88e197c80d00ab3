"""The responses that are whole before they are sent, as a handler returns them, and how they are sent.

A kind of response describes itself: its media type, status, encoder, and how it is documented stand in its class.
"""

import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal, cast, override
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


type Encode = Callable[[object], bytes]

type Form = Literal["value", "text", "bytes", "items", "events", "empty"]
"""How a body is documented: as a value, each item of a stream, or each event of one, with the schema of its type; as
text; as bytes, of which OpenAPI says nothing; or not at all, because there is no body."""


class Response[H](Struct, kw_only=True):
    """The base of all responses, streaming ones included.

    A kind of response describes itself. Change the class variables in a subclass of one that exists, or make a kind
    of your own: a `content` field, and an `encoder`.

        class CreatedResponse[T, H = None](JSONResponse[T, H]):
            default_status = 201

        class YAMLResponse[T, H = None](Response[H]):
            media_type = "application/yaml"
            content: T

            @classmethod
            def encoder(cls, content: object, to_json: Encode) -> Encode:
                return msgspec.yaml.encode
    """

    media_type: ClassVar[str] = ""
    """The `Content-Type`, unless typed headers or `raw_headers` have another. Empty if there is no body."""

    default_status: ClassVar[int] = 200
    """The status, unless the response or its handler has another."""

    documented_status: ClassVar[str] = "2XX"
    """The status in the OpenAPI document, unless the handler has another: `201`, or `2XX` where responses differ."""

    documented_as: ClassVar[Form] = "bytes"
    """How the body is documented."""

    documented_headers: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """The schema of each header that `own_headers` makes."""

    default_headers: ClassVar[Mapping[str, str]] = {}
    """Further headers, unless typed headers or `raw_headers` have others."""

    status_code: int | None = None
    """Any final status that goes with this kind of response (RFC 9110 § 15). By default the one that the handler
    declares with `@operation`, or else the usual one of its kind: `200`, `204` without a body, `307` elsewhere."""

    headers: H | None = None
    """Header fields as a Struct. Where the handler's annotation names their type, they must be given."""

    raw_headers: RawHeaders | None = None
    """Header fields as a mapping of names to values, which has the last word."""

    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        """The function that turns the content, or each item of a stream, into bytes.

        Called once for each handler, at startup. `content` is the type that the handler's annotation declares, and
        `to_json` encodes any JSON value, custom types included. Values of other types never reach the function.
        """
        raise NotImplementedError(
            f"{cls.__name__} does not say how its content becomes bytes: define the class method `encoder`"
        )

    @classmethod
    def type_of_content(cls, fields: Mapping[str, object]) -> object:
        """The type of the content, from the types of the fields; `None` for a kind without content."""
        return fields.get("content")

    @classmethod
    def require_method(cls, method: str) -> None:
        """Raises `ValueError` for a method, in lower case, that cannot return this kind."""

    @classmethod
    def require_status(cls, status: int) -> None:
        """Raises `ValueError` for a status that this kind cannot have."""
        if status in BODILESS:
            raise ValueError(
                f"a response with status {status} cannot carry a body: use an EmptyResponse, or another status"
            )
        if not 200 <= status <= 599:
            raise ValueError(
                f"a response with status {status} cannot carry a body: use a status from 200 to 599"
            )

    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:  # noqa: ARG003 - for subclasses
        """Raises `ValueError` for a media type that a handler cannot declare for this kind."""
        raise ValueError(
            f"expected none, because {cls.__name__} is always {cls.media_type or 'without a body'}"
        )

    def own_headers(self) -> HeaderPairs:
        """Headers made from the fields of this response."""
        return []

    def __post_init__(self) -> None:
        """Raises `ValueError` for a status that this kind cannot have, and as `_require_headers` does."""
        status = self._status()
        if status is not None:
            self.require_status(status)
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

    media_type = "application/json"
    documented_as = "value"

    content: T
    """The value, of whatever type has a JSON form."""

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return to_json

    @override
    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:
        if essence != "application/json" and not essence.endswith("+json"):
            raise ValueError("expected application/json or one that ends in +json")


class TextResponse[H = None](Response[H]):
    """Sends text (`text/plain; charset=utf-8`). For the rest, see `JSONResponse`."""

    media_type = "text/plain; charset=utf-8"
    documented_as = "text"

    content: str
    """The text, which is sent as UTF-8."""

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return _encode_text

    @override
    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:
        if parameters.get("charset", "utf-8") != "utf-8":
            raise ValueError("expected the charset utf-8, in which text is sent")


class HTMLResponse[H = None](Response[H]):
    """Sends a page (`text/html; charset=utf-8`), as it is: nothing is escaped. For the rest, see `JSONResponse`."""

    media_type = "text/html; charset=utf-8"
    documented_as = "text"

    content: str
    """The page, which is sent as UTF-8."""

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return _encode_text


class BytesResponse[H = None](Response[H]):
    """Sends bytes (`application/octet-stream` unless `raw_headers` says otherwise).

    For the rest, see `JSONResponse`.
    """

    media_type = "application/octet-stream"

    content: bytes | bytearray | memoryview

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return _encode_bytes

    @override
    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:
        """Any will do."""


class EmptyResponse[H = None](Response[H], kw_only=True):
    """Sends no body: `204` unless told otherwise (RFC 9110 § 15.3.5). Raises `ValueError` for a status below 200."""

    default_status = 204
    documented_status = "204"
    documented_as = "empty"

    @override
    @classmethod
    def require_status(cls, status: int) -> None:
        if not 200 <= status <= 599:
            raise ValueError(f"{status} is not the status of a final response")


class RedirectResponse[H = None](Response[H]):
    """Sends the client elsewhere: `307`, which keeps the method, unless told otherwise (RFC 9110 § 15.4).

    After a POST, `303` sends it there with GET. Raises `ValueError` for a status that does not redirect.
    """

    default_status = 307
    documented_status = "3XX"
    documented_as = "empty"
    documented_headers = {"Location": {"type": "string", "format": "uri-reference"}}

    location: str
    """Where to, absolute or relative to the request's target; what a URI cannot hold is percent-encoded."""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.location, str):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise TypeError(f"location is {self.location!r}: expected a str, as in `str(url)`")

    @override
    @classmethod
    def require_status(cls, status: int) -> None:
        if status not in REDIRECTS:
            raise ValueError(f"{status} does not redirect: use one of {REDIRECTS}")

    @override
    def own_headers(self) -> HeaderPairs:
        return [(b"location", encode_location(self.location))]


def _encode_text(content: object) -> bytes:
    return cast("str", content).encode()


def _encode_bytes(content: object) -> bytes:
    return bytes(cast("bytes", content))


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
