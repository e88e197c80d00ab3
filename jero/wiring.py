"""Start-up: reads each handler's types once and compiles from them how it is called and how it is answered.

Everything that cannot work is found here, as a `WiringError`; nothing of it is left to the request path.
"""

import inspect
import types
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct

from jero.asgi import Receive, Scope, Send
from jero.binding import Bind, Read, bind_all, read_json, read_last_event_id
from jero.endpoint import Endpoint
from jero.errors import WiringError
from jero.headers import HeaderPairs, compile_encoder, has_text_form, merge
from jero.headers import encode_raw as encode_raw_headers
from jero.responses import Respond, respond_json
from jero.streaming.lifecycle import Source
from jero.streaming.open import OpenStreams
from jero.streaming.pump import Pump
from jero.streaming.responses import NDJSONStreamingResponse, SSEResponse, StreamingResponse
from jero.streaming.wire import Encode, encode_raw, ndjson_encoder, sse_encoder

METHODS: Final = ("get", "post", "put", "patch", "delete")

_UNBUFFERED: Final[HeaderPairs] = [(b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
"""What keeps caches and proxies from holding a stream back, unless the handler says otherwise."""


class _Form(Struct, frozen=True):
    """What one of the streaming responses is on the wire, and how an encoder for its items is made, if it has any."""

    headers: HeaderPairs
    encoder: Callable[[tuple[type, ...], str], Encode] | None = None


_FORMS: Final[Mapping[type, _Form]] = {
    StreamingResponse: _Form([(b"content-type", b"application/octet-stream")]),
    NDJSONStreamingResponse: _Form(
        [(b"content-type", b"application/x-ndjson"), *_UNBUFFERED], ndjson_encoder
    ),
    SSEResponse: _Form([(b"content-type", b"text/event-stream"), *_UNBUFFERED], sse_encoder),
}


class Route(Struct, frozen=True):
    """One handler, compiled: how its arguments are found, itself, and how what it returns is sent.

    `respond` raises only while nothing of the response is sent.
    """

    bind: Bind | None
    call: Callable[..., Awaitable[object]]
    respond: Respond


def compile_endpoint(endpoint: Endpoint, streams: OpenStreams) -> Mapping[str, Route]:
    """The routes of `endpoint`, by method; what they stream is counted in `streams`. Raises `WiringError`."""
    name = type(endpoint).__name__
    if not hasattr(endpoint, "path"):
        raise WiringError(f"{name} has no path: declare it as `class {name}(Endpoint, path='/…')`")
    if own := [method for method in ("head", "options") if hasattr(endpoint, method)]:
        raise WiringError(f"{name} defines `{own[0]}`, which is answered for it: remove the method")
    routes = {
        method.upper(): _compile(f"{name}.{method}", method, getattr(endpoint, method), streams)
        for method in METHODS
        if hasattr(endpoint, method)
    }
    if not routes:
        raise WiringError(
            f"{name} serves nothing: define one of {', '.join(METHODS)} as `async def`"
        )
    return routes


def _compile(
    name: str, method: str, handler: Callable[..., Awaitable[object]], streams: OpenStreams
) -> Route:
    if not inspect.iscoroutinefunction(handler):
        raise WiringError(
            f"{name} is no coroutine function: write it as `async def {method}(self)`, and if it streams let it"
            " return a streaming response that is given a generator"
        )
    try:
        hints = get_type_hints(handler, include_extras=True)
    except Exception as error:
        raise WiringError(f"{name} has an annotation that cannot be read: {error}") from error
    if "return" not in hints:
        raise WiringError(
            f"{name} does not say what it returns: annotate it, as in `-> list[Order]`"
        )
    return Route(
        _compile_bind(name, handler, hints),
        handler,
        _compile_respond(name, method, hints["return"], streams),
    )


def _compile_bind(
    name: str, handler: Callable[..., object], hints: Mapping[str, object]
) -> Bind | None:
    signature = inspect.signature(handler)
    parameters = list(signature.parameters)
    if any(each.kind is each.POSITIONAL_ONLY for each in signature.parameters.values()):
        raise WiringError(f"{name} takes arguments by position only: they are given by name")
    if unknown := [parameter for parameter in parameters if parameter not in _ARGUMENTS]:
        raise WiringError(
            f"{name} takes `{unknown[0]}`: a handler can take `json`, the body, and `last_event_id`,"
            " and nothing else"
        )
    for parameter in parameters:
        is_fit, mend, _ = _ARGUMENTS[parameter]
        if parameter not in hints or not is_fit(hints[parameter]):
            raise WiringError(f"{name} takes `{parameter}` as no type it can have: {mend}")
    try:
        readers = {
            parameter: _ARGUMENTS[parameter][2](hints[parameter]) for parameter in parameters
        }
    except TypeError as error:  # a union that msgspec cannot tell apart, say
        raise WiringError(f"{name} takes what cannot be decoded: {error}") from error
    return bind_all(readers) if readers else None


def _compile_respond(name: str, method: str, annotation: object, streams: OpenStreams) -> Respond:
    annotation = _resolve(annotation)
    if hasattr(annotation, "__metadata__"):  # Annotated[T, …]
        annotation = _resolve(get_args(annotation)[0])
    origin = cast("type", get_origin(annotation) or annotation)
    form = next((form for kind, form in _FORMS.items() if kind is origin), None)
    if form is None:
        if _is_structs(annotation):
            return _compile_json(name, _classes(annotation), _show(annotation))
        raise WiringError(
            f"{name} returns {_show(annotation)}: expected a Struct, a list of Structs, or a streaming response"
        )
    if origin is SSEResponse and method != "get":
        raise WiringError(
            f"{name} returns an SSEResponse, which only `get` can: browsers open event streams with GET. Return an"
            " NDJSONStreamingResponse instead, or rename the method"
        )
    arguments = list(get_args(annotation))
    encode = encode_raw
    if form.encoder is not None:
        if not arguments:
            raise WiringError(
                f"{name} returns {origin.__name__} of nothing: name the item, as in `{origin.__name__}[Order]`"
            )
        item = arguments.pop(0)
        if not _is_structs(item) and not (origin is SSEResponse and item is str):
            raise WiringError(
                f"{name} streams {_show(item)}: expected a Struct or a union of Structs"
            )
        encode = form.encoder(_classes(item), _show(item))
    headers = _compile_headers(name, arguments[0] if arguments else None)
    kind = _Kind(name, origin, encode, form.headers, headers)
    return _compile_stream(kind, streams)


def _compile_json(name: str, classes: tuple[type, ...], expected: str) -> Respond:
    async def respond(result: object, scope: Scope, _receive: Receive, send: Send) -> None:
        if not isinstance(result, classes):
            hint = " (an `await` is missing)" if inspect.iscoroutine(result) else ""
            actual = type(result).__name__
            raise TypeError(f"{name} says that it returns {expected}, and returned {actual}{hint}")
        await respond_json(result, scope, send)

    return respond


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
    except ValueError as error:
        raise WiringError(f"{name}: {error}") from None


class _Kind(Struct, frozen=True):
    """What a handler's streams have in common."""

    name: str
    response: type
    encode: Encode
    headers: HeaderPairs
    encode_headers: Callable[[Struct], HeaderPairs] | None


def _compile_stream(kind: _Kind, streams: OpenStreams) -> Respond:
    async def respond(result: object, scope: Scope, receive: Receive, send: Send) -> None:
        if not isinstance(result, kind.response):
            expected, actual = kind.response.__name__, type(result).__name__
            raise TypeError(f"{kind.name} says that it returns {expected}, and returned {actual}")
        response = cast("StreamingResponse[Struct]", result)
        headers = kind.headers
        if response.headers is not None:
            if kind.encode_headers is None:
                given = type(response.headers).__name__
                raise TypeError(f"{kind.name} names no type of headers, and returned {given}")
            headers = merge(headers, kind.encode_headers(response.headers))
        if response.raw_headers:
            headers = merge(headers, encode_raw_headers(response.raw_headers))
        start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        if scope["method"] == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        keepalive = getattr(response, "keepalive", None)
        source = Source(response.stream)
        pump = Pump(source, kind.encode, start, receive, send, name=kind.name, keepalive=keepalive)
        streams.add(pump)
        try:
            await pump.run()
        finally:
            streams.discard(pump)

    return respond


def _classes(annotation: object) -> tuple[type, ...]:
    """The classes that an item of this type can be an instance of."""
    annotation = _resolve(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return tuple(kind for part in arguments for kind in _classes(part))
    if hasattr(annotation, "__metadata__"):  # Annotated[T, Meta(…)]
        return _classes(arguments[0])
    return (cast("type", origin or annotation),)


def _is_structs(annotation: object) -> bool:
    """Whether this is a Struct, a union of Structs, or a list or tuple of either."""
    annotation = _resolve(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return all(map(_is_structs, arguments))
    if origin in {list, tuple}:
        return all(_is_structs(part) for part in arguments if part is not ...)
    if hasattr(annotation, "__metadata__"):  # Annotated[T, Meta(…)]
        return _is_structs(arguments[0])
    struct = origin or annotation
    if not isinstance(struct, type) or not issubclass(struct, Struct):
        return False
    return not issubclass(struct, tuple(_FORMS))  # they are Structs, too


def _is_event_id(annotation: object) -> bool:
    """Whether this is `str | None` or the like: an id's text can be read as it, and `None` as that there is none."""
    annotation = _resolve(annotation)
    parts = get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else ()
    return types.NoneType in parts and has_text_form(annotation)


_ARGUMENTS: Final[Mapping[str, tuple[Callable[[object], bool], str, Callable[[object], Read]]]] = {
    "json": (_is_structs, "annotate it with a Struct, as in `json: Order`", read_json),
    "last_event_id": (
        _is_event_id,
        "annotate it with what the ids are or None, as in `last_event_id: int | None`",
        read_last_event_id,
    ),
}
"""The arguments that a handler can take: which types they can have, what else to write, and how they are read."""


def _resolve(annotation: object) -> object:
    return _resolve(annotation.__value__) if isinstance(annotation, TypeAliasType) else annotation


def _show(annotation: object) -> str:
    """The annotation as it is written in source, near enough."""
    return (
        str(annotation)
        if get_args(annotation)
        else getattr(annotation, "__qualname__", str(annotation))
    )
