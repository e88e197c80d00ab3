"""The msgspec description of a type → its JSON Schema (Draft 2020-12). Components are named elsewhere."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Final, NewType, Protocol, cast, get_args, get_origin

from msgspec import NODEFAULT
from msgspec import inspect as mi

from jero.shapes import FIELDED, Fielded

type Members = dict[str, object]
"""An object of an OpenAPI document."""

type Component = Fielded | mi.EnumType
"""The types with a name, whose schemas are components that others refer to."""

COMPONENTS: Final = (*FIELDED, mi.EnumType)

_BOUNDS: Final = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_LENGTHS: Final = {"min_length": "minLength", "max_length": "maxLength"}
_PLAIN: Final[Mapping[type[mi.Type], Mapping[str, object]]] = {
    mi.AnyType: {},
    mi.RawType: {},
    mi.NoneType: {"type": "null"},
    mi.BoolType: {"type": "boolean"},
    mi.DateType: {"type": "string", "format": "date"},
    mi.TimeDeltaType: {"type": "string", "format": "duration"},
    mi.UUIDType: {"type": "string", "format": "uuid"},
    mi.DecimalType: {"type": "string", "format": "decimal"},
}
"""The schemas of types without constraints of their own."""


class Surroundings(Protocol):
    """The context that the schema of a type depends on."""

    def refer(self, cls: object) -> str:
        """A reference to the component of a class."""
        ...

    def custom(self, kind: type) -> Members:
        """The schema of a type that msgspec does not support."""
        ...

    def to_builtins(self, value: object) -> object:
        """The value as it is in JSON, in builtin types."""
        ...


def schema_of(shape: mi.Type, around: Surroundings, *, is_component: bool = False) -> Members:
    """The schema of a type: a reference where it has a component, unless this is that component."""
    extra: Members = {}
    while isinstance(shape, mi.Metadata):
        extra = merged(extra, cast("Members", shape.extra_json_schema or {}))  # pyright: ignore[reportUnknownMemberType] - a plain `dict` there
        shape = shape.type
    if isinstance(shape, COMPONENTS):
        if not is_component:
            return extra | {"$ref": around.refer(shape.cls)}
        return merged(_component(shape, around), extra)
    if isinstance(shape, mi.CustomType):
        return merged(around.custom(shape.cls), extra)
    return extra | _schema(shape, around)


def merged(members: Members, others: Mapping[str, object]) -> Members:
    """The members of both. The latter take precedence, and nested objects are merged."""
    result = dict(members)
    for name, value in others.items():
        own = result.get(name)
        if isinstance(own, dict) and isinstance(value, dict):
            result[name] = merged(cast("Members", own), cast("Members", value))
        else:
            result[name] = value
    return result


def title_of(cls: object) -> str:
    """The name of a class, with its arguments if it is generic: `Page[Item]`."""
    origin = get_origin(cls)
    if origin is None:
        return cast("type", cls).__name__
    arguments = (
        each.__name__ if isinstance(each, type | NewType) else repr(each) for each in get_args(cls)
    )
    return f"{origin.__name__}[{', '.join(arguments)}]"


def _schema(shape: mi.Type, around: Surroundings) -> Members:
    match shape:
        case mi.CollectionType() | mi.TupleType():
            return _array(shape, around)
        case mi.DictType():
            return _object(shape, around)
        case mi.UnionType():
            return _union(shape, around)
        case _ if type(shape) in _PLAIN:
            return dict(_PLAIN[type(shape)])
        case _:
            return _scalar(shape)


def _scalar(shape: mi.Type) -> Members:
    match shape:
        case mi.IntType():
            return {"type": "integer", **_set(_BOUNDS, shape)}
        case mi.FloatType():
            return {"type": "number", **_set(_BOUNDS, shape)}
        case mi.StrType():
            return {"type": "string", **_set(_LENGTHS | {"pattern": "pattern"}, shape)}
        case mi.BytesType() | mi.ByteArrayType() | mi.MemoryViewType():
            lengths = {name: 4 * ((size + 2) // 3) for name, size in _set(_LENGTHS, shape).items()}
            return {"type": "string", "contentEncoding": "base64", **lengths}
        case mi.DateTimeType():
            # A time without an offset is not RFC 3339. If both are allowed, most values have one.
            return {"type": "string"} if shape.tz is False else _text("date-time")
        case mi.TimeType():
            return _text("partial-time" if shape.tz is False else "time")
        case mi.LiteralType():
            return {"enum": list(shape.values)}
        case _:
            raise TypeError(f"{type(shape).__name__} has no JSON Schema")


def _text(form: str) -> Members:
    return {"type": "string", "format": form}


def _set(names: Mapping[str, str], shape: mi.Type) -> dict[str, int]:
    """The constraints of a type, by their names in JSON Schema."""
    values = {name: getattr(shape, own) for own, name in names.items()}
    return {name: value for name, value in values.items() if value is not None}


def _array(shape: mi.CollectionType | mi.TupleType, around: Surroundings) -> Members:
    if isinstance(shape, mi.TupleType):
        items = [schema_of(each, around) for each in shape.item_types]
        size = len(items)
        fixed: Members = {"type": "array", "minItems": size, "maxItems": size}
        return fixed | ({"prefixItems": items, "items": False} if items else {})
    schema: Members = {"type": "array"}
    if items_schema := schema_of(shape.item_type, around):
        schema["items"] = items_schema
    schema |= _set({"max_length": "maxItems", "min_length": "minItems"}, shape)
    if isinstance(shape, mi.SetType | mi.FrozenSetType):
        schema["uniqueItems"] = True
    return schema


def _object(shape: mi.DictType, around: Surroundings) -> Members:
    schema: Members = {"type": "object"}
    key = shape.key_type
    while isinstance(key, mi.Metadata):
        key = key.type
    if isinstance(key, mi.StrType):
        names = schema_of(shape.key_type, around)
        del names["type"]  # it is always a string
        if names:
            schema["propertyNames"] = names
    if values := schema_of(shape.value_type, around):
        schema["additionalProperties"] = values
    return schema | _set({"max_length": "maxProperties", "min_length": "minProperties"}, shape)


def _union(shape: mi.UnionType, around: Surroundings) -> Members:
    tagged: list[mi.StructType] = []
    others: list[mi.Type] = []
    nones: list[mi.Type] = []
    for each in shape.types:
        real = each
        while isinstance(real, mi.Metadata):
            real = real.type
        if isinstance(real, mi.NoneType):
            nones.append(each)
        elif isinstance(real, mi.StructType) and real.tag is not None and not real.array_like:
            tagged.append(real)
        else:
            others.append(each)
    if len(tagged) < 2:
        others = [each for each in shape.types if each not in nones]
        return {"anyOf": [schema_of(each, around) for each in (*others, *nones)]}
    mapping = {str(each.tag): around.refer(each.cls) for each in tagged}
    either: Members = {
        "anyOf": [schema_of(each, around) for each in tagged],
        "discriminator": {"propertyName": tagged[0].tag_field, "mapping": mapping},
    }
    if not (others or nones):
        return either
    before, after = ([schema_of(each, around) for each in some] for some in (others, nones))
    return {"anyOf": [*before, either, *after]}


# Components.


def _component(shape: Component, around: Surroundings) -> Members:
    schema: Members = {"title": title_of(shape.cls)}
    if description := _docstring(shape):
        schema["description"] = description
    if isinstance(shape, mi.EnumType):
        return schema | {"enum": _sorted([each.value for each in shape.cls])}
    fields = {field.encode_name: _field(field, around) for field in shape.fields}
    required = [field.encode_name for field in shape.fields if field.required]
    if isinstance(shape, mi.StructType) and shape.tag_field is not None:
        fields = {shape.tag_field: {"enum": [shape.tag]}, **fields}
        required.insert(0, shape.tag_field)
    is_closed = getattr(shape, "forbid_unknown_fields", False)
    if isinstance(shape, mi.NamedTupleType) or getattr(shape, "array_like", False):
        # A tag is the first item, so required items are counted from the end.
        optional = 0
        for field in reversed(shape.fields):
            if field.required:
                break
            optional += 1
        schema |= {
            "type": "array",
            "prefixItems": list(fields.values()),
            "minItems": len(fields) - optional,
        }
        is_fixed = is_closed or isinstance(shape, mi.NamedTupleType)
        return schema | ({"maxItems": len(fields)} if is_fixed else {})
    schema |= {"type": "object", "properties": fields, "required": required}
    return schema | ({"additionalProperties": False} if is_closed else {})


def _field(field: mi.Field, around: Surroundings) -> Members:
    schema = schema_of(field.type, around)
    if field.required:
        return schema
    default = field.default
    if field.default_factory in {list, dict, set, bytearray}:
        default = cast("Callable[[], object]", field.default_factory)()
    return schema | default_of(default, around)


def default_of(default: object, around: Surroundings) -> Members:
    """The member `default` of a schema; empty if there is no default, or none with a JSON form."""
    if default is NODEFAULT:
        return {}
    value = around.to_builtins(default)
    return {"default": value} if _has_json(value) else {}


def _has_json(value: object) -> bool:
    """Whether a value has a JSON form, unlike infinity and NaN."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_has_json, cast("Members", value).values()))
    return not isinstance(value, list | tuple) or all(map(_has_json, cast("list[object]", value)))


def _sorted(values: list[object]) -> list[object]:
    try:
        return [*sorted(cast("list[str]", values))]
    except TypeError:  # of several types
        return values


def _docstring(shape: Component) -> str:
    """The docstring of the class, unless Python generated it."""
    cls = cast("type", get_origin(shape.cls) or shape.cls)
    text = cls.__doc__ or ""
    is_made = isinstance(shape, mi.DataclassType | mi.NamedTupleType) and text.startswith(
        f"{cls.__name__}("
    )
    return "" if is_made else inspect.cleandoc(text)
