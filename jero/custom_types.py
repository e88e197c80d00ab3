"""Custom types: how an application declares the JSON form of types that msgspec does not support.

A `Codec` does all of an application's JSON: encoding, decoding, conversion from text, and rejecting unsupported types.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Never, Union, cast, final, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec import inspect as mi

from jero.annotations import is_collection, parts_of, show
from jero.generics import expand
from jero.shapes import Foreign, foreign_types, shape_of

_CONTAINERS: Final = (dict, list, tuple, set, frozenset)
"""The types that msgspec encodes itself, subclasses included."""


@final
class CustomType:
    """The JSON and text form of a class that msgspec does not support, for an application's `custom_types`.

        class App(BaseApp):
            custom_types = (
                CustomType(Path, str, encode=str, decode=Path),
                CustomType(ObjectId, str, encode=str, decode=ObjectId, meta=Meta(pattern="^[0-9a-f]{24}$")),
            )

    `wire` is the type that represents the class in JSON. OpenAPI documents that type, and `decode` is only called with
    values of it. `meta` adds constraints, which are checked before `decode` is called, and a description, examples or
    an `extra_json_schema` for OpenAPI. `encode` is also called for instances of subclasses, such as a `PosixPath` for
    `Path`. Without `decode` the class can only be sent.

    An exception from `decode` means that the value is invalid, and is answered with a 422. Its detail is the text of
    the exception if that is a `ValueError` or a `TypeError`. An exception from `encode` is an error of the
    application, as in any handler.
    """

    def __init__[T, W](
        self,
        kind: type[T],
        wire: type[W],
        *,
        encode: Callable[[T], W],
        decode: Callable[[W], T] | None = None,
        meta: Meta | None = None,
    ) -> None:
        self.kind: type = kind
        """The custom class."""
        self.wire: object = wire if meta is None else Annotated[wire, meta]
        """The type that represents it in JSON; an `Annotated` type if there is a `meta`."""
        self.encode: Callable[[Never], object] = encode
        """Converts an instance to its JSON value."""
        self.decode: Callable[[Never], object] | None = decode
        """Converts a JSON value to an instance."""


type CustomTypes = Sequence[CustomType]
"""The custom types of an application, or of a test that reads its responses."""


class Codec:
    """Encodes and decodes the JSON of one application. Raises `TypeError` for invalid custom types."""

    def __init__(self, custom_types: CustomTypes = ()) -> None:
        self._custom: dict[type, CustomType] = {}
        self._found: dict[type, CustomType | None] = {}
        for each in custom_types:
            _require_usable(each, self._custom)
            self._custom[each.kind] = each
        for each in custom_types:
            try:
                self.require(each.wire, is_read=each.decode is not None)
            except TypeError as error:
                name = each.kind.__name__
                raise TypeError(f"{name} is sent as {show(each.wire)}, but {error}") from error
        self._encoder = msgspec.json.Encoder(enc_hook=self._encode)
        self.encode: Final[Callable[[object], bytes]] = self._encoder.encode

    def decoder(self, annotation: object) -> msgspec.json.Decoder[Any]:
        """The decoder of a type. Raises `TypeError` if it cannot be decoded."""
        annotation = expand(annotation)
        self.require(annotation, is_read=True)
        return msgspec.json.Decoder(annotation, dec_hook=self._decode)

    def convert(self, value: object, annotation: object, *, is_text: bool = False) -> object:
        """Convert a decoded JSON value, or text if `is_text`, to this type. Raises `msgspec.ValidationError`."""
        hook = self._decode_text if is_text else self._decode
        return msgspec.convert(value, annotation, strict=not is_text, str_keys=True, dec_hook=hook)

    def to_builtins(self, value: object) -> object:
        """The value as it is in JSON, in builtin types."""
        return msgspec.to_builtins(value, str_keys=True, enc_hook=self._encode)

    def wire_of(self, kind: type) -> object:
        """The type that represents a custom type in JSON; `None` if the class is not a custom type."""
        custom = self._find(kind)
        return None if custom is None else custom.wire

    def in_text(self, annotation: object) -> object:
        """The type with custom types replaced by the types that represent them, for parameters."""
        if not self._custom:
            return annotation
        parts: list[object] = []
        for part in parts_of(annotation):
            if isinstance(part, type) and (wire := self.wire_of(part)) is not None:
                parts.append(wire)
            elif is_collection(part) and get_args(part):
                items = tuple(
                    each if each is ... else self.in_text(each) for each in get_args(part)
                )
                parts.append(cast("Any", get_origin(part))[items])
            else:
                parts.append(part)
        return Union[tuple(parts)]  # noqa: UP007 - the parts are known only at run time

    def require(self, annotation: object, *, is_read: bool) -> None:
        """Raises `TypeError`, which names the field, for a type that contains one without a JSON form."""
        for foreign in foreign_types(shape_of(annotation)):
            kind = foreign.kind
            custom = self._custom.get(kind) if is_read else self._find(kind)
            if kind is object or (custom and not (is_read and custom.decode is None)):
                continue
            if not is_read and issubclass(kind, _CONTAINERS):
                continue
            raise TypeError(_explain(foreign, annotation, is_known=custom is not None))

    def _find(self, kind: type) -> CustomType | None:
        """The custom type of a class, or of its nearest base that has one."""
        if kind not in self._found:
            bases = (self._custom[each] for each in kind.__mro__ if each in self._custom)
            self._found[kind] = next(bases, None)
        return self._found[kind]

    def _encode(self, value: object) -> object:
        custom = self._find(type(value))
        if custom is None:
            name = type(value).__qualname__
            raise TypeError(
                f"{name} has no JSON form: declare it in the application's `custom_types`, or convert it first"
            )
        return cast("Callable[[object], object]", custom.encode)(value)

    def _decode(self, kind: type, value: object, *, is_text: bool = False) -> object:
        if kind is object:
            return value
        custom = self._custom[kind]
        try:
            wire = self.convert(value, custom.wire, is_text=is_text)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None  # msgspec adds the path, which this error lacks
        if isinstance(wire, Decimal) and not wire.is_finite():
            raise ValueError("Expected a finite number")
        try:
            return cast("Callable[[object], object]", custom.decode)(wire)
        except (ValueError, TypeError, RecursionError, MemoryError):
            raise
        except Exception as error:
            # Such as `decimal.InvalidOperation`, whose text does not help a client.
            raise ValueError(f"Invalid `{kind.__name__}`") from error

    def _decode_text(self, kind: type, value: object) -> object:
        return self._decode(kind, value, is_text=True)


def _explain(foreign: Foreign, annotation: object, *, is_known: bool) -> str:
    kind = foreign.kind.__name__
    where = f"the field `{foreign.field}: {kind}`" if foreign.field else f"`{show(annotation)}`"
    if is_known:
        return f"{where} can only be sent: give its `CustomType` a `decode`"
    if foreign.kind.__module__ == "collections.abc":
        return f"{where} has no JSON form: use a `list`, a `Sequence`, a `set` or a `dict`"
    return (
        f"{where} has no JSON form: declare it in the application's `custom_types`, as in"
        f" `CustomType({kind}, str, encode=str, decode={kind})`"
    )


def _require_usable(custom: CustomType, known: dict[type, CustomType]) -> None:
    if not isinstance(custom, CustomType):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
        raise TypeError(
            f"{custom!r} is not a `CustomType`: write it as `CustomType(Path, str, encode=str, decode=Path)`"
        )
    kind = custom.kind
    if not isinstance(kind, type):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
        raise TypeError(f"{kind!r} is not a class: name a class")
    if kind in known:
        raise TypeError(f"{kind.__name__} is declared twice: leave one of them out")
    if kind is object or issubclass(kind, _CONTAINERS) or not _is_foreign(custom.kind):
        raise TypeError(
            f"msgspec encodes and decodes {kind.__name__} itself, so a custom type has no effect: declare a class of"
            " your own"
        )


def _is_foreign(kind: object) -> bool:
    try:
        return isinstance(shape_of(kind), mi.CustomType)
    except TypeError:
        return False


PLAIN: Final = Codec()
"""The codec of an application without custom types."""
