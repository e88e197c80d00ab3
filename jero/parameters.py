"""Text by name → a Struct: the slots of a path, a query string, header fields."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast, get_origin

import msgspec
from msgspec import Struct

from jero.annotations import config_of, parts_of, without_none
from jero.errors import InvalidRequestError
from jero.faults import Fault, Place, explain, find_faults, member
from jero.fields import combine, elements
from jero.finite import is_finite
from jero.headers import field_names, is_date, require_text_form
from jero.http_date import parse_http_date

_NOT_A_DATE: Final = "Expected an HTTP-date, such as `Sun, 06 Nov 1994 08:49:37 GMT`"

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
    is_date: bool
    guard: Callable[[str], str] | None

    def value_of(self, given: Sequence[str]) -> str | list[str]:
        """What msgspec is to convert: one text, or a list; also where there ought to be one, so that it refuses."""
        texts = given
        if self.is_header:
            texts = elements(self.name, given) if self.is_list else [combine(self.name, given)]
        if self.is_date:
            texts = list(map(_rewrite_date, texts))
        if self.guard is not None:
            texts = list(map(self.guard, texts))
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
    found = find_faults(place, value, field.annotation, path=path, is_text=True)
    if not field.is_date:
        return found
    return [
        msgspec.structs.replace(fault, detail=_NOT_A_DATE) if "RFC3339" in fault.detail else fault
        for fault in found
    ]


def _rewrite_date(text: str) -> str:
    """An HTTP-date in the format that msgspec reads (RFC 3339); any other text as it is."""
    time = parse_http_date(text)
    return text if time is None else time.isoformat()


def compile_guard(annotation: object) -> Callable[[str], str] | None:
    """The function that keeps text from being read as `None`, NaN or an infinity, which only msgspec's lax mode does.

    It returns other text as it is, and such text as one that msgspec refuses. `None` if the type needs no guard.
    """
    if not any(_is_unreal(annotation, text) for text in ("null", "nan")):
        return None

    def guard(text: str) -> str:
        # All of those words have an `n` in them, and numbers have none.
        is_unreal = "n" in text.lower() and _is_unreal(annotation, text)
        return f"{text}\N{ZERO WIDTH SPACE}" if is_unreal else text

    return guard


def _is_unreal(annotation: object, text: str) -> bool:
    for value in (text, [text]):
        try:
            read: object = msgspec.convert(value, annotation, strict=False)
        except msgspec.ValidationError:
            continue
        each = cast("list[object]", read)[0] if isinstance(read, list) else read
        return each is None or not is_finite(each)
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
            is_date=place == "header" and is_date(field.type),
            guard=compile_guard(field.type),
        )
        for field, name in zip(fields, names, strict=True)
    ]
