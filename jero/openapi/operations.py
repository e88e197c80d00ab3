"""A handler → its Operation Object (OpenAPI 3.2)."""

import inspect
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal, cast

import msgspec
from msgspec import UNSET, Meta, Struct

from jero.annotations import classes_of, is_optional, item_of, parts_of, resolve, show, without_none
from jero.errors import (
    BadRequestError,
    ContentTooLargeError,
    Fault,
    HTTPError,
    RequestTimeoutError,
    UnauthorizedError,
    UnprocessableContentError,
    UnsupportedMediaTypeError,
    title_of,
)
from jero.headers import field_names, is_date
from jero.http_date import format_http_date
from jero.media_types import MediaType, media_type_of
from jero.openapi.json_schema import Members
from jero.openapi.schemas import Schemas
from jero.returns import Returned
from jero.wiring import Handler

type Version = Literal["3.1", "3.2"]
"""Of OpenAPI. Only 3.2 can describe the items of a stream; in 3.1 their schema becomes that of the whole body."""


class Problem(Struct):
    """An error, as a problem detail (RFC 9457). It can have further members."""

    title: str
    status: int
    detail: str = ""
    type: str = "about:blank"
    errors: Annotated[list[Fault], Meta(description="Each fault of a request, on a 422.")] = []


_IN: Final = {"path": "path", "params": "query", "headers": "header"}
"""The location (`in`) of the parameters of an argument, as in a Parameter Object."""

_IGNORED: Final = ("accept", "content-type", "authorization")
"""Header parameters that OpenAPI ignores, because they are described elsewhere (Parameter Object, `name`)."""

_ANY_BYTES: Final = MediaType("application/octet-stream")

_HTTP_DATE: Final[Mapping[str, object]] = {"format": "http-date"}
"""The schema of a `datetime` in a header (OpenAPI Format Registry)."""

_NOT_UTF8_OR_FAULTY: Final = (BadRequestError, UnprocessableContentError)
_UNREAD: Final = (RequestTimeoutError, ContentTooLargeError)
_UNDECODED: Final = (*_NOT_UTF8_OR_FAULTY, *_UNREAD, UnsupportedMediaTypeError)

_ERRORS: Final[Mapping[str, tuple[type[HTTPError], ...]]] = {
    "path": _NOT_UTF8_OR_FAULTY,
    "params": _NOT_UTF8_OR_FAULTY,
    "headers": (UnprocessableContentError,),
    "last_event_id": _NOT_UTF8_OR_FAULTY,
    "json": _UNDECODED,
    "content": _UNREAD,
    "ndjson": _UNDECODED,
}
"""The errors that jero itself answers if an argument is missing or invalid."""


def describe(handler: Handler, operation_id: str, schemas: Schemas, version: Version) -> Members:
    """The Operation Object of a handler, without its security."""
    summary, description = _docstring(handler.call)
    return present(
        operationId=operation_id,
        summary=summary,
        description=description,
        tags=list(tags_of(handler)),
        deprecated=handler.operation.is_deprecated,
        parameters=_parameters(handler, schemas),
        requestBody=_request_body(handler, schemas, version),
        responses=_responses(handler, schemas, version),
    )


def present(**members: object) -> Members:
    """The members that are not empty."""
    return {name: value for name, value in members.items() if value}


def tags_of(handler: Handler) -> tuple[str, ...]:
    """The tags that the handler declares, or else the name of its class."""
    return handler.operation.tags or (subject(handler),)


def subject(handler: Handler) -> str:
    """The subject of the handler's class, from its name: `Orders` for `OrdersEndpoint`."""
    name = type(handler.endpoint).__name__
    return name.removesuffix("Endpoint") or name


def default_id(handler: Handler) -> str:
    """The default operation id of a handler, such as `get_orders` for `OrdersEndpoint.get`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", subject(handler))
    return f"{handler.method}_{words}".lower()


def show_short(annotation: object) -> str:
    """The annotation as source code, without module names."""
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", show(annotation))


def _docstring(of: object) -> tuple[str, str]:
    """The first paragraph of a docstring, and the rest."""
    first, _, rest = (inspect.getdoc(of) or "").partition("\n\n")
    return " ".join(first.split()), rest.strip()


# Requests.


def _parameters(handler: Handler, schemas: Schemas) -> list[Members]:
    parameters: list[Members] = []
    for argument, place in _IN.items():
        annotation = handler.arguments.get(argument)
        if annotation is None:
            continue
        struct = cast("type[Struct]", resolve(annotation))
        fields = msgspec.structs.fields(struct)
        names = [field.encode_name for field in fields]
        if argument == "headers":
            names = [name for _, name in field_names(struct, schemas.codec)]
        for field, name in zip(fields, names, strict=True):
            if place == "header" and name.lower() in _IGNORED:
                continue
            date = _HTTP_DATE if place == "header" and is_date(field.type) else {}
            schema = schemas.of(without_none(field.type), handler.name, **date)
            if date and isinstance(field.default, datetime):
                default = field.default.replace(tzinfo=field.default.tzinfo or UTC)
                schema["default"] = format_http_date(default)
            elif field.default is not None and field.default is not UNSET:
                schemas.add_default(schema, field.default)
            required = field.required or place == "path"
            parameters.append(
                {"name": name, "in": place} | present(required=required) | {"schema": schema}
            )
    if "last_event_id" in handler.arguments:
        annotation = without_none(handler.arguments["last_event_id"])
        schema = schemas.of(annotation, handler.name)
        parameters.append({"name": "Last-Event-ID", "in": "header", "schema": schema})
    return parameters


def _request_body(handler: Handler, schemas: Schemas, version: Version) -> Members:
    arguments = handler.arguments
    if "json" in arguments:
        annotation = arguments["json"]
        is_required = not is_optional(annotation)
        schema = schemas.of(annotation if is_required else without_none(annotation), handler.name)
        content = {"application/json": {"schema": schema}}
        return present(required=is_required) | {"content": content}
    if "ndjson" in arguments:
        schema = schemas.of(item_of(arguments["ndjson"]), handler.name)
        item = {_item_key(version): schema}
        return {"required": True, "content": {"application/x-ndjson": item}}
    if "content" in arguments:
        declared = media_type_of(arguments["content"]) or _ANY_BYTES
        names = (name.partition(";")[0].rstrip() for name in declared.names)
        return {"content": {name: {} for name in names}}
    return {}


# Responses.


def _responses(handler: Handler, schemas: Schemas, version: Version) -> Members:
    returned = handler.returned
    status = str(handler.operation.status_code or _status(returned))
    content = _content(handler, schemas, version)
    success = {"description": _phrase(status)} | present(
        headers=_headers(handler, schemas), content=content
    )
    by_status: dict[int, list[type[HTTPError]]] = {}
    for error in _errors(handler):
        by_status.setdefault(error.status_code, []).append(error)
    problem = schemas.of(Problem, "the application") if by_status else {}
    failures: Members = {
        str(code): {
            "description": "\n\n".join(dict.fromkeys(map(_explain, by_status[code]))),
            "content": {"application/problem+json": {"schema": problem}},
        }
        for code in sorted(by_status)
    }
    return {status: success, **failures}


def _status(returned: Returned) -> str:
    return "200" if returned.is_bare else returned.kind.documented_status


def _phrase(status: str) -> str:
    if status.endswith("XX"):
        return "Redirection" if status == "3XX" else "Success"
    return HTTPStatus(int(status)).phrase if int(status) in HTTPStatus else "Success"


def _content(handler: Handler, schemas: Schemas, version: Version) -> Members:
    returned = handler.returned
    media_type = returned.media_type.partition(";")[0].rstrip()
    if not media_type:
        return {}
    media: Members = {}
    match returned.kind.documented_as:
        case "text":
            media = {"schema": {"type": "string"}}
        case "value":
            media = {"schema": schemas.of(returned.content, handler.name)}
        case "items":
            media = {_item_key(version): schemas.of(returned.content, handler.name)}
        case "events":
            media = {_item_key(version): _event(handler, schemas)}
        case "bytes" | "empty":
            pass
    return {media_type: media}


def _item_key(version: Version) -> str:
    return "schema" if version == "3.1" else "itemSchema"


def _event(handler: Handler, schemas: Schemas) -> Members:
    """The schema of an event as parsed by a client.

    See OpenAPI 3.2, Media Type Object, Special Considerations for Server-Sent Events. Clients do not dispatch events
    without data.
    """
    event: Members = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {"type": "string"},
            "event": {"type": "string"},
            "id": {"type": "string"},
            "retry": {"type": "integer", "minimum": 0},
        },
    }
    content = handler.returned.content
    kinds = parts_of(content)
    if len(kinds) == 1:
        cast("Members", event["properties"])["data"] = _data(content, handler, schemas)
    else:
        # Not `oneOf`, because validators do not check the content of the text, so several alternatives match.
        event["anyOf"] = [
            {"title": show_short(kind), "properties": {"data": _data(kind, handler, schemas)}}
            for kind in kinds
        ]
    return event


def _data(kind: object, handler: Handler, schemas: Schemas) -> Members:
    if all(issubclass(each, str) for each in classes_of(kind)):
        return schemas.of(kind, handler.name)
    return {
        "type": "string",
        "description": f"A {show_short(kind)}, as JSON.",  # not every viewer shows what follows
        "contentMediaType": "application/json",
        "contentSchema": schemas.of(kind, handler.name),
    }


def _headers(handler: Handler, schemas: Schemas) -> Members:
    headers: Members = {
        name: {"required": True, "schema": dict(schema)}
        for name, schema in handler.returned.kind.documented_headers.items()
    }
    struct = handler.returned.headers
    if struct is None:
        return headers
    fields = msgspec.structs.fields(struct)
    for field, (_, name) in zip(fields, field_names(struct, schemas.codec), strict=True):
        if (
            name.lower() == "content-type"
        ):  # OpenAPI ignores it here, because it is the key of the content
            continue
        date = _HTTP_DATE if is_date(field.type) else {}
        schema = schemas.of(without_none(field.type), handler.name, **date)
        is_always_sent = not is_optional(field.type)
        headers[name] = present(required=is_always_sent) | {"schema": schema}
    return headers


def _errors(handler: Handler) -> Iterable[type[HTTPError]]:
    yield from handler.operation.errors
    if handler.authenticator is not None:
        yield UnauthorizedError
    for argument, annotation in handler.arguments.items():
        yield from _ERRORS.get(argument, ())
        if argument == "content" and media_type_of(annotation):
            yield from (BadRequestError, UnsupportedMediaTypeError)


def _explain(error: type[HTTPError]) -> str:
    # The docstrings of jero's own errors are for application authors; their titles suit clients better.
    if error.__module__ == HTTPError.__module__ or not error.__doc__:
        return title_of(error)
    # `__doc__` and not `getdoc`, which would return the docstring of a base class.
    return inspect.cleandoc(error.__doc__).partition("\n\n")[0]
