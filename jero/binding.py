"""A request → the arguments of a handler. The reader of each argument is compiled at startup."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, cast
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from jero.annotations import (
    is_optional,
    is_optional_text,
    is_struct,
    item_of,
    parts_of,
    resolve,
    show,
    without_none,
)
from jero.asgi import Receive, Scope
from jero.authentication import Authenticator, user_type
from jero.body import (
    Chunks,
    Limits,
    Lines,
    decoded,
    read_decoded,
    read_whole,
    require_json,
    require_media_type,
    require_ndjson,
)
from jero.custom_types import Codec
from jero.errors import BadRequestError, InvalidRequestError
from jero.faults import find_faults
from jero.fields import combine, first_line, lines_of
from jero.json_text import JSONReader
from jero.media_types import media_type_of
from jero.parameters import compile_guard, compile_reader

type Read = Callable[[Scope, Receive], Awaitable[object]]
"""Reads one argument from a request. Raises `HTTPError` if it is missing or invalid."""

PATH_VALUES: Final = "jero.path_values"
"""The scope key under which the values of the path parameters are stored."""

_LAST_EVENT_ID: Final = (
    "annotate it with the type of the ids or `None`, as in `last_event_id: int | None`"
)

MAX_PARAMS: Final = 1_000
"""The most parameters that a query string can have."""


class Context(Struct, frozen=True):
    """What the readers of a handler's arguments depend on, apart from the types."""

    path_parameters: tuple[str, ...]
    limits: Limits
    authenticator: Authenticator[object] | None
    codec: Codec


class Argument(Struct, frozen=True):
    """An argument that a handler can take."""

    is_fit: Callable[[object], bool]
    """Whether this type is supported."""

    fix: str
    """How to annotate it, for messages."""

    compile: Callable[[object, Context], Read]
    """Returns its reader. Raises `TypeError` or `ValueError`, with the reason, for an unsupported type."""

    is_body: bool = False


def is_upload(name: str, annotation: object) -> bool:
    """Whether this argument is a body that the handler reads while it runs."""
    return ARGUMENTS[name].is_body and item_of(annotation) is not None


def read_user(authenticator: Authenticator[object]) -> Read:
    """The reader that authenticates the request."""

    async def read(scope: Scope, _receive: Receive) -> object:
        headers = {name: combine(name, lines) for name, lines in lines_of(scope).items()}
        user = await authenticator.authenticate(headers)
        if user is None:
            raise authenticator.refuse()
        return user

    return read


def _compile_user(annotation: object, context: Context) -> Read:
    if context.authenticator is None:
        raise ValueError(
            "there is no authenticator: include the endpoint with `authenticator=…`, and do not mark the handler as"
            " public"
        )
    found = user_type(context.authenticator)
    if not all(map(partial(_is_among, parts_of(annotation)), parts_of(found))):
        name = type(context.authenticator).__name__
        raise TypeError(f"{name} returns {show(found)}: annotate `user` with that")
    return read_user(context.authenticator)


def _is_among(kinds: Sequence[object], kind: object) -> bool:
    is_subclass = isinstance(kind, type) and any(
        issubclass(kind, each) for each in kinds if isinstance(each, type)
    )
    return is_subclass or kind in kinds


def _compile_path(annotation: object, context: Context) -> Read:
    struct = cast("type[Struct]", resolve(annotation))
    read_texts = compile_reader("path", struct, context.codec)
    names = {field.encode_name for field in msgspec.structs.fields(struct)}
    if names != set(context.path_parameters):
        expected = ", ".join(context.path_parameters) or "none"
        raise ValueError(
            f"{struct.__name__} has the fields {', '.join(sorted(names))}, but the path has the parameters"
            f" {expected}: they must match"
        )

    async def read(scope: Scope, _receive: Receive) -> object:
        values: tuple[str, ...] = scope[PATH_VALUES]
        return read_texts(
            {name: (value,) for name, value in zip(context.path_parameters, values, strict=True)}
        )

    return read


def _compile_params(annotation: object, context: Context) -> Read:
    struct = cast("type[Struct]", resolve(annotation))
    read_texts = compile_reader("query", struct, context.codec)

    async def read(scope: Scope, _receive: Receive) -> object:
        query: bytes = scope.get("query_string", b"")
        return read_texts(_params(query) if query else {})

    return read


def _params(query: bytes) -> Mapping[str, list[str]]:
    """Parses a query string as `application/x-www-form-urlencoded` (WHATWG URL 5.1). Raises `BadRequestError`."""
    params: dict[str, list[str]] = defaultdict(list)
    try:
        pairs = parse_qsl(
            query.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMS
        )
    except UnicodeDecodeError:
        raise BadRequestError("The query string is not UTF-8.") from None
    except ValueError:
        raise BadRequestError(f"The query string has more than {MAX_PARAMS} parameters.") from None
    for name, value in pairs:
        params[name].append(value)
    return params


def _compile_headers(annotation: object, context: Context) -> Read:
    struct = cast("type[Struct]", resolve(annotation))
    read_texts = compile_reader("header", struct, context.codec)

    async def read(scope: Scope, _receive: Receive) -> object:
        return read_texts(lines_of(scope))

    return read


def _compile_last_event_id(annotation: object, context: Context) -> Read:
    in_text = context.codec.in_text(annotation)
    if not is_optional_text(in_text):
        raise TypeError(_LAST_EVENT_ID)
    context.codec.require(annotation, is_read=True)
    convert = partial(context.codec.convert, is_text=True)
    guard = compile_guard(in_text)
    # A header that is present has a value, so faults name the type without `None`.
    kind = without_none(annotation)

    # The header is encoded as UTF-8 (WHATWG HTML 9.2.4).
    async def read(scope: Scope, _receive: Receive) -> object:
        value = first_line(scope, b"last-event-id")
        if value is None:
            return None
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise BadRequestError("Last-Event-ID is not UTF-8.") from None
        if guard is not None:
            text = guard(text)
        try:
            return convert(text, annotation)
        except msgspec.ValidationError:
            path = "$.last-event-id"
            faults = find_faults("header", text, kind, path=path, convert=convert)
            raise InvalidRequestError(faults) from None

    return read


def _compile_json(annotation: object, context: Context) -> Read:
    reader = JSONReader[object](annotation, context.codec)

    async def read(scope: Scope, receive: Receive) -> object:
        require_json(scope)
        return reader.read(await read_decoded(scope, receive, context.limits))

    async def read_optional(scope: Scope, receive: Receive) -> object:
        body = await read_decoded(scope, receive, context.limits)
        if not body:
            return None
        require_json(scope)
        return reader.read(body)

    return read_optional if is_optional(annotation) else read


def _compile_content(annotation: object, context: Context) -> Read:
    limits, media_type = context.limits, media_type_of(annotation)

    async def read_all(scope: Scope, receive: Receive) -> object:
        return await read_whole(scope, receive, limits)

    async def read_chunks(scope: Scope, receive: Receive) -> object:
        return Chunks(scope, receive, limits)

    if media_type is None:
        return read_all if item_of(annotation) is None else read_chunks

    async def read_all_of_type(scope: Scope, receive: Receive) -> object:
        require_media_type(scope, media_type)
        return await read_decoded(scope, receive, limits)

    async def read_chunks_of_type(scope: Scope, receive: Receive) -> object:
        require_media_type(scope, media_type)
        return decoded(Chunks(scope, receive, limits), scope, limits)

    return read_all_of_type if item_of(annotation) is None else read_chunks_of_type


def _compile_ndjson(annotation: object, context: Context) -> Read:
    reader = JSONReader[object](item_of(annotation), context.codec)

    async def read(scope: Scope, receive: Receive) -> object:
        require_ndjson(scope)
        chunks = decoded(Chunks(scope, receive, context.limits), scope, context.limits)
        return Lines(chunks, reader, scope, context.limits)

    return read


ARGUMENTS: Final[Mapping[str, Argument]] = {
    "user": Argument(
        lambda _: True, "annotate it with the authenticator's user type", _compile_user
    ),
    "path": Argument(
        is_struct,
        "annotate it with a Struct that has a field for each path parameter, as in `path: OrderPath`",
        _compile_path,
    ),
    "params": Argument(
        is_struct,
        "annotate it with a Struct that has a field for each parameter, as in `params: Page`",
        _compile_params,
    ),
    "headers": Argument(
        is_struct,
        "annotate it with a Struct that has a field for each header, as in `headers: Trace`",
        _compile_headers,
    ),
    "last_event_id": Argument(
        is_optional,
        _LAST_EVENT_ID,
        _compile_last_event_id,
    ),
    "json": Argument(
        lambda annotation: item_of(annotation) is None,
        "annotate it with the type of the value, as in `json: Order`",
        _compile_json,
        is_body=True,
    ),
    "content": Argument(
        lambda annotation: bytes in {resolve(annotation), item_of(annotation)},
        "annotate it with `bytes`, or with `AsyncIterator[bytes]` to stream it",
        _compile_content,
        is_body=True,
    ),
    "ndjson": Argument(
        lambda annotation: item_of(annotation) is not None,
        "annotate it with an async iterator of its items, as in `ndjson: AsyncIterator[Order]`",
        _compile_ndjson,
        is_body=True,
    ),
}
"""The arguments that a handler can take, in the order they are read."""
