"""Sends what a handler returned as ASGI messages. How is compiled at startup, from the handler's return annotation."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast

from msgspec import Struct

from jero.annotations import classes_of, show
from jero.asgi import Receive, Scope, Send
from jero.custom_types import Codec
from jero.errors import ClientDisconnectedError, WiringError
from jero.headers import HeaderPairs, compile_encoder, encode_raw, merge
from jero.responses import Response, send_both, send_whole
from jero.returns import Returned
from jero.streaming.lifecycle import ALREADY_SENT, Source
from jero.streaming.open import OpenStreams
from jero.streaming.pump import Pump
from jero.streaming.responses import Streaming, StreamingResponse
from jero.streaming.wire import Encode

type Respond = Callable[[object, Scope, Receive, Send], Awaitable[None]]
"""Sends what a handler returned. Raises only before any part of the response is sent."""

type _Headers = Callable[[Response[Struct]], HeaderPairs]


def compile_respond(
    name: str, returned: Returned, declared: int | None, streams: OpenStreams, codec: Codec
) -> Respond:
    """The function that sends what the handler `name` returns, with its `declared` status or its kind's.

    Streams are registered in `streams` while they run.
    """
    status = declared or returned.kind.default_status
    if returned.is_bare:
        return _compile_bare(name, returned, status, codec)
    if issubclass(returned.kind, Streaming):
        return _compile_stream(name, returned, status, streams, codec)
    return _compile_whole(name, returned, status, codec)


def _compile_bare(name: str, returned: Returned, status: int, codec: Codec) -> Respond:
    classes, expected = classes_of(returned.content), show(returned.content)
    encode, media_type = codec.encode, returned.media_type.encode()

    async def respond(result: object, scope: Scope, _receive: Receive, send: Send) -> None:
        if not isinstance(result, classes):
            raise _mistyped(name, expected, result)
        body = encode(result)
        length = b"%d" % len(body)
        headers = [(b"content-type", media_type), (b"content-length", length)]
        if scope["method"] == "HEAD":
            body = b""
        try:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        except OSError as error:  # ASGI servers may raise it after a disconnect (HTTP 2.4)
            raise ClientDisconnectedError from error

    return respond


def _compile_whole(name: str, returned: Returned, default: int, codec: Codec) -> Respond:
    kind = returned.kind
    encode_headers = _compile_headers(name, returned, codec)
    has_body = returned.content is not None
    encode = _compile_encoder(name, returned, codec) if has_body else None
    classes = classes_of(returned.content)

    async def respond(result: object, scope: Scope, _receive: Receive, send: Send) -> None:
        if not isinstance(result, kind):
            raise _mistyped(name, kind.__name__, result)
        response = cast("Response[Struct]", result)
        body = b""
        if encode is not None:
            content: object = getattr(response, "content", None)
            if not isinstance(content, classes):
                expected = " | ".join(each.__name__ for each in classes)
                raise _mistyped(name, f"{kind.__name__} of {expected}", content)
            body = encode(content)
        status = response.status_code or default
        await send_whole(scope, send, status, encode_headers(response), body)

    return respond


def _compile_encoder(name: str, returned: Returned, codec: Codec) -> Encode:
    """Raises `WiringError` for a kind without an encoder."""
    try:
        return returned.kind.encoder(returned.content, codec.encode)
    except NotImplementedError as error:
        raise WiringError(f"{name} returns {error}") from None


def _compile_headers(name: str, returned: Returned, codec: Codec) -> _Headers:
    media_type, kind = returned.media_type, returned.kind
    defaults = [(b"content-type", media_type.encode())] if media_type else []
    defaults += encode_raw(kind.default_headers)
    has_own = kind.own_headers is not Response[Any].own_headers
    encode_typed = None if returned.headers is None else compile_encoder(returned.headers, codec)
    expected = show(returned.headers)

    def encode(response: Response[Struct]) -> HeaderPairs:
        headers = defaults.copy()  # because middleware may change the list
        if has_own:
            headers += response.own_headers()
        if encode_typed is not None:
            if response.headers is None:
                raise TypeError(
                    f"{name} declares headers of type {expected} but returned none: pass `headers=` to the response"
                )
            headers = merge(headers, encode_typed(response.headers))
        elif response.headers is not None:
            given = type(response.headers).__name__
            raise TypeError(
                f"{name} returned headers of type {given} without declaring the type: add it to the annotation, as in"
                f" `{returned.kind.__name__}[…, {given}]`, or pass `raw_headers=` instead"
            )
        if response.raw_headers:
            headers = merge(headers, encode_raw(response.raw_headers))
        return headers

    return encode


def _compile_stream(
    name: str, returned: Returned, default: int, streams: OpenStreams, codec: Codec
) -> Respond:
    kind = returned.kind
    encode_headers = _compile_headers(name, returned, codec)
    encode = _compile_encoder(name, returned, codec)

    async def respond(result: object, scope: Scope, receive: Receive, send: Send) -> None:
        if not isinstance(result, kind):
            raise _mistyped(name, kind.__name__, result)
        response = cast("StreamingResponse[Struct]", result)
        headers = encode_headers(response)
        status = response.status_code or default
        start = {"type": "http.response.start", "status": status, "headers": headers}
        if scope["method"] == "HEAD":
            await send_both(send, start, b"")
            return
        keepalive = getattr(response, "keepalive", None)
        source, response.stream = Source(response.stream), ALREADY_SENT
        streams.require_open()
        await Pump(
            source, encode, start, scope, receive, send, streams, name=name, keepalive=keepalive
        ).run()

    return respond


def _mistyped(name: str, expected: str, result: object) -> TypeError:
    hint = " (an `await` is missing)" if inspect.iscoroutine(result) else ""
    return TypeError(
        f"{name} declares that it returns {expected} but returned {type(result).__name__}{hint}"
    )
