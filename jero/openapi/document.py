"""The routes of an application → its OpenAPI Object (OpenAPI 3.2)."""

import inspect
from collections.abc import Sequence

import msgspec

from jero.custom_types import Codec
from jero.errors import WiringError
from jero.openapi.about import About
from jero.openapi.json_schema import Members
from jero.openapi.operations import (
    default_id,
    describe,
    present,
    subject,
    tags_of,
)
from jero.openapi.schemas import Schemas
from jero.wiring import Handler


def encode_document(handlers: Sequence[Handler], about: About, codec: Codec) -> bytes:
    """The document of these handlers, as indented JSON. Raises `WiringError` for types that cannot be documented."""
    document = msgspec.json.encode(build_document(handlers, about, codec))
    return msgspec.json.format(document, indent=2) + b"\n"


def build_document(handlers: Sequence[Handler], about: About, codec: Codec) -> Members:
    """The document of these handlers. Raises `WiringError` for types that cannot be documented."""
    schemas = Schemas(codec)
    ids = _operation_ids(handlers)
    paths: dict[str, Members] = {}
    schemes: Members = {}
    for handler, operation_id in zip(handlers, ids, strict=True):
        operation = describe(handler, operation_id, schemas, about.openapi)
        if handler.authenticator is not None:
            operation["security"] = [{_add_scheme(handler, schemes): []}]
        paths.setdefault(handler.path, {})[handler.method.lower()] = operation
    return about.members() | {
        "paths": paths,
        "components": present(schemas=schemas.complete(), securitySchemes=schemes),
        "tags": _tags(handlers),
    }


def _operation_ids(handlers: Sequence[Handler]) -> list[str]:
    """A unique id for each handler. Declared ids take precedence over generated ones."""
    taken: dict[str, str] = {}
    for handler in handlers:
        declared = handler.operation.operation_id
        if declared is None:
            continue
        if declared in taken:
            raise WiringError(
                f"{handler.name} has the operation id {declared!r}, like {taken[declared]}: rename one of them"
            )
        taken[declared] = handler.name
    return [handler.operation.operation_id or _free_id(handler, taken) for handler in handlers]


def _free_id(handler: Handler, taken: dict[str, str]) -> str:
    name = free = default_id(handler)
    number = 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken[free] = handler.name
    return free


def _add_scheme(handler: Handler, schemes: Members) -> str:
    """The name of the handler's security scheme, taken from the class of its authenticator."""
    kind = type(handler.authenticator)
    scheme = getattr(kind, "security_scheme", None)
    if scheme is None:
        raise WiringError(
            f"{kind.__name__} has no `security_scheme`: declare the Security Scheme Object that documents it"
        )
    scheme = present(description=inspect.cleandoc(kind.__doc__ or "")) | dict(scheme)
    if schemes.setdefault(kind.__name__, scheme) != scheme:
        raise WiringError(
            f"two authenticators are called {kind.__name__}, so they cannot be documented: rename one of them"
        )
    return kind.__name__


def _tags(handlers: Sequence[Handler]) -> list[Members]:
    """All tags, in order. Those derived from an endpoint's class have its docstring as description."""
    tags: dict[str, str] = {}
    for handler in handlers:
        for tag in tags_of(handler):
            tags.setdefault(tag, "")
        if not handler.operation.tags:
            own = type(handler.endpoint).__doc__
            tags[subject(handler)] = tags[subject(handler)] or inspect.cleandoc(own or "")
    return [{"name": tag} | present(description=text) for tag, text in tags.items()]
