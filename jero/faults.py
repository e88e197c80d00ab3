"""What is wrong with a value, all of it: msgspec stops at the first fault, and who sent it wants to mend it once.

Nothing of this runs while requests are as they should be.
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
"""Makes a value one of a type. Raises `msgspec.ValidationError`."""

type _Path = tuple[_Path, str | int] | str
"""Where a value is: in what, and its name or number there. Written out only where there is a fault, because a name can
be as long as the request."""

MOST: Final = 20
"""How many faults are listed at most."""

_DEPTH: Final = 8
"""How deep they are looked for. Of what is wrong further in, only the first fault is listed, with its path."""

_VALUES: Final = 10_000
"""How many values are looked at one by one. Beyond them, too, only the first fault is found."""

_LONG: Final = 200
"""How long a name or a detail may be that is sent back, in characters: it may hold what the client has sent."""

_PLAIN: Final = re.compile(r"[\w-]+")


def find_faults(
    place: Place,
    value: object,
    annotation: object,
    *,
    convert: Convert = PLAIN.convert,
    path: str = "$",
) -> list[Fault]:
    """What keeps `value` from being of this type, which is what `convert` says.

    The work is linear in the size of `value`, and the faults are short however long its strings are.
    """
    found = _Search(convert).find(value, annotation, path, _DEPTH)
    return [Fault(place, where, shorten(what)) for where, what in islice(found, MOST)]


def explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """The JSON path of what msgspec has found wrong, and what that is."""
    # As in "Invalid enum value 'x' - at `$.a`" and "Expected `int`, got `str` - at `key` in `$.a`". What stands before
    # the path can hold text of the client's, so it is searched from the end, and by nothing that could backtrack.
    what, _, path = str(error).rpartition(" - at ")
    where = path.removeprefix("`key` in ")
    if not (where.startswith("`$") and where.endswith("`")):
        return "$", shorten(str(error))
    is_key = len(where) < len(path)
    return shorten(where.strip("`")), shorten(what) + (" as a key" if is_key else "")


def member(path: str, name: str) -> str:
    """The path of a member of what is at `path`: in brackets where its name would not read as one (RFC 9535 § 2.5)."""
    name = shorten(name)
    if _PLAIN.fullmatch(name):
        return f"{path}.{name}"
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"


def shorten(text: str) -> str:
    """The text, or its beginning and an ellipsis where it is too long to be sent back."""
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _show(path: _Path) -> str:
    if isinstance(path, str):
        return path
    outer, name = path
    return f"{_show(outer)}[{name}]" if isinstance(name, int) else member(_show(outer), name)


class _Search:
    """Looks for what is wrong, from the outside in."""

    def __init__(self, convert: Convert) -> None:
        self._convert = convert
        self._values_left = _VALUES

    def find(
        self, value: object, annotation: object, path: _Path, depth: int
    ) -> Iterator[tuple[str, str]]:
        """Each fault of `value`, no more than `depth` levels in: its path, and what it is."""
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
    """The class that an object is meant as: the only one there is, or the Struct that its tag names."""
    kinds = [part for part in parts_of(annotation) if has_members(part)]
    if len(kinds) == 1:
        return kinds[0]
    for kind in kinds:
        config = config_of(cast("type[Struct]", kind)) if is_struct(kind) else None
        if config and config.tag is not None and members.get(str(config.tag_field)) == config.tag:
            return kind
    return None
