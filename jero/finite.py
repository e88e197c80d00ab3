"""Numbers that JSON does not have (RFC 8259 § 6): NaN and the infinities. `Decimal` takes them from a string."""

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final, cast

import msgspec
from msgspec import Struct

from jero.faults import member
from jero.shapes import children_of, shape_of

type _Trail = tuple[_Trail, str | int] | None
"""Where a value is: where what holds it is, and its name or number in there."""


_HINT: Final = re.compile(rb"[nN]_*[aA]_*[nN]|[iI]_*[nN]_*[fF]|\\u00[4-7]")
_LEAVES: Final = (str, int, float, bytes, type(None))


def is_finite(value: object) -> bool:
    """Whether this is anything but NaN or an infinity."""
    if isinstance(value, Decimal):
        return value.is_finite()  # `math.isfinite` raises for a signaling NaN
    return not isinstance(value, float) or math.isfinite(value)


def holds_decimals(annotation: object) -> bool:
    """Whether a value of this type can hold a `Decimal`, however deep. Raises as `shape_of` does."""
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
    """Whether this JSON text can hold a string that `Decimal` takes for NaN or an infinity. Nearly no text does.

    `Decimal` ignores case, underscores and blanks at the ends, and JSON can escape every letter.
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
    if dataclasses.is_dataclass(value):
        return [(each.name, getattr(value, each.name)) for each in dataclasses.fields(value)]
    return ()


def _path(trail: _Trail) -> str:
    names: list[str | int] = []
    while trail is not None:
        trail, name = trail
        names.append(name)
    path = "$"
    for name in reversed(names[:-1]):  # but for the list around the whole
        path = f"{path}[{name}]" if isinstance(name, int) else member(path, name)
    return path
