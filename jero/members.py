"""The members of the JSON object for a class: a Struct, a dataclass, an attrs class or a `TypedDict`."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import (
    Any,
    NamedTuple,
    NotRequired,
    ReadOnly,
    Required,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec
from msgspec import NODEFAULT, UNSET, Struct

from jero.annotations import is_struct, resolve


class Member(NamedTuple):
    """One member: its names in Python and in JSON, its type and its default."""

    name: str
    wire_name: str
    annotation: object
    is_required: bool
    default: object = NODEFAULT
    default_factory: Callable[[], object] | Any = NODEFAULT


def has_members(kind: object) -> bool:
    """Whether this is such a class, or a `NamedTuple`, whose items are listed like members."""
    kind = get_origin(kind) or kind
    if is_struct(kind) or is_typeddict(kind) or dataclasses.is_dataclass(kind):
        return True
    marks = ("__attrs_attrs__", "_field_defaults")
    return isinstance(kind, type) and any(hasattr(cast("object", kind), each) for each in marks)


def members_of(kind: object) -> Sequence[Member]:
    """The members of such a class, in order."""
    kind = resolve(kind)
    if is_struct(kind):
        return [
            Member(
                field.name,
                field.encode_name,
                field.type,
                field.required,
                NODEFAULT if field.default is UNSET else field.default,
                field.default_factory,
            )
            for field in msgspec.structs.fields(cast("type[Struct]", kind))
        ]
    origin = get_origin(kind) or kind
    optional, defaults = _optional(origin)
    hints = get_type_hints(origin, include_extras=True)
    left_out = {each.name for each in _dataclass_fields(origin) if not each.init}
    return [
        Member(
            name,
            name,
            _unqualified(hint),
            name not in optional and name not in defaults,
            defaults.get(name, NODEFAULT),
        )
        for name, hint in hints.items()
        if name not in left_out
    ]


def _optional(kind: object) -> tuple[set[str], dict[str, object]]:
    """The names of optional members, and the defaults that are plain values."""
    optional: set[str] = set(getattr(kind, "__optional_keys__", ()))
    defaults: dict[str, object] = dict(getattr(kind, "_field_defaults", {}))
    for field in _dataclass_fields(kind):
        if field.default is not dataclasses.MISSING:
            defaults[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            optional.add(field.name)
    for field in getattr(kind, "__attrs_attrs__", ()):
        if repr(field.default) != "NOTHING":  # attrs' sentinel; attrs need not be installed
            optional.add(field.name)
    return optional, defaults


def _dataclass_fields(kind: object) -> Sequence[dataclasses.Field[Any]]:
    return dataclasses.fields(cast("Any", kind)) if dataclasses.is_dataclass(kind) else ()


def _unqualified(hint: object) -> object:
    while get_origin(hint) in {Required, NotRequired, ReadOnly}:
        hint = get_args(hint)[0]
    return hint
