"""Requests for an application, made from its OpenAPI document or from its routes, as the text of a `.http` file."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote

from msgspec import Struct

from docstage.adopt.values import JSON, Schemas

HOST: Final = "http://127.0.0.1:8000"

BOUNDARY: Final = "boundary"

_METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "trace", "query")
_PARAMETER: Final = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")
_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_DIRECTIVE: Final = re.compile(r"\s*([<>#]|//)")

# What a converter in a route's path accepts, in Starlette's words and Litestar's.
_OF_CONVERTERS: Final = {
    "int": "1",
    "float": "1.5",
    "decimal": "1.5",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "date": "2024-01-31",
    "datetime": "2024-01-31T12:00:00",
    "time": "12:00:00",
    "timedelta": "60",
    "path": "a/b.txt",
    "bool": "true",
}


class Written(Struct, frozen=True):
    """One request: `target` is percent-encoded; `body` is `None` where there is none."""

    name: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None


def write(requests: Iterable[Written]) -> str:
    """The text of a `.http` file with these requests. Of several with the same name, later ones get a number."""
    names: set[str] = set()
    blocks: list[str] = []
    for request in requests:
        name = _new(request.name, names)
        names.add(name)
        lines = [f"### {name}", "", f"{request.method} {HOST}{request.target}"]
        lines += [f"{key}: {' '.join(value.split())}" for key, value in request.headers]
        if request.body is not None:
            lines += ["", request.body]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def from_document(document: Mapping[str, JSON]) -> list[Written]:
    """A request for each operation of an OpenAPI document, in the document's order."""
    return list(_operations(document))


def _operations(document: Mapping[str, JSON]) -> Iterable[Written]:
    schemas = Schemas(document)
    prefix = ""  # paths are relative to the server, whose own prefix a proxy removes
    for path, entry in _mapping(document.get("paths")).items():
        item = schemas.resolve(entry)
        for method in _METHODS:
            if isinstance(item.get(method), Mapping):
                operation = schemas.resolve(item[method])
                shared = [
                    *_sequence(item.get("parameters")),
                    *_sequence(operation.get("parameters")),
                ]
                yield _Operation(
                    schemas, method.upper(), prefix + path, operation, shared
                ).request()


class _Operation:
    def __init__(
        self,
        schemas: Schemas,
        method: str,
        path: str,
        operation: Mapping[str, JSON],
        parameters: Sequence[JSON],
    ) -> None:
        self._schemas = schemas
        self._method = method
        self._path = path
        self._operation = operation
        # An operation's parameter takes the place of its path's.
        found = [schemas.resolve(each) for each in parameters]
        self._parameters = {(str(each.get("in")), str(each.get("name"))): each for each in found}

    def request(self) -> Written:
        headers: list[tuple[str, str]] = []
        query: list[str] = []
        cookies: list[str] = []
        values: dict[str, str] = {}
        for (place, name), parameter in self._parameters.items():
            if place != "path" and parameter.get("deprecated"):
                continue
            value = self._value(parameter)
            match place:
                case "path":
                    values[name] = _text(value)
                case "query":
                    query += [
                        f"{quote(key, safe='')}={quote(each, safe='')}"
                        for key, each in _pairs(name, value)
                    ]
                case "header":
                    headers += [(name, each) for _, each in _pairs(name, value)]
                case "cookie":
                    cookies.append(f"{name}={quote(_text(value), safe='')}")
                case _:
                    pass
        if cookies:
            headers.append(("Cookie", "; ".join(cookies)))
        media_type, body = self._body()
        if body is not None:
            headers.append(("Content-Type", media_type))
        target = fill(self._path, values) + (f"?{'&'.join(query)}" if query else "")
        return Written(self._name(), self._method, target, tuple(headers), body)

    def _name(self) -> str:
        summary = self._operation.get("summary")
        name = " ".join(summary.split()) if isinstance(summary, str) else ""
        return name or f"{self._method} {self._path}"

    def _value(self, parameter: Mapping[str, JSON]) -> JSON:
        if (given := _example(parameter)) is not None:
            return given
        content = _mapping(parameter.get("content"))
        for media in content.values():  # a parameter that is JSON in itself
            return json.dumps(self._schemas.value(self._schemas.resolve(media).get("schema")))
        return self._schemas.value(parameter.get("schema"))

    def _body(self) -> tuple[str, str | None]:
        content = _mapping(self._schemas.resolve(self._operation.get("requestBody")).get("content"))
        for media_type, media in content.items():
            found = self._schemas.resolve(media)
            schema = found.get("schema")
            value = _example(found)
            if value is None:
                value = self._schemas.value(schema)
            kind = media_type.partition(";")[0].strip().lower()
            if kind in _FORMS and isinstance(value, Mapping):
                fields = cast("Mapping[str, JSON]", value)
                if kind == _FORMS[0]:
                    return f"{kind}; boundary={BOUNDARY}", self._multipart(fields, schema)
                return kind, "&".join(
                    f"{quote(key, safe='')}={quote(each, safe='')}"
                    for name, field in fields.items()
                    for key, each in _pairs(name, field)
                )
            if kind.endswith("json") or not isinstance(value, str):
                text = json.dumps(value, ensure_ascii=False, indent=2)
                return media_type, text.replace("{{", "{\\u007b")  # `{{` begins a variable
            return media_type, _plain(value)
        return "", None

    def _multipart(self, fields: Mapping[str, JSON], schema: JSON) -> str:
        properties = self._schemas.properties(schema)
        lines: list[str] = []
        for name, field in fields.items():
            part = self._schemas.resolve(properties.get(name))
            is_file = _is_file(part) or any(_is_file(each) for each in self._parts_of(part))
            for key, value in _pairs(name, field):
                head = f'Content-Disposition: form-data; name="{key}"'
                if is_file:
                    head += f'; filename="{key}.txt"\nContent-Type: text/plain'
                lines += [f"--{BOUNDARY}", head, "", _plain(value)]
        return "\n".join([*lines, f"--{BOUNDARY}--"])

    def _parts_of(self, schema: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
        parts = [
            schema.get("items"),
            *_sequence(schema.get("anyOf")),
            *_sequence(schema.get("oneOf")),
        ]
        return [self._schemas.resolve(part) for part in parts if part is not None]


def from_routes(app: object) -> list[Written]:
    """A request for each route and method of an application that has `routes`, each with `path` and `methods`.

    Mounted applications are included. Routes without methods, such as those of WebSockets, are not.
    """
    return [
        Written(f"{method} {path}", method, fill(path, {}))
        for path, method in dict.fromkeys(_routes(app, "", 0))
    ]


def _routes(app: object, prefix: str, depth: int) -> Iterable[tuple[str, str]]:
    for route in _sequence(getattr(app, "routes", None)):
        path = getattr(route, "path", None)
        if not isinstance(path, str):
            continue
        methods = getattr(route, "methods", None)
        if isinstance(methods, Iterable):
            names = {str(method).upper() for method in cast("Iterable[object]", methods)}
            # Routers add HEAD to GET, and OPTIONS to all of them.
            shown = names - {"HEAD", "OPTIONS"} or names
            for method in sorted(shown):
                yield prefix + path, method
        elif depth < 10:
            yield from _routes(route, prefix + path.rstrip("/"), depth + 1)


def fill(path: str, values: Mapping[str, str]) -> str:
    """The path with its parameters replaced: by `values`, or else by what their converters accept."""

    def value(match: re.Match[str]) -> str:
        name, converter = match[1], match[2]
        text = values.get(
            name, values.get(match[0][1:-1], _OF_CONVERTERS.get(converter or "", "1"))
        )
        return quote(text, safe="/" if converter == "path" else "")

    filled = _PARAMETER.sub(value, path)
    return quote(filled, safe="%!$&'()*+,/:;=@[]~") or "/"


def _example(node: Mapping[str, JSON]) -> JSON:
    if node.get("example") is not None:
        return node["example"]
    for each in _mapping(node.get("examples")).values():
        if (value := _mapping(each).get("value")) is not None:
            return value
    return None


def _is_file(schema: Mapping[str, JSON]) -> bool:
    return schema.get("format") == "binary" or "contentMediaType" in schema


def _pairs(name: str, value: JSON) -> list[tuple[str, str]]:
    """The field as it is sent in a query or form: once for each item of a list (OpenAPI's `form`, exploded)."""
    if isinstance(value, list):
        return [(name, _text(each)) for each in cast("list[JSON]", value)]
    if isinstance(value, dict):
        return [(str(key), _text(each)) for key, each in cast("dict[str, JSON]", value).items()]
    return [(name, _text(value))]


def _text(value: JSON) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """Text that may stand in a body of this format, whose lines mean something else if they begin with `<`, for one."""
    return "\n".join(f" {line}" if _DIRECTIVE.match(line) else line for line in text.split("\n"))


def _new(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _mapping(value: JSON) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple) else ()
