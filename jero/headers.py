"""Header fields as a Struct or a mapping ↔ the pairs of bytes in ASGI messages."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final, cast, get_args

import msgspec
from msgspec import UNSET, Struct

from jero.annotations import has_text_form, parts_of, show
from jero.custom_types import PLAIN, Codec
from jero.http_date import format_http_date

type HeaderPairs = list[tuple[bytes, bytes]]
type RawHeaders = Mapping[str, str]
"""Header values by name, in any case. To send a field several times, use typed headers."""

_FRAMING: Final = ("content-length", "transfer-encoding")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NOT_A_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$|[^\x00-\xff]")


def encode_pair(name: str, value: str) -> tuple[bytes, bytes]:
    """One field for ASGI: a lower-case name and a value, both bytes.

    Raises `ValueError` for a name that is not a token, or a value that contains a line break, another control character
    or anything but Latin-1 (RFC 9110 § 5.1, § 5.5): such a value could end the field and forge the next.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
        raise TypeError(f"a header has the name {name!r}: expected a str")
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
        raise TypeError(f"header {name!r} has the value {value!r}: expected a str")
    if not _TOKEN.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a valid header name: use letters, digits and hyphens (RFC 9110 § 5.1)"
        )
    if _NOT_A_VALUE.search(value):
        raise ValueError(
            f"header {name!r} cannot have the value {value!r}: use Latin-1 without control characters and without"
            " surrounding whitespace (RFC 9110 § 5.5)"
        )
    return name.lower().encode("latin-1"), value.encode("latin-1")


def require_no_framing(names: Iterable[str]) -> None:
    """Raises `ValueError` for `Content-Length` and `Transfer-Encoding`."""
    for name in names:
        if name.lower() in _FRAMING:
            raise ValueError(
                f"{name} cannot be set, because the server frames the response: remove it"
            )


def merge(defaults: HeaderPairs, *layers: Iterable[tuple[bytes, bytes]]) -> HeaderPairs:
    """The fields of every layer. A later layer replaces all fields of the same name."""
    pairs = defaults
    for layer in map(list, layers):
        if layer:
            said = {name for name, _ in layer}
            pairs = [pair for pair in pairs if pair[0] not in said] + layer
    return pairs


def encode_raw(headers: RawHeaders | None) -> HeaderPairs:
    """The pairs of a mapping of names to values. Raises the errors of `encode_pair`, and `TypeError`."""
    if not headers:
        return []
    if not isinstance(headers, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
        raise TypeError(
            f"raw_headers is a {type(headers).__name__}: expected a mapping of names to values, such as"
            " `{'cache-control': 'no-store'}`; to send a field several times, use typed `headers`"
        )
    return [encode_pair(name, value) for name, value in headers.items()]


def field_names(struct: type[Struct], codec: Codec = PLAIN) -> list[tuple[str, str]]:
    """The fields of a header Struct, each as its attribute and its header name.

    `x_trace_id` becomes `x-trace-id`; a name set with `msgspec.field(name=…)` is used unchanged. Raises `TypeError`,
    which names the field, for a type that has no text form, and `ValueError` for a name that is not a valid header name
    or was renamed for JSON, as by `rename="camel"`.
    """
    names: list[tuple[str, str]] = []
    for field in msgspec.structs.fields(struct):
        require_text_form("header", field.name, field.type, codec)
        if is_list_of_dates(field.type):
            raise TypeError(
                f"the header field `{field.name}: {show(field.type)}` cannot be a list: dates in headers contain commas"
                " (RFC 9110 § 5.6.7); use a single datetime, or list[str]"
            )
        hyphenated = field.name.replace("_", "-")
        is_renamed = field.encode_name != field.name
        name = field.encode_name if is_renamed else hyphenated
        if is_renamed and name.lower() != hyphenated.lower() and name in _styled(field.name):
            raise ValueError(
                f"{struct.__name__} renames `{field.name}` to {name!r}, but the header is {hyphenated!r}: declare"
                f" the Struct with `rename='kebab'`; if the header really is {name!r}, name the field"
                f" `{name.replace('_', '').lower()}` with `msgspec.field(name={name!r})`"
            )
        encode_pair(name, "")
        names.append((field.name, name))
    return names


def _styled(name: str) -> Iterator[str]:
    """The names of a field in each style in which msgspec can rename a whole Struct for JSON."""
    for style in ("camel", "pascal", "upper", "lower"):
        yield from msgspec.defstruct("_", [(name, object)], rename=style).__struct_encode_fields__


def is_date(annotation: object) -> bool:
    """Whether values of this type are sent as HTTP-dates: `datetime` or `datetime | None`."""
    return datetime in parts_of(annotation)


def is_list_of_dates(annotation: object) -> bool:
    """Whether this is a collection of dates, such as `list[datetime]`."""
    return any(map(is_date, (item for part in parts_of(annotation) for item in get_args(part))))


def require_text_form(kind: str, name: str, annotation: object, codec: Codec) -> None:
    """Raises `TypeError` if values of this type cannot be written as text."""
    if not has_text_form(codec.in_text(annotation)):
        raise TypeError(
            f"the {kind} field `{name}: {show(annotation)}` has no text form: use str, int, float, bool, a date, a UUID"
            " or an Enum, or declare the type in the application's `custom_types`"
        )


def compile_encoder(struct: type[Struct], codec: Codec = PLAIN) -> Callable[[Struct], HeaderPairs]:
    """Read the fields of a header Struct once; return a function that turns its instances into pairs.

    A field that is `None` or `UNSET` is left out, a collection is sent as one field for each element, and a `datetime`
    as an HTTP-date (RFC 9110 § 5.6.7). Raises the errors of `field_names`. The function raises `ValueError` for an
    invalid header value, such as a `datetime` without a time zone.
    """
    names = field_names(struct, codec)

    def encode(headers: Struct) -> HeaderPairs:
        pairs: HeaderPairs = []
        for attribute, name in names:
            value: object = getattr(headers, attribute)
            if value is None or value is UNSET:
                continue
            is_list = isinstance(value, list | tuple | AbstractSet)
            values = cast("Collection[object]", value) if is_list else (value,)
            texts = [_text(each, codec) for each in values if each is not None]
            if isinstance(value, AbstractSet):
                texts.sort()  # so that every process sends the same
            pairs += (encode_pair(name, text) for text in texts)
        return pairs

    return encode


def _text(value: object, codec: Codec) -> str:
    if isinstance(value, datetime):
        return format_http_date(value)
    plain = codec.to_builtins(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return str(plain)
