"""A value that a JSON Schema accepts: the author's own example where there is one, or else a small one.

The same schema always has the same value, so files made of it can be compared byte for byte.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeGuard, cast

JSON: TypeAlias = Any
"""A decoded JSON value. What an application says of itself may be anything."""

DEPTH: Final = 6
"""How deep objects are filled in; below that, only what is required."""

DEEPEST: Final = 30
"""A schema that requires itself has no finite value; at this depth it is given up."""

_WORDS: Final = {
    "binary": "content",
    "byte": "Y29udGVudA==",
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00Z",
    "duration": "PT1H",
    "email": "ada@example.com",
    "hostname": "example.com",
    "idn-email": "ada@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "json-pointer": "/a",
    "password": "secret",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uri-reference": "/a",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

_PATTERNS: Final = ("a", "1", "a1", "abc", "fixedquery", "item-1", "2024-01-31")
"""Tried in this order where the schema has a pattern. One that none of them matches is not solved."""


class Schemas:
    """The schemas of one OpenAPI document, whose references it resolves."""

    def __init__(self, document: Mapping[str, JSON]) -> None:
        self._document = document

    def resolve(self, node: JSON) -> Mapping[str, JSON]:
        """The object that `node` is or refers to; empty if it is neither."""
        seen: set[str] = set()
        while isinstance(node, Mapping):
            found = cast("Mapping[str, JSON]", node)
            reference = found.get("$ref")
            if not isinstance(reference, str) or reference in seen:
                return found
            seen.add(reference)
            node = self._at(reference)
        return {}

    def value(self, schema: JSON, depth: int = 0) -> JSON:
        """A value for the schema."""
        found = self.resolve(schema)
        for key in ("example", "const", "default"):
            if found.get(key) is not None:
                return found[key]
        for key in ("examples", "enum"):
            if (first := _first(found.get(key))) is not None:
                return first
        if depth > DEEPEST:
            return None
        for key in ("oneOf", "anyOf"):
            if options := _list(found.get(key)):
                return self._of_options(found, options, depth)
        if parts := _list(found.get("allOf")):
            return self._of_parts(found, parts, depth)
        return self._of_type(found, depth)

    def properties(self, schema: JSON) -> Mapping[str, JSON]:
        """The properties of an object's schema, those of its parts included."""
        found = self.resolve(schema)
        properties: dict[str, JSON] = {}
        for part in _list(found.get("allOf")):
            properties |= self.properties(part)
        own = found.get("properties")
        return properties | dict(
            cast("Mapping[str, JSON]", own) if isinstance(own, Mapping) else {}
        )

    def _at(self, reference: str) -> JSON:
        node: JSON = self._document
        for part in reference.removeprefix("#").strip("/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            node = cast("Mapping[str, JSON]", node).get(name) if isinstance(node, Mapping) else None
        return node

    def _of_options(self, schema: Mapping[str, JSON], options: Sequence[JSON], depth: int) -> JSON:
        kept = [one for one in options if self.resolve(one).get("type") != "null"]
        value = self.value((kept or options)[0], depth + 1)
        if isinstance(value, dict) and "properties" in schema:
            own = self._of_type({**schema, "type": "object"}, depth)
            return {**own, **cast("dict[str, JSON]", value)}
        return cast("JSON", value)

    def _of_parts(self, schema: Mapping[str, JSON], parts: Sequence[JSON], depth: int) -> JSON:
        values = [self.value(part, depth + 1) for part in parts]
        if "properties" in schema:
            values.append(self._of_type({**schema, "type": "object"}, depth))
        objects = [cast("dict[str, JSON]", value) for value in values if isinstance(value, dict)]
        if not objects:
            return values[0]
        return {name: value for each in objects for name, value in each.items()}

    def _of_type(self, schema: Mapping[str, JSON], depth: int) -> JSON:
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return _string(schema)
            case "integer" | "number" as kind:
                return _number(schema, is_whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return "string"

    def _object(self, schema: Mapping[str, JSON], depth: int) -> JSON:
        required = set(map(str, _list(schema.get("required"))))
        value: dict[str, JSON] = {}
        for name, part in self.properties(schema).items():
            if name not in required and (depth >= DEPTH or self.resolve(part).get("readOnly")):
                continue
            value[name] = self.value(part, depth + 1)
        more = schema.get("additionalProperties")
        if not value and isinstance(more, Mapping):
            keys = schema.get("propertyNames")
            key = self.value(keys, depth + 1) if keys else "1"
            value[str(key)] = self.value(more, depth + 1)
        return value

    def _array(self, schema: Mapping[str, JSON], depth: int) -> JSON:
        first = [self.value(part, depth + 1) for part in _list(schema.get("prefixItems"))]
        fewest = max(_int(schema.get("minItems")), 0 if depth >= DEPTH else 1)
        if most := _int(schema.get("maxItems")):
            fewest = min(fewest, most)
        rest = schema.get("items")
        missing = min(fewest, 100) - len(first)
        if missing <= 0 or rest is False:
            return first
        one = self.value(rest, depth + 1)
        more = [one] * missing
        if schema.get("uniqueItems") and isinstance(one, int | str):
            more = [
                one + index if isinstance(one, int) else f"{one}{index or ''}"
                for index in range(missing)
            ]
        return first + more


def _type(schema: Mapping[str, JSON]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    if kinds := [each for each in _list(kind) if each != "null"]:
        return str(kinds[0])
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else None


def _string(schema: Mapping[str, JSON]) -> str:
    if (word := _WORDS.get(str(schema.get("format")))) is not None:
        return word
    if "contentMediaType" in schema:
        return _WORDS["binary"]
    fewest, most = _int(schema.get("minLength")), schema.get("maxLength")
    word = _matching(schema.get("pattern"), fewest, most)
    word += "a" * (min(fewest, 10_000) - len(word))
    return word[:most] if isinstance(most, int) else word


def _matching(pattern: JSON, fewest: int, most: JSON) -> str:
    if not isinstance(pattern, str):
        return "string"
    for word in (*_PATTERNS, pattern.strip("^$")):
        try:
            is_it = re.search(pattern, word) is not None
        except re.error:  # ECMAScript's patterns are not all Python's
            break
        if is_it and len(word) >= fewest and (not isinstance(most, int) or len(word) <= most):
            return word
    return "string"


def _number(schema: Mapping[str, JSON], *, is_whole: bool) -> int | float:
    low = _bound(schema, "minimum", "exclusiveMinimum", 1)
    high = _bound(schema, "maximum", "exclusiveMaximum", -1)
    value: float = 1
    if low is not None and value < low:
        value = low
    if high is not None and value > high:
        value = high if low is None or high >= low else low
    step = schema.get("multipleOf")
    if isinstance(step, int | float) and step > 0:
        value = math.ceil(value / step) * step
    if is_whole:
        return math.ceil(value)
    return int(value) if value == int(value) and not isinstance(value, int) else value


def _bound(schema: Mapping[str, JSON], key: str, exclusive: str, sign: int) -> float | None:
    inside, outside = schema.get(key), schema.get(exclusive)
    if outside is True:  # OpenAPI 3.0
        inside, outside = None, inside
    bounds: list[float] = []
    if _is_number(inside):
        bounds.append(inside)
    if _is_number(outside):
        bounds.append(outside + sign)
    if not bounds:
        return None
    return max(bounds) if sign > 0 else min(bounds)


def _is_number(value: JSON) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _int(value: JSON) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _list(value: JSON) -> Sequence[JSON]:
    return cast("Sequence[JSON]", value) if isinstance(value, list | tuple) else ()


def _first(value: JSON) -> JSON:
    """The first of a list, or of OpenAPI's named examples, each of which has a `value`."""
    if isinstance(value, Mapping):
        for each in cast("Mapping[str, JSON]", value).values():
            return (
                cast("Mapping[str, JSON]", each).get("value") if isinstance(each, Mapping) else each
            )
        return None
    return _list(value)[0] if _list(value) else None
