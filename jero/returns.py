"""Reads the return annotation of each handler, once, at startup."""

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
from typing import Any, Final, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from jero.annotations import is_struct, parts_of, resolve, show, without_none
from jero.custom_types import Codec
from jero.errors import WiringError
from jero.generics import expand, free_variables
from jero.headers import encode_raw, field_names, require_no_framing
from jero.media_types import MediaType, media_type_of, parse_media_type
from jero.responses import TYPED, JSONResponse, Response
from jero.streaming.events import ServerSentEvent

_BYTES: Final[tuple[object, ...]] = (bytes, bytearray, memoryview)
_STREAMED: Final[tuple[object, ...]] = (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)


type AnyKind = type[Response[Any]]
"""A response class, with headers of any type."""


class Returned(Struct, frozen=True):
    """A handler's return annotation, as read."""

    kind: AnyKind
    """The response class; `JSONResponse` for handlers that return the value itself."""

    content: object = None
    """The type of the value, or of each item of the stream; `None` if the kind has no content."""

    headers: type[Struct] | None = None

    is_bare: bool = False
    """Whether the handler returns the value itself."""

    declared: str = ""
    """The media type that the handler declares for the body; empty if it declares none."""

    @property
    def media_type(self) -> str:
        """The `Content-Type` of the body; empty without a body."""
        return self.declared or self.kind.media_type


def read_returned(name: str, method: str, annotation: object, codec: Codec) -> Returned:
    """Read the annotation of the handler `name`. Raises `WiringError`."""
    whole, annotation = annotation, resolve(annotation)
    kind = cast("AnyKind", get_origin(annotation) or annotation)
    if not _is_kind(kind):
        _require_value(name, annotation)
        declared = _read_media_type(name, JSONResponse, whole)
        content = _sendable(name, "returns", annotation if declared else whole, codec)
        return Returned(JSONResponse, content, is_bare=True, declared=declared)
    try:
        kind.require_method(method)
    except ValueError as error:
        raise WiringError(f"{name} returns an {kind.__name__}: {error}") from None
    _require_described(name, kind)
    fields = _types_of_fields(name, annotation)
    return Returned(
        kind,
        _read_content(name, kind, fields, codec),
        _read_headers(name, fields["headers"], codec),
        declared=_read_media_type(name, kind, whole),
    )


def _types_of_fields(name: str, annotation: object) -> Mapping[str, object]:
    """The types of a response's fields, with the annotation's arguments in place of type variables."""
    try:
        fields = msgspec.structs.fields(cast("type[Struct]", annotation))
    except Exception as error:  # evaluating annotations can raise anything
        raise WiringError(
            f"{name} returns {show(annotation)}, which cannot be evaluated: {error}"
        ) from error
    return {field.name: field.type for field in fields}


def _require_described(name: str, kind: AnyKind) -> None:
    """Raises `WiringError` for a response class with an invalid media type or invalid headers."""
    shown = kind.__name__
    try:
        encode_raw(kind.default_headers)
        require_no_framing(kind.default_headers)
    except (TypeError, ValueError) as error:
        raise WiringError(
            f"{name} returns a {shown}, whose class has invalid `default_headers`: {error}"
        ) from None
    if kind.documented_as == "empty":
        return
    try:
        MediaType(kind.media_type)
    except ValueError as error:
        raise WiringError(
            f"{name} returns a {shown}, whose class has no valid `media_type`: {error}"
        ) from None


def _read_media_type(name: str, kind: AnyKind, annotation: object) -> str:
    """The media type that an annotation declares, checked against the kind of response."""
    declared = media_type_of(annotation)
    if declared is None:
        return ""
    (first, *others), shown = declared.names, kind.__name__
    essence, parameters = parse_media_type(first)
    if others or "*" in essence:
        raise WiringError(f"{name} returns a {shown} of {declared}: a response has one media type")
    try:
        kind.require_media_type(essence, parameters)
    except ValueError as error:
        raise WiringError(f"{name} returns a {shown} of {declared}: {error}") from None
    return first


def _require_value(name: str, annotation: object) -> None:
    """Raises `WiringError` for return types that are most likely a mistake."""
    parts = parts_of(annotation)
    if annotation is types.NoneType:
        raise WiringError(f"{name} returns None: return an `EmptyResponse` instead")
    if len(parts) > 1 and any(map(_is_response, parts)):
        raise WiringError(
            f"{name} returns a union of responses: return one kind, and raise an `HTTPError` for errors"
        )
    if types.NoneType in parts:
        raise WiringError(
            f"{name} returns {show(annotation)}: leave out the `None`, and raise a `NotFoundError` if there is no"
            f" value; to send `null`, return a `JSONResponse[{show(annotation)}]`"
        )
    if _is_response(annotation):
        raise WiringError(
            f"{name} returns {show(annotation)}: expected a value, or a single response such as `JSONResponse[Order]`"
        )
    if data := _event_data(annotation):
        raise WiringError(
            f"{name} returns {show(annotation)}: events can only be sent in an event stream, so return an"
            f" `SSEResponse[{data}]`"
        )
    if any(annotation is each for each in _BYTES):
        raise WiringError(
            f"{name} returns {show(annotation)}: return a `BytesResponse`, or for base64 in JSON a"
            f" `JSONResponse[{show(annotation)}]`"
        )
    if (get_origin(annotation) or annotation) in _STREAMED:
        raise WiringError(
            f"{name} returns {show(annotation)}: return a streaming response instead, such as"
            " `NDJSONStreamingResponse[Order]`"
        )


def _read_content(name: str, kind: AnyKind, fields: Mapping[str, object], codec: Codec) -> object:
    """The type of the content or of each item; `None` for a kind without content."""
    if kind.documented_as == "empty":
        return None
    content = kind.type_of_content(fields)
    if content is None:
        raise WiringError(
            f"{name} returns a {kind.__name__}, whose class has no field `content` or `stream`: add one, or inherit"
            " from EmptyResponse"
        )
    content = expand(content)
    if _is_response(content):
        raise WiringError(
            f"{name} returns a {kind.__name__} of {show(content)}: a response cannot contain another, so name"
            " the type of its value"
        )
    if data := _event_data(content):
        raise WiringError(
            f"{name} returns {kind.__name__}[{show(content)}], which would send each event as JSON: return an"
            f" `SSEResponse[{data}]`, whose stream can yield both data and `ServerSentEvent`"
        )
    if free_variables(content):
        raise WiringError(
            f"{name} returns {kind.__name__} without a type: add one, as in `{kind.__name__}[Order]`"
        )
    if kind.documented_as in TYPED:
        _sendable(name, "returns" if kind.documented_as == "value" else "streams", content, codec)
    return content


def _sendable(name: str, does: str, content: object, codec: Codec) -> object:
    """The type, if it has a JSON form."""
    try:
        codec.require(content, is_read=False)
    except TypeError as error:
        raise WiringError(
            f"{name} {does} {show(content)}, which cannot be sent: {error}"
        ) from error
    return content


def _read_headers(name: str, annotation: object, codec: Codec) -> type[Struct] | None:
    """The header Struct of `H | None`, the type of the field `headers`."""
    headers = without_none(annotation)
    if headers is types.NoneType or free_variables(headers):
        return None
    if not is_struct(headers):
        raise WiringError(f"{name} has typed headers of {show(headers)}: expected a Struct")
    struct = cast("type[Struct]", headers)
    try:
        require_no_framing(name for _, name in field_names(struct, codec))
    except (TypeError, ValueError) as error:
        raise WiringError(f"{name}: {error}") from None
    return struct


def _event_data(annotation: object) -> str:
    """The data type, for messages, of a `ServerSentEvent` in the annotation; empty if it contains none."""
    annotation = resolve(annotation)
    origin = get_origin(annotation) or annotation
    arguments = get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, ServerSentEvent):
        return show(arguments[0]) if arguments else "Order"
    return next((data for each in arguments if (data := _event_data(each))), "")


def _is_kind(origin: object) -> bool:
    """Whether this is a response class other than the base class."""
    return _is_response_class(origin) and origin is not Response


def _is_response_class(origin: object) -> bool:
    return isinstance(origin, type) and issubclass(origin, Response)


def _is_response(annotation: object) -> bool:
    """Whether the annotation is or contains a response."""
    return _is_response_class(get_origin(annotation) or annotation) or any(
        map(_is_response, get_args(annotation))
    )
