"""NaN and the infinities, which JSON does not have (RFC 8259 § 6), but which `Decimal` reads from a string."""

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from jero.faults import member
from jero.shapes import children_of, shape_of

type _Trail = tuple[_Trail, str | int] | None
"""The location of a value: that of its container, and its name or index in it."""


_HINT: Final = re.compile(rb"[nN]_*[aA]_*[nN]|[iI]_*[nN]_*[fF]|\\u00[4-7]")
_LEAVES: Final = (str, int, float, bytes, type(None))


def is_finite(value: object) -> bool:
    """Whether this is anything but NaN or an infinity."""
    if isinstance(value, Decimal):
        return value.is_finite()  # `math.isfinite` raises for a signaling NaN
    return not isinstance(value, float) or math.isfinite(value)


def holds_decimals(annotation: object) -> bool:
    """Whether a value of this type can contain a `Decimal`, at any depth. Raises the errors of `shape_of`."""
    seen: set[int] = set()
    waiting = [shape_of(annotation)]
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, msgspec.inspect.DecimalType):
            return True
        if id(shape) not in seen:
            seen.add(id(shape))
            waiting += children_of(shape)
    return False


def may_be_nonfinite(text: bytes) -> bool:
    """Whether this JSON text may contain a string that `Decimal` reads as NaN or an infinity. Few texts do.

    `Decimal` ignores case, underscores and surrounding whitespace, and JSON can escape any letter.
    """
    return _HINT.search(text) is not None


def find_nonfinite(value: object) -> Iterator[str]:
    """The JSON path of each `Decimal` in a decoded value that is NaN or an infinity."""
    waiting: list[tuple[object, _Trail]] = [([value], None)]
    while waiting:
        holder, trail = waiting.pop()
        for name, each in _members(holder):
            if isinstance(each, Decimal):
                if not each.is_finite():
                    yield _path((trail, name))
            elif not isinstance(each, _LEAVES):
                waiting.append((each, (trail, name)))


def _members(value: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, Struct):
        names = value.__struct_fields__
        encoded: Iterable[str | int] = (
            range(len(names))
            if value.__struct_config__.array_like
            else value.__struct_encode_fields__
        )
        return [(name, getattr(value, field)) for name, field in zip(encoded, names, strict=True)]
    if isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value)
        keys = [(str(key), key) for key in members if isinstance(key, Decimal)]
        return [*keys, *((str(key), inner) for key, inner in members.items())]
    if isinstance(value, list | tuple | set | frozenset):
        return enumerate(cast("Iterable[object]", value))
    fields: Iterable[Any] = (
        dataclasses.fields(value)
        if dataclasses.is_dataclass(value)
        else getattr(value, "__attrs_attrs__", ())
    )
    return [(each.name, getattr(value, each.name)) for each in fields]


def _path(trail: _Trail) -> str:
    names: list[str | int] = []
    while trail is not None:
        trail, name = trail
        names.append(name)
    path = "$"
    for name in reversed(names[:-1]):  # without the outermost list
        path = f"{path}[{name}]" if isinstance(name, int) else member(path, name)
    return path
