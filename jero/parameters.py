"""Text by name → a Struct: the slots of a path, a query string, header fields."""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final, cast, get_origin

import msgspec
from msgspec import Struct

from jero.annotations import config_of, parts_of, without_none
from jero.errors import InvalidRequestError
from jero.faults import Fault, Place, explain, find_faults, member
from jero.fields import combine, elements
from jero.headers import field_names, require_text_form

_UNREAL: Final = (
    "null",
    *(sign + word for sign in ("", "+", "-") for word in ("nan", "inf", "infinity")),
)

type Texts = Mapping[str, Sequence[str]]
"""What was given, by name: one text, or as many as the name was given times."""


class _Field(Struct, frozen=True):
    key: str
    """What msgspec calls it."""

    name: str
    """What it is called in the request."""

    annotation: object
    is_list: bool
    is_required: bool
    is_header: bool
    unreal: frozenset[str]
    """What `unreal_texts` says of its type."""

    def value_of(self, given: Sequence[str]) -> str | list[str]:
        """What msgspec is to convert: one text, or a list; also where there ought to be one, so that it refuses."""
        texts = given
        if self.is_header:
            texts = elements(self.name, given) if self.is_list else [combine(self.name, given)]
        if self.unreal:
            texts = [guard(text, self.unreal) for text in texts]
        return list(texts) if self.is_list or len(texts) > 1 else texts[0]


def compile_reader(place: Place, struct: type[Struct]) -> Callable[[Texts], Struct]:
    """Read the fields of a Struct once; return the function that makes its instances from text.

    A field that is a list takes every text of its name, any other exactly one. What has no field is ignored, unless the
    Struct forbids unknown fields. The function raises `InvalidRequestError` with every fault. Raises `TypeError`,
    which names the field, for a type that has no text form.
    """
    fields = _fields(place, struct)
    known = {field.name for field in fields}
    is_closed = place == "query" and config_of(struct).forbid_unknown_fields
    if config_of(struct).array_like:
        raise TypeError(f"{struct.__name__} is `array_like`, and what it is made from has names")

    def read(texts: Texts) -> Struct:
        values: dict[str, object] = {}
        for field in fields:
            given = texts.get(field.name)
            if given is not None:
                values[field.key] = field.value_of(given)
        if is_closed and not known.issuperset(texts):
            raise InvalidRequestError(faults(texts))
        try:
            return msgspec.convert(values, struct, strict=False)
        except msgspec.ValidationError as error:
            where, what = explain(error)
            raise InvalidRequestError(faults(texts) or [Fault(place, where, what)]) from None

    def faults(texts: Texts) -> list[Fault]:
        found = [fault for field in fields for fault in _faults_of(field, place, texts)]
        unknown = [name for name in texts if name not in known] if is_closed else []
        return found + [Fault(place, member("$", name), "Unknown") for name in unknown]

    return read


def _faults_of(field: _Field, place: Place, texts: Texts) -> list[Fault]:
    path = member("$", field.name)
    given = texts.get(field.name)
    if given is None:
        return [Fault(place, path, "Missing, and required")] if field.is_required else []
    value = field.value_of(given)
    if isinstance(value, list) and not field.is_list:
        return [Fault(place, path, f"Given {len(given)} times, expected once")]
    return find_faults(place, value, field.annotation, path=path, is_text=True)


def unreal_texts(annotation: object) -> frozenset[str]:
    """What msgspec reads as `None` or as a number that has no JSON, in lower case: a text says neither."""
    return frozenset(filter(partial(_is_unreal, annotation), _UNREAL))


def guard(text: str, unreal: frozenset[str]) -> str:
    """The text, or where it is one of these, one that msgspec refuses as it does any that is no value."""
    return f"{text}\N{ZERO WIDTH SPACE}" if text.lower() in unreal else text


def _is_unreal(annotation: object, text: str) -> bool:
    for value in (text, [text]):
        try:
            read: object = msgspec.convert(value, annotation, strict=False)
        except msgspec.ValidationError:
            continue
        each = cast("list[object]", read)[0] if isinstance(read, list) else read
        return each is None or (isinstance(each, float | Decimal) and not math.isfinite(each))
    return False


def _fields(place: Place, struct: type[Struct]) -> list[_Field]:
    fields = msgspec.structs.fields(struct)
    if place == "header":
        names = [name.lower() for _, name in field_names(struct)]
    else:
        for field in fields:
            require_text_form(place, field.name, field.type)
        names = [field.encode_name for field in fields]
    return [
        _Field(
            key=field.encode_name,
            name=name,
            annotation=without_none(field.type),
            is_list=any(get_origin(part) is list for part in parts_of(field.type)),
            is_required=field.required,
            is_header=place == "header",
            unreal=unreal_texts(field.type),
        )
        for field, name in zip(fields, names, strict=True)
    ]
