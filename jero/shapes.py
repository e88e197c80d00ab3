"""msgspec's description of a type, even if it can only be encoded; and the types in it without a JSON form."""

from collections.abc import Iterable, Iterator
from enum import Enum, EnumType
from types import UnionType
from typing import (
    Final,
    NamedTuple,
    Union,
    cast,
    get_origin,
    is_typeddict,
)

import msgspec
from msgspec import Struct, UnsetType
from msgspec import inspect as mi

from jero.annotations import (
    COLLECTIONS,
    MAPPINGS,
    arguments_of,
    config_of,
    is_struct,
    parts_of,
    resolve,
    show,
)
from jero.members import has_members, members_of

FIELDED: Final = (mi.StructType, mi.DataclassType, mi.TypedDictType, mi.NamedTupleType)
"""The descriptions of classes that have fields."""

type Fielded = mi.StructType | mi.DataclassType | mi.TypedDictType | mi.NamedTupleType

type _Known = dict[object, mi.Type]
"""The descriptions under construction, because a class can contain itself."""


class Foreign(NamedTuple):
    """A type that msgspec does not support, and where it was found."""

    kind: type
    field: str
    """As in `Order.file`; empty if it is the type itself."""


def shape_of(annotation: object, known: _Known | None = None) -> mi.Type:
    """The msgspec description of a type (`msgspec.inspect.type_info`), even if it can encode but not decode it.

    Raises `TypeError` for a type that msgspec cannot read.
    """
    known = {} if known is None else known
    try:
        return mi.type_info(annotation)
    except RecursionError:
        raise TypeError(
            f"{show(annotation)} contains a type alias that refers to itself: use `Any`, or a Struct, which can"
        ) from None
    except NameError as error:
        raise TypeError(f"{show(annotation)} cannot be evaluated: {error}") from error
    except TypeError:
        kind = resolve(annotation)
        shape = known.get(kind) or _shape_inside(kind, known)
        if shape is None:
            raise
        return shape


def _shape_inside(kind: object, known: _Known) -> mi.Type | None:
    """The description of a type with parts that cannot be decoded; `None` if its parts are unknown."""
    origin, arguments = get_origin(kind), arguments_of(kind)
    if origin in {Union, UnionType}:
        parts = (part for part in parts_of(kind) if part is not UnsetType)
        return mi.UnionType(tuple(shape_of(part, known) for part in parts))
    if origin is tuple and ... not in arguments:
        return mi.TupleType(tuple(shape_of(each, known) for each in arguments))
    if origin in COLLECTIONS and arguments:
        return mi.ListType(shape_of(arguments[0], known))
    if origin in MAPPINGS and arguments:
        key, value = (shape_of(each, known) for each in arguments)
        return mi.DictType(key, value)
    if isinstance(kind, EnumType):
        return mi.EnumType(cast("type[Enum]", kind))
    if not has_members(kind):
        return None
    shape = known[kind] = _without_members(kind)
    shape.fields = tuple(
        mi.Field(
            each.name,
            each.wire_name,
            shape_of(each.annotation, known),
            each.is_required,
            each.default,
            each.default_factory,
        )
        for each in members_of(kind)
    )
    return shape


def _without_members(kind: object) -> Fielded:
    if is_struct(kind):
        struct = cast("type[Struct]", kind)
        config = config_of(struct)
        return mi.StructType(
            struct,
            (),
            tag_field=config.tag_field,
            tag=config.tag,
            array_like=config.array_like,
            forbid_unknown_fields=config.forbid_unknown_fields,
        )
    cls = cast("type", kind)
    origin = get_origin(cls) or cls
    if is_typeddict(origin):
        return mi.TypedDictType(cls, ())
    return mi.NamedTupleType(cls, ()) if issubclass(origin, tuple) else mi.DataclassType(cls, ())


def foreign_types(shape: mi.Type) -> Iterator[Foreign]:
    """The types that msgspec does not support, within a description."""
    yield from _foreign(shape, "", set())


def _foreign(shape: mi.Type, field: str, seen: set[object]) -> Iterator[Foreign]:
    if isinstance(shape, mi.CustomType):
        yield Foreign(shape.cls, field)
    elif isinstance(shape, mi.ExtType):
        yield Foreign(msgspec.msgpack.Ext, field)
    elif not isinstance(shape, FIELDED):
        for child in children_of(shape):
            yield from _foreign(child, field, seen)
    elif shape.cls not in seen:
        seen.add(shape.cls)
        for each in shape.fields:
            yield from _foreign(each.type, f"{shape.cls.__name__}.{each.name}", seen)


def children_of(shape: mi.Type) -> Iterable[mi.Type]:
    """The types that a type consists of."""
    match shape:
        case mi.Metadata():
            return (shape.type,)
        case mi.CollectionType():
            return (shape.item_type,)
        case mi.TupleType():
            return shape.item_types
        case mi.DictType():
            return (shape.key_type, shape.value_type)
        case mi.UnionType():
            return shape.types
        case _ if isinstance(shape, FIELDED):
            return [field.type for field in shape.fields]
        case _:
            return ()
