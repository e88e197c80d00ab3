"""The buffered responses, as handlers return them, and how they are sent.

A kind of response describes itself: its class has its media type, status, encoder and documentation.
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
from jero.streaming import wire
from jero.streaming.wire import Encode

BODILESS: Final = (204, 205, 304)
"""The final statuses that have no content (RFC 9110 § 15.3.5, § 15.3.6, § 15.4.5)."""

_LENGTHLESS: Final = (204, 304)
"""The statuses without `Content-Length`: that of a 304 would describe the content it omits (RFC 9110 § 8.6)."""

REDIRECTS: Final = (301, 302, 303, 307, 308)
"""The statuses that redirect (RFC 9110 § 15.4)."""

_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


type Form = Literal["value", "text", "bytes", "items", "events", "empty"]
"""How a body is documented: with the schema of a value, of each item or of each event; as text; as bytes, without a
schema; or, for an empty body, not at all."""


TYPED: Final[frozenset[Form]] = frozenset({"value", "items", "events"})
"""The forms that are documented with the schema of a type."""


class Response[H](Struct, kw_only=True):
    """The base of all responses, streaming ones included.

    To define your own, change the class variables in a subclass of an existing response, or inherit from this class
    and add a `content` field and an `encoder`:

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
    """The `Content-Type`, unless typed headers or `raw_headers` set another. Empty for responses without a body."""

    default_status: ClassVar[int] = 200
    """The status, unless the response or its handler sets another."""

    documented_status: ClassVar[str] = "2XX"
    """The status in the OpenAPI document, unless the handler sets another: `201`, or `2XX` if it varies."""

    documented_as: ClassVar[Form] = "bytes"
    """How the body is documented."""

    documented_headers: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """The schema of each header that `own_headers` returns."""

    default_headers: ClassVar[Mapping[str, str]] = {}
    """Additional headers, unless typed headers or `raw_headers` set them."""

    status_code: int | None = None
    """A final status that this kind of response can have (RFC 9110 § 15). By default the one that the handler declares
    with `@operation`, or else that of its class: `200`, `204` without a body, `307` for a redirect."""

    headers: H | None = None
    """Typed headers, as a Struct. Required if the handler's annotation names their type."""

    raw_headers: RawHeaders | None = None
    """Headers as a mapping of names to values. They override all others."""

    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        """Returns the function that turns the content, or each item of a stream, into bytes.

        Called once for each handler, at startup. `content` is the type in the handler's annotation, and `to_json`
        encodes any JSON value, custom types included. The function is only called with values of that type.
        """
        raise NotImplementedError(
            f"{cls.__name__} has no encoder: define the class method `encoder`"
        )

    @classmethod
    def type_of_content(cls, fields: Mapping[str, object]) -> object:
        """The type of the content, from the types of the fields; `None` for a kind without content."""
        return fields.get("content")

    @classmethod
    def require_method(cls, method: str) -> None:
        """Raises `ValueError` if handlers of this method (in lower case) cannot return this kind."""

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
        """Raises `ValueError` if a handler cannot declare this media type for this kind."""
        raise ValueError(
            f"expected none, because {cls.__name__} is always {cls.media_type or 'without a body'}"
        )

    def own_headers(self) -> HeaderPairs:
        """The headers that the fields of this response stand for."""
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
        """Raises `ValueError` for invalid headers, and for `Content-Length` and `Transfer-Encoding`."""
        if self.raw_headers:
            encode_raw(self.raw_headers)  # to fail here rather than while sending
            require_no_framing(self.raw_headers)


class JSONResponse[T, H = None](Response[H]):
    """A value sent as JSON (`application/json`), with its own status and headers.

    A handler that needs neither can return the value itself. Raises `ValueError` for a status that cannot have a body,
    for an invalid header, and for `Content-Length` or `Transfer-Encoding`, which the server sets.
    """

    media_type: ClassVar[str] = "application/json"
    documented_as: ClassVar[Form] = "value"

    content: T
    """The value, of any type that has a JSON form."""

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return to_json

    @override
    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:
        if essence != "application/json" and not essence.endswith("+json"):
            raise ValueError("expected application/json or a media type that ends in +json")


class TextResponse[H = None](Response[H]):
    """Text (`text/plain; charset=utf-8`). Otherwise like `JSONResponse`."""

    media_type: ClassVar[str] = "text/plain; charset=utf-8"
    documented_as: ClassVar[Form] = "text"

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
    """An HTML page (`text/html; charset=utf-8`). Nothing is escaped. Otherwise like `JSONResponse`."""

    media_type: ClassVar[str] = "text/html; charset=utf-8"
    documented_as: ClassVar[Form] = "text"

    content: str
    """The page, which is sent as UTF-8."""

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return _encode_text


class BytesResponse[H = None](Response[H]):
    """Bytes (`application/octet-stream` unless `raw_headers` sets another type).

    Otherwise like `JSONResponse`.
    """

    media_type: ClassVar[str] = "application/octet-stream"

    content: bytes | bytearray | memoryview

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return wire.encode_raw

    @override
    @classmethod
    def require_media_type(cls, essence: str, parameters: Mapping[str, str]) -> None:
        """Any media type is allowed."""


class EmptyResponse[H = None](Response[H], kw_only=True):
    """A response without a body; `204` by default (RFC 9110 § 15.3.5). Raises `ValueError` for a status below 200."""

    default_status: ClassVar[int] = 204
    documented_status: ClassVar[str] = "204"
    documented_as: ClassVar[Form] = "empty"

    @override
    @classmethod
    def require_status(cls, status: int) -> None:
        if not 200 <= status <= 599:
            raise ValueError(
                f"{status} is not the status of a final response: use one from 200 to 599"
            )


class RedirectResponse[H = None](Response[H]):
    """A redirect; `307` by default, which keeps the method (RFC 9110 § 15.4).

    After a POST, use `303` to redirect to a page with GET. Raises `ValueError` for a status that does not redirect.
    """

    default_status: ClassVar[int] = 307
    documented_status: ClassVar[str] = "3XX"
    documented_as: ClassVar[Form] = "empty"
    documented_headers: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "Location": {"type": "string", "format": "uri-reference"}
    }

    location: str
    """The target, absolute or relative to the request's URL. Characters not allowed in a URI are percent-encoded."""

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


def encode_location(location: str) -> bytes:
    """The value of `Location`: a URI reference (RFC 9110 § 10.2.2)."""
    whole = _STRAY_PERCENT.sub("%25", location)
    return quote(whole, safe="!#$%&'()*+,/:;=?@[]~").encode()


async def send_whole(
    scope: Scope, send: Send, status: int, headers: HeaderPairs, body: bytes
) -> None:
    """Send a response of known length; for `HEAD`, all of it but the body (RFC 9110 § 9.3.2).

    Raises `ClientDisconnectedError` if the server's `send` raises `OSError`.
    """
    if status not in _LENGTHLESS:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    if scope["method"] == "HEAD":
        body = b""
    await send_both(
        send, {"type": "http.response.start", "status": status, "headers": headers}, body
    )


async def send_both(send: Send, start: Message, body: bytes) -> None:
    """Send the start and the body of a response. Raises `ClientDisconnectedError` if `send` raises `OSError`."""
    try:
        await send(start)
        await send({"type": "http.response.body", "body": body})
    except OSError as error:  # the client has disconnected (ASGI HTTP 2.4)
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
    """Answer `OPTIONS` with `Allow` and without content (RFC 9110 § 9.3.7)."""
    await send_whole(scope, send, 204, [(b"allow", allow.encode())], b"")
