"""What an annotation says: which classes its values have, whether they are Structs, and how it reads in a message."""

import types
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Final, Literal, TypeAliasType, Union, cast, get_args, get_origin
from uuid import UUID

from msgspec import Struct
from msgspec.structs import StructConfig

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
)


def resolve(annotation: object) -> object:
    """What is behind the names of type aliases and behind `Annotated`."""
    if isinstance(annotation, TypeAliasType):
        return resolve(annotation.__value__)
    if get_origin(annotation) is Annotated:
        return resolve(arguments_of(annotation)[0])
    return annotation


def arguments_of(annotation: object) -> Sequence[object]:
    """The arguments of a generic type, as in `list[int]`."""
    return cast("Sequence[object]", get_args(annotation))


def show(annotation: object) -> str:
    """The annotation as it is written in source, near enough."""
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
    return tuple(cast("type", get_origin(part) or part) for part in parts_of(annotation))


def is_struct(annotation: object) -> bool:
    """Whether this is one Struct."""
    annotation = resolve(annotation)
    struct = get_origin(annotation) or annotation
    return isinstance(struct, type) and issubclass(struct, Struct)


def config_of(struct: type[Struct]) -> StructConfig:
    """How a Struct, which may be a generic one with its arguments, is configured."""
    return cast("type[Struct]", get_origin(struct) or struct).__struct_config__


def is_structs(annotation: object) -> bool:
    """Whether this is a Struct, a union of Structs, or a list, a tuple or a dictionary by strings of either."""
    annotation, *others = parts_of(annotation)
    if others:
        return is_structs(annotation) and all(map(is_structs, others))
    origin, arguments = get_origin(annotation), arguments_of(annotation)
    if origin in {list, tuple}:
        return bool(arguments) and all(is_structs(part) for part in arguments if part is not ...)
    if origin in {dict, Mapping}:
        return len(arguments) == 2 and arguments[0] is str and is_structs(arguments[1])
    return is_struct(annotation)


def has_text_form(annotation: object) -> bool:
    """Whether the values of this type, or of each of a union's or a list's, can be written as text."""
    return all(map(_is_textual, parts_of(annotation)))


def _is_textual(part: object) -> bool:
    if get_origin(part) is list:
        return all(map(has_text_form, arguments_of(part)))
    return get_origin(part) is Literal or (isinstance(part, type) and issubclass(part, _TEXTUAL))


def without_none(annotation: object) -> object:
    """The type without `None`: a parameter that is not given has no value that could be written."""
    if isinstance(annotation, TypeAliasType):
        return without_none(annotation.__value__)
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return Annotated[without_none(inner), *metadata]
    if get_origin(annotation) in {Union, types.UnionType}:
        parts = [part for part in arguments_of(annotation) if part is not types.NoneType]
        return Union[tuple(parts)]  # noqa: UP007 - the parts are not known before
    return annotation


def is_optional_text(annotation: object) -> bool:
    """Whether this is `str | None` or the like: some text can be read as it, and `None` as that there is none."""
    return types.NoneType in parts_of(annotation) and has_text_form(annotation)


def item_of(annotation: object) -> object:
    """The `T` of `AsyncIterator[T]` or `AsyncIterable[T]`, or `None` if it is neither."""
    annotation = resolve(annotation)
    if get_origin(annotation) not in {AsyncIterator, AsyncIterable}:
        return None
    return next(iter(arguments_of(annotation)), None)
