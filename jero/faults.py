"""What is wrong with a value, all of it: msgspec stops at the first fault, and who sent it wants to mend it once.

Nothing of this runs while requests are as they should be.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, Literal, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from jero.annotations import is_struct, parts_of

type Place = Literal["path", "params", "headers", "json", "ndjson"]
"""The part of a request that a handler's argument of this name comes from."""

MOST: Final = 20
"""How many faults are told at most."""

_DEPTH: Final = 8
"""How deep they are looked for. Of what is wrong further in, the first fault is told, with its path."""


class Fault(Struct, frozen=True, rename={"place": "in"}, omit_defaults=True):
    """One thing that is wrong with a request: where, as a JSON path, and what.

    `line` is that of an NDJSON body, from 1.
    """

    place: Place
    path: str
    detail: str
    line: int | None = None


def find_faults(
    place: Place, value: object, annotation: object, *, path: str = "$", is_text: bool = False
) -> list[Fault]:
    """What keeps `value`, as JSON has it, from being of this type. `is_text` if numbers and the like come as text."""
    found = _find(value, annotation, path, strict=not is_text, depth=_DEPTH)
    return [Fault(place, where, what) for where, what in islice(found, MOST)]


def explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """The JSON path of what msgspec has found wrong, and what that is."""
    text, _, path = str(error).rpartition(" - at `")
    return (path.rstrip("`"), text) if text else ("$", path)


def _find(
    value: object, annotation: object, path: str, *, strict: bool, depth: int
) -> Iterator[tuple[str, str]]:
    try:
        msgspec.convert(value, annotation, strict=strict, str_keys=True)
    except msgspec.ValidationError as error:
        where, what = explain(error)
        inner = _inner(value, annotation, path) if depth else ()
        is_found_inside = False
        for inner_path, inner_value, inner_annotation in inner:
            if inner_value is msgspec.UNSET:
                is_found_inside = True
                yield inner_path, "Missing, and required"
                continue
            faults = _find(
                inner_value, inner_annotation, inner_path, strict=strict, depth=depth - 1
            )
            for fault in faults:
                is_found_inside = True
                yield fault
        if not is_found_inside:
            yield path + where.removeprefix("$"), what


def _inner(value: object, annotation: object, path: str) -> Iterator[tuple[str, object, object]]:
    """What a value holds, with its path and its type; `UNSET` where something is missing."""
    if isinstance(value, dict):
        members = cast("Mapping[str, object]", value)
        if (struct := _struct_of(members, annotation)) is not None:
            for field in msgspec.structs.fields(struct):
                member = members.get(field.encode_name, msgspec.UNSET)
                if member is not msgspec.UNSET or field.required:
                    yield f"{path}.{field.encode_name}", member, field.type
            return
        kinds = [part for part in parts_of(annotation) if get_origin(part) in {dict, Mapping}]
        if len(kinds) == 1:
            for name, member in members.items():
                yield f"{path}.{name}", member, get_args(kinds[0])[1]
    elif isinstance(value, list):
        items = cast("list[object]", value)
        kinds = [part for part in parts_of(annotation) if get_origin(part) is list]
        if len(kinds) == 1:
            for number, item in enumerate(items):
                yield f"{path}[{number}]", item, get_args(kinds[0])[0]


def _struct_of(members: Mapping[str, object], annotation: object) -> type[Struct] | None:
    """The Struct that an object is meant as: the only one there is, or the one that its tag names."""
    structs = [cast("type[Struct]", part) for part in parts_of(annotation) if is_struct(part)]
    if len(structs) == 1:
        return structs[0]
    for struct in structs:
        config = cast("type[Struct]", get_origin(struct) or struct).__struct_config__
        if config.tag is not None and members.get(str(config.tag_field)) == config.tag:
            return struct
    return None
