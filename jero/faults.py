"""What is wrong with a value, all of it: msgspec stops at the first fault, and who sent it wants to mend it once.

Nothing of this runs while requests are as they should be.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, Literal, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from jero.annotations import config_of, is_struct, parts_of

type Place = Literal["path", "query", "header", "body"]
"""A part of a request, by the name that OpenAPI has for it."""

MOST: Final = 20
"""How many faults are told at most."""

_DEPTH: Final = 8
"""How deep they are looked for. Of what is wrong further in, the first fault is told, with its path."""


_TOLD: Final = re.compile(r"(.*) - at (`key` in )?`(.*)`", re.DOTALL)
"""How msgspec tells what is wrong, and where."""

_PLAIN: Final = re.compile(r"[\w-]+")
_SEQUENCES: Final = (list, tuple, set, frozenset, Sequence)


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
    found = _TOLD.fullmatch(str(error))
    if found is None:
        return "$", str(error)
    what, key, path = found.groups()
    return path, f"{what} as a key" if key else what


def member(path: str, name: str) -> str:
    """The path of a member of what is at `path`: in brackets where its name would not read as one (RFC 9535 § 2.5)."""
    if _PLAIN.fullmatch(name):
        return f"{path}.{name}"
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"


def _find(
    value: object, annotation: object, path: str, *, strict: bool, depth: int
) -> Iterator[tuple[str, str]]:
    try:
        msgspec.convert(value, annotation, strict=strict, str_keys=True)
    except msgspec.ValidationError as error:
        is_found_inside = False
        for fault in _find_inside(value, annotation, path, strict=strict, depth=depth - 1):
            is_found_inside = True
            yield fault
        if not is_found_inside:
            where, what = explain(error)
            yield path + where.removeprefix("$"), what


def _find_inside(
    value: object, annotation: object, path: str, *, strict: bool, depth: int
) -> Iterator[tuple[str, str]]:
    if depth and isinstance(value, dict):
        members = cast("Mapping[str, object]", value)
        struct = _struct_of(members, annotation)
        if struct is not None:
            yield from _find_absent_and_unknown(members, struct, path)
        for name, kind in _member_types(members, annotation, struct):
            where = member(path, name)
            yield from _find(members[name], kind, where, strict=strict, depth=depth)
    elif depth and isinstance(value, list):
        items = cast("list[object]", value)
        for number, (item, kind) in enumerate(
            zip(items, _item_types(items, annotation), strict=False)
        ):
            yield from _find(item, kind, f"{path}[{number}]", strict=strict, depth=depth)


def _find_absent_and_unknown(
    members: Mapping[str, object], struct: type[Struct], path: str
) -> Iterator[tuple[str, str]]:
    fields = msgspec.structs.fields(struct)
    for field in fields:
        if field.required and field.encode_name not in members:
            yield member(path, field.encode_name), "Missing, and required"
    config = config_of(struct)
    if config.forbid_unknown_fields:
        known = {field.encode_name for field in fields} | {config.tag_field}
        yield from ((member(path, name), "Unknown") for name in members if name not in known)


def _member_types(
    members: Mapping[str, object], annotation: object, struct: type[Struct] | None
) -> Iterator[tuple[str, object]]:
    if struct is not None:
        for field in msgspec.structs.fields(struct):
            if field.encode_name in members:
                yield field.encode_name, field.type
        return
    kinds = [part for part in parts_of(annotation) if get_origin(part) in {dict, Mapping}]
    if len(kinds) == 1:
        yield from ((name, get_args(kinds[0])[1]) for name in members)


def _item_types(items: Sequence[object], annotation: object) -> Sequence[object]:
    kinds = [part for part in parts_of(annotation) if get_origin(part) in _SEQUENCES]
    if len(kinds) != 1:
        return ()
    first, *others = arguments = get_args(kinds[0])
    is_fixed = get_origin(kinds[0]) is tuple and others != [...]
    return arguments if is_fixed else [first] * len(items)


def _struct_of(members: Mapping[str, object], annotation: object) -> type[Struct] | None:
    """The Struct that an object is meant as: the only one there is, or the one that its tag names."""
    structs = [cast("type[Struct]", part) for part in parts_of(annotation) if is_struct(part)]
    if len(structs) == 1:
        return structs[0]
    for struct in structs:
        config = config_of(struct)
        if config.tag is not None and members.get(str(config.tag_field)) == config.tag:
            return struct
    return None
