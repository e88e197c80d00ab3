"""Start-up: reads each handler's types once and compiles from them how it is called and how it is answered.

Everything that cannot work is found here, as a `WiringError`; nothing of it is left to the request path.
"""

import inspect
import types
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct

from jero.asgi import Receive, Scope, Send
from jero.binding import Bind, bind_json, bind_nothing
from jero.endpoint import Endpoint
from jero.errors import WiringError
from jero.headers import HeaderPairs, compile_encoder, encode_raw, merge
from jero.responses import Respond, respond_json
from jero.streaming.pump import pump
from jero.streaming.responses import NDJSONStreamingResponse, SSEResponse, StreamingResponse
from jero.streaming.wire import Encode, encode_ndjson, encode_sse
from jero.streaming.wire import encode_raw as encode_bytes

METHODS: Final = ("get", "post", "put", "patch", "delete")

_UNBUFFERED: Final[HeaderPairs] = [(b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
"""What keeps caches and proxies from holding a stream back, unless the handler says otherwise."""


class _Form(Struct, frozen=True):
    """What one of the streaming responses is on the wire, and how many of its type parameters are the item's."""

    encode: Encode
    headers: HeaderPairs
    items: int


_FORMS: Final[Mapping[type, _Form]] = {
    StreamingResponse: _Form(encode_bytes, [(b"content-type", b"application/octet-stream")], 0),
    NDJSONStreamingResponse: _Form(
        encode_ndjson, [(b"content-type", b"application/x-ndjson"), *_UNBUFFERED], 1
    ),
    SSEResponse: _Form(encode_sse, [(b"content-type", b"text/event-stream"), *_UNBUFFERED], 1),
}


class Route(Struct, frozen=True):
    """One handler, compiled: how its arguments are found, itself, and how what it returns is sent.

    `respond` raises only while nothing of the response is sent.
    """

    bind: Bind
    call: Callable[..., Awaitable[object]]
    respond: Respond


def compile_endpoint(endpoint: Endpoint) -> Mapping[str, Route]:
    """The routes of `endpoint`, by method. Raises `WiringError`."""
    name = type(endpoint).__name__
    if not hasattr(endpoint, "path"):
        raise WiringError(f"{name} has no path: declare it as `class {name}(Endpoint, path='/…')`")
    routes = {
        method.upper(): _compile(f"{name}.{method}", method, getattr(endpoint, method))
        for method in METHODS
        if hasattr(endpoint, method)
    }
    if not routes:
        raise WiringError(
            f"{name} serves nothing: define one of {', '.join(METHODS)} as `async def`"
        )
    return routes


def _compile(name: str, method: str, handler: Callable[..., Awaitable[object]]) -> Route:
    if not inspect.iscoroutinefunction(handler):
        raise WiringError(
            f"{name} is no coroutine function: write it as `async def {method}(self)`, and if it streams let it"
            " return a streaming response that is given a generator"
        )
    try:
        hints = get_type_hints(handler, include_extras=True)
    except NameError as error:
        raise WiringError(f"{name} has an annotation that cannot be read: {error}") from error
    if "return" not in hints:
        raise WiringError(
            f"{name} does not say what it returns: annotate it, as in `-> list[Order]`"
        )
    return Route(
        _compile_bind(name, handler, hints),
        handler,
        _compile_respond(name, method, hints["return"]),
    )


def _compile_bind(name: str, handler: Callable[..., object], hints: Mapping[str, object]) -> Bind:
    parameters = list(inspect.signature(handler).parameters)
    if not parameters:
        return bind_nothing
    if parameters != ["json"]:
        raise WiringError(
            f"{name} takes {', '.join(parameters)}: a handler can take `json`, the body, and nothing else"
        )
    if "json" not in hints or not _is_json(hints["json"]):
        raise WiringError(
            f"{name} takes `json` without a Struct's type: annotate it, as in `json: Order`"
        )
    return bind_json(hints["json"])


def _compile_respond(name: str, method: str, annotation: object) -> Respond:
    annotation = _resolve(annotation)
    origin = cast("type", get_origin(annotation) or annotation)
    form = _FORMS.get(origin)
    if form is None:
        if _is_json(annotation):
            return respond_json
        raise WiringError(
            f"{name} returns {_show(annotation)}: expected a Struct, a list of Structs, or a streaming response"
        )
    if origin is SSEResponse and method != "get":
        raise WiringError(
            f"{name} returns an SSEResponse, which only `get` can: browsers open event streams with GET. Return an"
            " NDJSONStreamingResponse instead, or rename the method"
        )
    arguments = get_args(annotation)
    if len(arguments) < form.items:
        raise WiringError(
            f"{name} returns {origin.__name__} of nothing: name the item, as in `{origin.__name__}[Order]`"
        )
    if form.items and not _is_json(arguments[0]):
        raise WiringError(
            f"{name} streams {_show(arguments[0])}: expected a Struct or a union of Structs"
        )
    headers = arguments[form.items] if len(arguments) > form.items else None
    return _compile_stream(name, origin, form, _compile_headers(name, headers))


def _compile_headers(name: str, annotation: object) -> Callable[[Struct], HeaderPairs] | None:
    if annotation is None or annotation is types.NoneType:
        return None
    shown = _show(annotation)
    if not isinstance(annotation, type) or not issubclass(annotation, Struct):
        raise WiringError(f"{name} has headers of the type {shown}: expected a Struct")
    try:
        return compile_encoder(annotation)
    except TypeError as error:
        raise WiringError(
            f"{name}: {error}: use str, int, float, bool, a date, a UUID or an Enum"
        ) from None


def _compile_stream(
    name: str, kind: type, form: _Form, encode_headers: Callable[[Struct], HeaderPairs] | None
) -> Respond:
    async def respond(result: object, scope: Scope, receive: Receive, send: Send) -> None:
        if not isinstance(result, kind):
            raise TypeError(
                f"{name} says that it returns {kind.__name__}, and returned {type(result).__name__}"
            )
        response = cast("StreamingResponse[Struct]", result)
        typed = (
            encode_headers(response.headers)
            if encode_headers and response.headers is not None
            else []
        )
        headers = merge(form.headers, typed, encode_raw(response.raw_headers))
        start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        if scope["method"] == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        keepalive = result.keepalive if isinstance(result, SSEResponse) else None
        await pump(
            response.stream, form.encode, start, receive, send, name=name, keepalive=keepalive
        )

    return respond


def _is_json(annotation: object) -> bool:
    """Whether this is a Struct, a union of Structs, or a list or tuple of either."""
    annotation = _resolve(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return all(map(_is_json, arguments))
    if origin in {list, tuple}:
        return all(_is_json(part) for part in arguments if part is not ...)
    if hasattr(annotation, "__metadata__"):  # Annotated[T, Meta(…)]
        return _is_json(arguments[0])
    struct = origin or annotation
    return isinstance(struct, type) and issubclass(struct, Struct)


def _resolve(annotation: object) -> object:
    return _resolve(annotation.__value__) if isinstance(annotation, TypeAliasType) else annotation


def _show(annotation: object) -> str:
    """The annotation as it is written in source, near enough."""
    return (
        str(annotation)
        if get_args(annotation)
        else getattr(annotation, "__qualname__", str(annotation))
    )
