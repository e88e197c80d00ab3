"""What a handler's return annotation says. Read once, at start-up."""

import types
from collections.abc import Mapping
from typing import Final, cast, get_args, get_origin

from msgspec import Struct

from jero.annotations import is_struct, is_structs, parts_of, resolve, show
from jero.errors import WiringError
from jero.headers import field_names, require_no_framing
from jero.responses import (
    BytesResponse,
    EmptyResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    TextResponse,
)
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


class Returned(Struct, frozen=True):
    """What a handler returns."""

    kind: type
    """One of `MEDIA_TYPES`; `JSONResponse` also where it is the value itself."""

    content: object = None
    """The type of the value, or of each item of the stream; `None` where the kind says it all."""

    headers: type[Struct] | None = None

    is_bare: bool = False
    """Whether the handler returns the value itself."""


def read_returned(name: str, method: str, annotation: object) -> Returned:
    """Read the annotation of the handler `name`. Raises `WiringError`."""
    annotation = resolve(annotation)
    kind = cast("type", get_origin(annotation) or annotation)
    if kind not in MEDIA_TYPES:
        if is_structs(annotation) and not _is_response(annotation):
            return Returned(JSONResponse, annotation, is_bare=True)
        if annotation is types.NoneType:
            raise WiringError(f"{name} returns None: let it return an `EmptyResponse`")
        parts = parts_of(annotation)
        if types.NoneType in parts:
            raise WiringError(
                f"{name} returns {show(annotation)}: leave out the `None`, and raise a `NotFoundError` where there is"
                " nothing"
            )
        if len(parts) > 1 and any(map(_is_response, parts)):
            raise WiringError(
                f"{name} returns one kind of response or another: name one, and raise an `HTTPError` for what went"
                " wrong"
            )
        raise WiringError(
            f"{name} returns {show(annotation)}: expected a Struct, a list of Structs, or a response, such as"
            " `JSONResponse[Order]`"
        )
    if kind is SSEResponse and method != "get":
        raise WiringError(
            f"{name} returns an SSEResponse, which only `get` can: browsers open event streams with GET. Return an"
            " NDJSONStreamingResponse instead, or rename the method"
        )
    arguments = list(get_args(annotation))
    content = (
        _read_content(name, kind, arguments.pop(0) if arguments else None)
        if kind in _TYPED
        else None
    )
    return Returned(kind, content, _read_headers(name, arguments[0] if arguments else None))


def _read_content(name: str, kind: type, content: object) -> object:
    if content is None:
        raise WiringError(
            f"{name} returns {kind.__name__} of nothing: name what it carries, as in `{kind.__name__}[Order]`"
        )
    if not is_structs(content) and not (kind is SSEResponse and content is str):
        does = "returns" if kind is JSONResponse else "streams"
        raise WiringError(f"{name} {does} {show(content)}: expected a Struct or a union of Structs")
    return content


def _read_headers(name: str, headers: object) -> type[Struct] | None:
    if headers is None or headers is types.NoneType:
        return None
    if not is_struct(headers) or not isinstance(headers, type):
        raise WiringError(f"{name} has headers of the type {show(headers)}: expected a Struct")
    try:
        require_no_framing(name for _, name in field_names(headers))
    except (TypeError, ValueError) as error:
        raise WiringError(f"{name}: {error}") from None
    return cast("type[Struct]", headers)


def _is_response(annotation: object) -> bool:
    """Whether this is, or holds, a response, which is a Struct like others."""
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, Response):
        return True
    return any(_is_response(part) for part in get_args(annotation))
