"""The types of an API → Schema Objects (OpenAPI 3.2, JSON Schema): components and their names."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final, cast, get_origin, override

import msgspec
from msgspec import inspect as mi

from jero.custom_types import Codec
from jero.errors import WiringError
from jero.openapi.json_schema import (
    COMPONENTS,
    Component,
    Members,
    Surroundings,
    default_of,
    schema_of,
    title_of,
)
from jero.shapes import children_of, shape_of

_REFERENCE: Final = "#/components/schemas/"
_ILLEGAL: Final = re.compile(r"[^a-zA-Z0-9.\-_]")
"""The characters that a key of `components` cannot contain (OpenAPI 3.2, Components Object)."""


class _Wanted(msgspec.Struct, frozen=True):
    owner: str
    shape: mi.Type
    schema: Members
    more: Members


class Schemas(Surroundings):
    """Builds the schemas of types. They are empty until `complete` fills them.

    The name of a component depends on the names of others, so all types must be known before the first is named.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec: Codec = codec
        self._wanted: list[_Wanted] = []
        self._names: Mapping[object, str] = {}

    def of(self, annotation: object, owner: str, **more: object) -> Members:
        """The schema of a type, or a reference if it is a component. The keywords `more` are added, or replace its own.

        Raises `WiringError`, naming `owner`, if the type has no schema.
        """
        try:
            shape = shape_of(annotation)
        except TypeError as error:
            raise _undocumented(owner, error) from error
        schema: Members = {}
        self._wanted.append(_Wanted(owner, shape, schema, more))
        return schema

    def add_default(self, schema: Members, default: object) -> None:
        """Document a default, if it has a JSON form."""
        schema |= default_of(default, self)

    def complete(self) -> Members:
        """Fill all schemas, and return the components that they refer to. Raises `WiringError`."""
        components: dict[object, tuple[str, Component]] = {}
        for wanted in self._wanted:
            _collect(wanted.shape, wanted.owner, components)
        self._names = _names_of(components)
        for wanted in self._wanted:
            # Keywords that are already set, such as a default, are kept.
            made = self._schema_of(wanted.shape, wanted.owner) | wanted.more
            wanted.schema.update(made | wanted.schema)
        return {
            self._names[cls]: self._schema_of(shape, owner, is_component=True)
            for cls, (owner, shape) in components.items()
        }

    def _schema_of(self, shape: mi.Type, owner: str, *, is_component: bool = False) -> Members:
        try:
            return schema_of(shape, self, is_component=is_component)
        except TypeError as error:
            raise _undocumented(owner, error) from error

    @override
    def refer(self, cls: object) -> str:
        return _REFERENCE + self._names[cls]

    @override
    def custom(self, kind: type) -> Members:
        if kind is object:
            return {}
        wire = self.codec.wire_of(kind)
        if wire is not None:
            return schema_of(shape_of(wire), self)
        if issubclass(kind, dict):
            return {"type": "object"}
        if issubclass(kind, list | tuple | set | frozenset):
            return {"type": "array"}
        raise TypeError(f"{kind.__qualname__} has no JSON form")

    @override
    def to_builtins(self, value: object) -> object:
        return self.codec.to_builtins(value)


def _undocumented(owner: str, error: TypeError) -> WiringError:
    return WiringError(f"{owner} cannot be documented: {error}")


def _collect(shape: mi.Type, owner: str, found: dict[object, tuple[str, Component]]) -> None:
    if isinstance(shape, COMPONENTS):
        if shape.cls in found:
            return
        found[shape.cls] = owner, shape
    for child in children_of(shape):
        _collect(child, owner, found)


def _names_of(classes: Collection[object]) -> Mapping[object, str]:
    """The name of each component: that of its class; with the module if several share it; or numbered."""
    names: dict[object, str] = {}
    for make_name in (title_of, _whole_title_of):
        by_name: dict[str, list[object]] = defaultdict(list)
        for cls in classes:
            if cls not in names:
                by_name[_legal(make_name(cls))].append(cls)
        free = set(by_name) - set(names.values())
        names |= {
            owners[0]: name for name, owners in by_name.items() if len(owners) == 1 and name in free
        }
    for cls in classes:
        if cls in names:
            continue
        name, number = _legal(_whole_title_of(cls)), 1
        while (numbered := name if number == 1 else f"{name}_{number}") in names.values():
            number += 1
        names[cls] = numbered
    return names


def _whole_title_of(cls: object) -> str:
    kind = cast("type", get_origin(cls) or cls)
    return f"{kind.__module__}.{kind.__qualname__}{title_of(cls).removeprefix(kind.__name__)}"


def _legal(title: str) -> str:
    """The title in the characters that a key can have: without accents, other letters replaced by their code points."""
    return _ILLEGAL.sub("_", "".join(map(_ascii, title)))


def _ascii(letter: str) -> str:
    if letter.isascii():
        return letter
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain or f"u{ord(letter):04X}"
