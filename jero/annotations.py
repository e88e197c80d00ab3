"""Questions about annotations: the classes of their values, whether they have a text form, how messages show them."""

import types
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Collection,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Sequence,
)
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NewType,
    Union,
    cast,
    get_args,
    get_origin,
    is_typeddict,
)
from uuid import UUID

from msgspec import Struct, UnsetType
from msgspec.structs import StructConfig

from jero.generics import is_alias, value_of

COLLECTIONS: Final[tuple[object, ...]] = (
    list,
    tuple,
    set,
    frozenset,
    Sequence,
    MutableSequence,
    Collection,
    AbstractSet,
    MutableSet,
)
"""The types that msgspec decodes from a JSON array, and that take every value of a parameter."""

MAPPINGS: Final[tuple[object, ...]] = (dict, Mapping, MutableMapping)

ABSENT: Final[frozenset[object]] = frozenset({types.NoneType, UnsetType})
"""The types that stand for a missing value in a union."""

_TEXTUAL: Final = (
    str,
    int,
    float,
    bool,
    Decimal,
    UUID,
    datetime,
    date,
    time,
    timedelta,
    Enum,
    types.NoneType,
    UnsetType,
)


def resolve(annotation: object) -> object:
    """The type behind type aliases, `NewType` and `Annotated`."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif is_alias(annotation):
            annotation = value_of(annotation)
        elif get_origin(annotation) is Annotated:
            annotation = arguments_of(annotation)[0]
        else:
            return annotation


def arguments_of(annotation: object) -> Sequence[object]:
    """The arguments of a generic type, as in `list[int]`."""
    return cast("Sequence[object]", get_args(annotation))


def show(annotation: object) -> str:
    """The annotation as source code, for messages."""
    if get_args(annotation):
        return str(annotation)
    return getattr(annotation, "__qualname__", str(annotation))


def parts_of(annotation: object) -> tuple[object, ...]:
    """The parts of a union, or the annotation itself."""
    annotation = resolve(annotation)
    if get_origin(annotation) in {Union, types.UnionType}:
        return tuple(part for each in get_args(annotation) for part in parts_of(each))
    return (annotation,)


def classes_of(annotation: object) -> tuple[type, ...]:
    """The classes that a value of this type can be an instance of."""
    return tuple(dict.fromkeys(each for part in parts_of(annotation) for each in _classes_of(part)))


def _classes_of(part: object) -> tuple[type, ...]:
    if part is Any:
        return (object,)
    if part is None:
        return (types.NoneType,)
    if get_origin(part) is Literal:
        return tuple(map(type, get_args(part)))
    if part is float:
        return (float, int)  # the numeric tower of type checkers (PEP 484)
    origin = cast("type", get_origin(part) or part)
    return (dict,) if is_typeddict(origin) else (origin,)


def is_struct(annotation: object) -> bool:
    """Whether this is one Struct."""
    annotation = resolve(annotation)
    struct = get_origin(annotation) or annotation
    return isinstance(struct, type) and issubclass(struct, Struct)


def config_of(struct: type[Struct]) -> StructConfig:
    """The configuration of a Struct, which may be a generic one with arguments."""
    return cast("type[Struct]", get_origin(struct) or struct).__struct_config__


def is_collection(part: object) -> bool:
    """Whether this is a list, a set, a tuple or the like."""
    return (get_origin(part) or part) in COLLECTIONS


def has_text_form(annotation: object) -> bool:
    """Whether values of this type can be written as text; for a union or a collection, values of each part."""
    return all(map(_is_textual, parts_of(annotation)))


def _is_textual(part: object) -> bool:
    if is_collection(part):
        items = [part for each in get_args(part) if each is not ... for part in parts_of(each)]
        return not any(map(is_collection, items)) and all(map(_is_textual, items))
    return get_origin(part) is Literal or (isinstance(part, type) and issubclass(part, _TEXTUAL))


def without_none(annotation: object) -> object:
    """The type without `None` and `UNSET`, which only stand for a missing parameter."""
    if isinstance(annotation, NewType):
        return without_none(annotation.__supertype__)
    if is_alias(annotation):
        return without_none(value_of(annotation))
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return Annotated[without_none(inner), *metadata]
    if get_origin(annotation) in {Union, types.UnionType}:
        given = [each for each in arguments_of(annotation) if resolve(each) not in ABSENT]
        parts = tuple(map(without_none, given))
        return Union[parts] if parts else types.NoneType  # noqa: UP007 - the parts are known only at run time
    return annotation


def is_optional(annotation: object) -> bool:
    """Whether the type includes `None` or `UNSET`, for a missing value."""
    return not ABSENT.isdisjoint(parts_of(annotation))


def is_optional_text(annotation: object) -> bool:
    """Whether this is a type with a text form, or `None` for a missing value, such as `str | None`."""
    return types.NoneType in parts_of(annotation) and has_text_form(annotation)


def item_of(annotation: object) -> object:
    """The `T` of `AsyncIterator[T]` or `AsyncIterable[T]`, or `None` if it is neither."""
    annotation = resolve(annotation)
    if get_origin(annotation) not in {AsyncIterator, AsyncIterable}:
        return None
    return next(iter(arguments_of(annotation)), None)
