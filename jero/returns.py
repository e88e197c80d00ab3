"""What a handler's return annotation says. Read once, at start-up."""

import types
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from typing import Final, cast, get_args, get_origin

from msgspec import Struct

from jero.annotations import is_struct, parts_of, resolve, show
from jero.body import NDJSON
from jero.custom_types import Codec
from jero.errors import WiringError
from jero.generics import expand
from jero.headers import field_names, require_no_framing
from jero.media_types import media_type_of, parse_media_type
from jero.responses import (
    BytesResponse,
    EmptyResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    TextResponse,
)
from jero.streaming.events import ServerSentEvent
from jero.streaming.responses import NDJSONStreamingResponse, SSEResponse, StreamingResponse

MEDIA_TYPES: Final[Mapping[type, str]] = {
    JSONResponse: "application/json",
    TextResponse: "text/plain; charset=utf-8",
    HTMLResponse: "text/html; charset=utf-8",
    BytesResponse: "application/octet-stream",
    EmptyResponse: "",
    RedirectResponse: "",
    StreamingResponse: "application/octet-stream",
    NDJSONStreamingResponse: "application/x-ndjson",
    SSEResponse: "text/event-stream",
}
"""Every kind of response that a handler can return, and what its body is."""

_TYPED: Final = (JSONResponse, NDJSONStreamingResponse, SSEResponse)
"""Those whose first type parameter is what they carry."""


_DECLARABLE: Final = (
    JSONResponse,
    TextResponse,
    BytesResponse,
    StreamingResponse,
    NDJSONStreamingResponse,
)
"""Those of which a handler can declare another media type."""

_BYTES: Final[tuple[object, ...]] = (bytes, bytearray, memoryview)
_STREAMED: Final[tuple[object, ...]] = (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)


class Returned(Struct, frozen=True):
    """What a handler returns."""

    kind: type
    """One of `MEDIA_TYPES`; `JSONResponse` also where it is the value itself."""

    content: object = None
    """The type of the value, or of each item of the stream; `None` where the kind says it all."""

    headers: type[Struct] | None = None

    is_bare: bool = False
    """Whether the handler returns the value itself."""

    declared: str = ""
    """The media type that the handler declares for the body, if it does."""

    @property
    def media_type(self) -> str:
        """What the body is, as `Content-Type` has it; empty where there is no body."""
        return self.declared or MEDIA_TYPES[self.kind]


def read_returned(name: str, method: str, annotation: object, codec: Codec) -> Returned:
    """Read the annotation of the handler `name`. Raises `WiringError`."""
    whole, annotation = annotation, resolve(annotation)
    kind = cast("type", get_origin(annotation) or annotation)
    if kind not in MEDIA_TYPES:
        _require_value(name, annotation)
        declared = _read_media_type(name, JSONResponse, whole)
        content = _sendable(name, "returns", annotation if declared else whole, codec)
        return Returned(JSONResponse, content, is_bare=True, declared=declared)
    if kind is SSEResponse and method != "get":
        raise WiringError(
            f"{name} returns an SSEResponse, which only `get` can: browsers open event streams with GET. Return an"
            " NDJSONStreamingResponse instead, or rename the method"
        )
    arguments = list(map(expand, get_args(annotation)))
    content = None
    if kind in _TYPED:
        content = _read_content(name, kind, arguments.pop(0) if arguments else None, codec)
    return Returned(
        kind,
        content,
        _read_headers(name, arguments[0] if arguments else None, codec),
        declared=_read_media_type(name, kind, whole),
    )


def _read_media_type(name: str, kind: type, annotation: object) -> str:
    """The media type that an annotation declares, if this kind of response can be of it."""
    declared = media_type_of(annotation)
    if declared is None:
        return ""
    (first, *others), shown = declared.names, kind.__name__
    essence, parameters = parse_media_type(first)
    if others or "*" in essence:
        raise WiringError(f"{name} returns a {shown} of {declared}: a response has one media type")
    expected = ""
    if kind is JSONResponse and essence != "application/json" and not essence.endswith("+json"):
        expected = "application/json or one that ends in +json"
    elif kind is NDJSONStreamingResponse and essence.encode() not in NDJSON:
        expected = b", ".join(NDJSON).decode()
    elif kind is TextResponse and parameters.get("charset", "utf-8") != "utf-8":
        expected = "the charset utf-8, in which text is sent"
    elif kind not in _DECLARABLE:
        expected = (
            f"none, because {kind.__name__} is always {MEDIA_TYPES[kind] or 'without a body'}"
        )
    if expected:
        raise WiringError(f"{name} returns a {shown} of {declared}: expected {expected}")
    return first


def _require_value(name: str, annotation: object) -> None:
    """Raises `WiringError` for what a handler that returns a value itself most likely did not mean."""
    parts = parts_of(annotation)
    if annotation is types.NoneType:
        raise WiringError(f"{name} returns None: let it return an `EmptyResponse`")
    if len(parts) > 1 and any(map(_is_response, parts)):
        raise WiringError(
            f"{name} returns one kind of response or another: name one, and raise an `HTTPError` for what went wrong"
        )
    if types.NoneType in parts:
        raise WiringError(
            f"{name} returns {show(annotation)}: leave out the `None`, and raise a `NotFoundError` where there is"
            f" nothing; to send `null`, return a `JSONResponse[{show(annotation)}]`"
        )
    if _is_response(annotation):
        raise WiringError(
            f"{name} returns {show(annotation)}: expected a value, or one of the responses that jero has, such as"
            " `JSONResponse[Order]`"
        )
    if data := _event_data(annotation):
        raise WiringError(
            f"{name} returns {show(annotation)}: an event is sent in an event stream only, so return an"
            f" `SSEResponse[{data}]`"
        )
    if any(annotation is each for each in _BYTES):
        raise WiringError(
            f"{name} returns {show(annotation)}: return a `BytesResponse`, or for base64 in JSON a"
            f" `JSONResponse[{show(annotation)}]`"
        )
    if (get_origin(annotation) or annotation) in _STREAMED:
        raise WiringError(
            f"{name} returns {show(annotation)}: return a response that streams it, such as"
            " `NDJSONStreamingResponse[Order]`"
        )


def _read_content(name: str, kind: type, content: object, codec: Codec) -> object:
    if content is None:
        raise WiringError(
            f"{name} returns {kind.__name__} of nothing: name what it carries, as in `{kind.__name__}[Order]`"
        )
    if _is_response(content):
        raise WiringError(
            f"{name} returns a {kind.__name__} of {show(content)}: name the type of the value in it"
        )
    if data := _event_data(content):
        raise WiringError(
            f"{name} returns {kind.__name__}[{show(content)}], which would send each event as JSON: return an"
            f" `SSEResponse[{data}]`, whose stream may yield a `ServerSentEvent` wherever it may yield its data"
        )
    return _sendable(name, "returns" if kind is JSONResponse else "streams", content, codec)


def _sendable(name: str, does: str, content: object, codec: Codec) -> object:
    """The type, if it has a JSON form."""
    try:
        codec.require(content, is_read=False)
    except TypeError as error:
        raise WiringError(f"{name} {does} {show(content)}, which cannot work: {error}") from error
    return content


def _read_headers(name: str, headers: object, codec: Codec) -> type[Struct] | None:
    headers = resolve(headers)
    if headers is None or headers is types.NoneType:
        return None
    if not is_struct(headers):
        raise WiringError(f"{name} has headers of the type {show(headers)}: expected a Struct")
    struct = cast("type[Struct]", headers)
    try:
        require_no_framing(name for _, name in field_names(struct, codec))
    except (TypeError, ValueError) as error:
        raise WiringError(f"{name}: {error}") from None
    return struct


def _event_data(annotation: object) -> str:
    """The type of the data, to be shown, of a `ServerSentEvent` that this is or holds; empty if it does not."""
    annotation = resolve(annotation)
    origin = get_origin(annotation) or annotation
    arguments = get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, ServerSentEvent):
        return show(arguments[0]) if arguments else "Order"
    return next((data for each in arguments if (data := _event_data(each))), "")


def _is_response(annotation: object) -> bool:
    """Whether this is, or holds, a response, which is a Struct like others."""
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, Response):
        return True
    return any(_is_response(part) for part in get_args(annotation))
