"""Text by name → a Struct: path parameters, a query string, header fields."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Union, cast, get_args

import msgspec
from msgspec import Struct

from jero.annotations import config_of, is_collection, parts_of, without_none
from jero.custom_types import PLAIN, Codec
from jero.errors import Fault, InvalidRequestError, Place
from jero.faults import Convert, explain, find_faults, member
from jero.fields import combine, elements
from jero.finite import is_finite
from jero.headers import field_names, is_date, require_text_form
from jero.http_date import parse_http_date

_NOT_A_DATE: Final = "Expected an HTTP-date, such as `Sun, 06 Nov 1994 08:49:37 GMT`"

type Texts = Mapping[str, Sequence[str]]
"""The texts given for each name, one for each time the name occurs."""


class _Field(Struct, frozen=True):
    key: str
    """Its name for msgspec."""

    name: str
    """Its name in the request."""

    annotation: object
    is_list: bool
    is_required: bool
    is_header: bool
    is_date: bool
    guards: Sequence[Callable[[str], str] | None]
    """The guard (see `compile_guard`) of its type, or of each of its items; the last one applies to all that follow."""

    def value_of(self, given: Sequence[str]) -> str | list[str]:
        """The value for msgspec to convert: a text or a list; also a list, which fails, if one text is expected."""
        texts = given
        if self.is_header:
            texts = elements(self.name, given) if self.is_list else [combine(self.name, given)]
        if self.is_date:
            texts = list(map(_rewrite_date, texts))
        if any(self.guards):
            texts = [self._guarded(text, number) for number, text in enumerate(texts)]
        return list(texts) if self.is_list or len(texts) > 1 else texts[0]

    def _guarded(self, text: str, number: int) -> str:
        guard = self.guards[min(number, len(self.guards) - 1)]
        return text if guard is None else guard(text)


def compile_reader(
    place: Place, struct: type[Struct], codec: Codec = PLAIN
) -> Callable[[Texts], Struct]:
    """Read the fields of a Struct once; return a function that creates instances of it from text.

    A field that is a list, a set or a tuple takes every text of its name, any other field exactly one. Names without a
    field are ignored, unless the Struct forbids unknown fields. The function raises `InvalidRequestError` with every
    fault. Raises `TypeError`, which names the field, for a type that has no text form.
    """
    fields = _fields(place, struct, codec)
    convert = partial(codec.convert, is_text=True)
    known = {field.name for field in fields}
    is_closed = place == "query" and config_of(struct).forbid_unknown_fields
    if config_of(struct).array_like:
        raise TypeError(
            f"{struct.__name__} is `array_like`, but parameters have names: remove `array_like`"
        )

    def read(texts: Texts) -> Struct:
        values: dict[str, object] = {}
        for field in fields:
            given = texts.get(field.name)
            if given is not None:
                values[field.key] = field.value_of(given)
        if is_closed and not known.issuperset(texts):
            raise InvalidRequestError(faults(texts))
        try:
            return cast("Struct", convert(values, struct))
        except msgspec.ValidationError as error:
            where, what = explain(error)
            raise InvalidRequestError(faults(texts) or [Fault(place, where, what)]) from None

    def faults(texts: Texts) -> list[Fault]:
        found = [fault for field in fields for fault in _faults_of(field, place, texts, convert)]
        unknown = [name for name in texts if name not in known] if is_closed else []
        return found + [Fault(place, member("$", name), "Unknown") for name in unknown]

    return read


def _faults_of(field: _Field, place: Place, texts: Texts, convert: Convert) -> list[Fault]:
    path = member("$", field.name)
    given = texts.get(field.name)
    if given is None:
        return [Fault(place, path, "Missing, and required")] if field.is_required else []
    value = field.value_of(given)
    if isinstance(value, list) and not field.is_list:
        return [Fault(place, path, f"Given {len(given)} times, expected once")]
    found = find_faults(place, value, field.annotation, path=path, convert=convert)
    if not field.is_date:
        return found
    return [
        msgspec.structs.replace(fault, detail=_NOT_A_DATE) if "RFC3339" in fault.detail else fault
        for fault in found
    ]


def _rewrite_date(text: str) -> str:
    """An HTTP-date in the format that msgspec reads (RFC 3339); any other text unchanged."""
    time = parse_http_date(text)
    return text if time is None else time.isoformat()


def compile_guard(annotation: object) -> Callable[[str], str] | None:
    """A function that keeps msgspec's lax mode from reading text as `None`, NaN or an infinity.

    It changes such text to one that msgspec rejects, and returns other text unchanged. `None` if no guard is needed.
    """
    if not any(_is_unreal(annotation, text) for text in ("null", "nan")):
        return None

    def guard(text: str) -> str:
        # All of those words contain an `n`, and numbers do not.
        is_unreal = "n" in text.lower() and _is_unreal(annotation, text)
        return f"{text}\N{ZERO WIDTH SPACE}" if is_unreal else text

    return guard


def _is_unreal(annotation: object, text: str) -> bool:
    try:
        read: object = msgspec.convert(text, annotation, strict=False)
    except msgspec.ValidationError:
        return False
    return read is None or not is_finite(read)


def _items_of(annotation: object) -> Sequence[object]:
    """The type of each text that a field of this type takes; the last one applies to all that follow."""
    parts = parts_of(annotation)
    collections = [part for part in parts if is_collection(part)]
    if not collections:
        return (annotation,)
    items = [each for each in get_args(collections[0]) if each is not ...]
    others = [part for part in parts if part not in collections]
    return [Union[(each, *others)] for each in items or (str,)]


def _fields(place: Place, struct: type[Struct], codec: Codec) -> list[_Field]:
    fields = msgspec.structs.fields(struct)
    if place == "header":
        names = [name.lower() for _, name in field_names(struct, codec)]
    else:
        for field in fields:
            require_text_form(place, field.name, field.type, codec)
        names = [field.encode_name for field in fields]
    return [
        _Field(
            key=field.encode_name,
            name=name,
            annotation=without_none(field.type),
            is_list=any(map(is_collection, parts_of(field.type))),
            is_required=field.required,
            is_header=place == "header",
            is_date=place == "header" and is_date(field.type),
            guards=[compile_guard(each) for each in _items_of(codec.in_text(field.type))],
        )
        for field, name in zip(fields, names, strict=True)
    ]
