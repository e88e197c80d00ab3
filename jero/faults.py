"""Finds every fault of an invalid value. msgspec stops at the first one, and clients want to fix all of them at once.

Runs only for invalid requests.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from jero.annotations import COLLECTIONS, MAPPINGS, config_of, is_struct, parts_of
from jero.custom_types import PLAIN
from jero.errors import Fault, Place
from jero.members import has_members, members_of

type Convert = Callable[[object, object], object]
"""Converts a value to a type. Raises `msgspec.ValidationError`."""

type _Path = tuple[_Path, str | int] | str
"""The location of a value: that of its container, and its name or index in it. Formatted only for faults, because a
name can be as long as the request."""

MOST: Final = 20
"""The most faults that are listed."""

_DEPTH: Final = 8
"""How many levels deep values are searched. Of faults below that, only the first is listed."""

_VALUES: Final = 10_000
"""How many values are checked one by one. Of faults after that, only the first is listed."""

_LONG: Final = 200
"""The longest name or detail that is sent back, in characters: it can contain text from the request."""

_PLAIN: Final = re.compile(r"[\w-]+")


def find_faults(
    place: Place,
    value: object,
    annotation: object,
    *,
    convert: Convert = PLAIN.convert,
    path: str = "$",
) -> list[Fault]:
    """The faults that keep `convert` from converting `value` to this type.

    The work is linear in the size of `value`, and the faults are short, however long its strings are.
    """
    found = _Search(convert).find(value, annotation, path, _DEPTH)
    return [Fault(place, where, shorten(what)) for where, what in islice(found, MOST)]


def explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """The JSON path and the description of the fault that msgspec has found."""
    # As in "Invalid enum value 'x' - at `$.a`" and "Expected `int`, got `str` - at `key` in `$.a`". The part before the
    # path can contain text from the request, so it is searched from the end, without backtracking.
    what, _, path = str(error).rpartition(" - at ")
    where = path.removeprefix("`key` in ")
    if not (where.startswith("`$") and where.endswith("`")):
        return "$", shorten(str(error))
    is_key = len(where) < len(path)
    return shorten(where.strip("`")), shorten(what) + (" as a key" if is_key else "")


def member(path: str, name: str) -> str:
    """The path of a member of the object at `path`; in brackets unless its name is a plain word (RFC 9535 § 2.5)."""
    name = shorten(name)
    if _PLAIN.fullmatch(name):
        return f"{path}.{name}"
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"


def shorten(text: str) -> str:
    """The text, or its beginning and an ellipsis if it is too long to be sent back."""
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _show(path: _Path) -> str:
    if isinstance(path, str):
        return path
    outer, name = path
    return f"{_show(outer)}[{name}]" if isinstance(name, int) else member(_show(outer), name)


class _Search:
    """Searches a value for faults, from the outside in."""

    def __init__(self, convert: Convert) -> None:
        self._convert = convert
        self._values_left = _VALUES

    def find(
        self, value: object, annotation: object, path: _Path, depth: int
    ) -> Iterator[tuple[str, str]]:
        """The path and the description of each fault of `value`, at most `depth` levels deep."""
        try:
            self._convert(value, annotation)
        except msgspec.ValidationError as error:
            is_found_inside = False
            for fault in self._find_inside(value, annotation, path, depth - 1):
                is_found_inside = True
                yield fault
            if not is_found_inside:
                where, what = explain(error)
                yield _show(path) + where.removeprefix("$"), what

    def _find_inside(
        self, value: object, annotation: object, path: _Path, depth: int
    ) -> Iterator[tuple[str, str]]:
        if not depth:
            return
        parts: Iterable[tuple[str | int, object, object]] = ()
        if isinstance(value, dict):
            members = cast("Mapping[str, object]", value)
            cls = _class_of(members, annotation)
            if cls is not None:
                yield from _find_absent_and_unknown(members, cls, path)
            kinds = _member_types(members, annotation, cls)
            parts = ((name, members[name], kind) for name, kind in kinds)
        elif isinstance(value, list):
            items = cast("list[object]", value)
            parts = zip(range(len(items)), items, _item_types(items, annotation), strict=False)
        for name, part, kind in parts:
            if not self._values_left:
                return
            self._values_left -= 1
            yield from self.find(part, kind, (path, name), depth)


def _find_absent_and_unknown(
    members: Mapping[str, object], kind: object, path: _Path
) -> Iterator[tuple[str, str]]:
    expected = members_of(kind)
    for each in expected:
        if each.is_required and each.wire_name not in members:
            yield _show((path, each.wire_name)), "Missing, and required"
    if not is_struct(kind):
        return
    config = config_of(cast("type[Struct]", kind))
    if config.forbid_unknown_fields:
        known = {each.wire_name for each in expected} | {config.tag_field}
        yield from ((_show((path, name)), "Unknown") for name in members if name not in known)


def _member_types(
    members: Mapping[str, object], annotation: object, kind: object
) -> Iterator[tuple[str, object]]:
    if kind is not None:
        for each in members_of(kind):
            if each.wire_name in members:
                yield each.wire_name, each.annotation
        return
    kinds = [part for part in parts_of(annotation) if get_origin(part) in MAPPINGS]
    if len(kinds) == 1:
        yield from ((name, get_args(kinds[0])[1]) for name in members)


def _item_types(items: Sequence[object], annotation: object) -> Sequence[object]:
    kinds = [part for part in parts_of(annotation) if get_origin(part) in COLLECTIONS]
    if len(kinds) != 1:
        return ()
    first, *others = arguments = get_args(kinds[0])
    is_fixed = get_origin(kinds[0]) is tuple and others != [...]
    return arguments if is_fixed else [first] * len(items)


def _class_of(members: Mapping[str, object], annotation: object) -> object:
    """The class that an object is meant to be: the only one in the annotation, or the Struct with its tag."""
    kinds = [part for part in parts_of(annotation) if has_members(part)]
    if len(kinds) == 1:
        return kinds[0]
    for kind in kinds:
        config = config_of(cast("type[Struct]", kind)) if is_struct(kind) else None
        if config and config.tag is not None and members.get(str(config.tag_field)) == config.tag:
            return kind
    return None
