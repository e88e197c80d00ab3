"""A path → its route. Pure, and independent of the type of the routes.

A template is a path in which whole segments can be parameters, as in `/movies/{movie_id}`. A literal segment takes
precedence over a parameter, so `/movies/latest` is never a movie id. A parameter matches any segment that is not empty.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from msgspec import Struct


class MatchedRoute(Struct, frozen=True):
    """The value of `scope["route"]`: the template of the request's path, for metrics and traces.

    It has the attributes of Starlette's and FastAPI's routes that middleware reads.
    """

    path: str
    """The template below the scope's `root_path`, as in `/orders/{order_id}`."""

    @property
    def path_format(self) -> str:
        """The same, by the name under which OpenTelemetry reads it."""
        return self.path


class MountedRoute:
    """The value of `scope["route"]` for a mounted application: its mount, followed by its own route."""

    def __init__(self, mount: str, root_path: str, inner: MutableMapping[str, Any]) -> None:
        self._mount = mount
        self._root_path = root_path
        self._inner = inner

    @property
    def path(self) -> str:
        """The template below the outer scope's `root_path`; that of the mount if the application sets no route."""
        route: object = self._inner.get("route")
        path: object = getattr(route, "path_format", None) or getattr(route, "path", None)
        if not isinstance(path, str):
            return self._mount
        # If the inner application mounts others itself, the `root_path` of its scope is longer.
        root: str = self._inner.get("root_path", "")
        return root.removeprefix(self._root_path) + path

    @property
    def path_format(self) -> str:
        """The same, by the name under which OpenTelemetry reads it."""
        return self.path


class Match[T](NamedTuple):
    """The routes of a path, by method, and the values of its path parameters, in order."""

    route: MatchedRoute
    methods: Mapping[str, T]
    values: tuple[str, ...] = ()


class _Node[T]:
    def __init__(self) -> None:
        self.named: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.match: Match[T] | None = None


class Router[T]:
    """The routes of an application: one `T` for each template and method."""

    def __init__(self) -> None:
        self._paths: dict[str, Match[T]] = {}
        self._root: _Node[T] = _Node()

    def add(self, template: str, methods: Mapping[str, T]) -> bool:
        """Serve `methods` under `template`.

        False, without a change, if the same paths are already served. The names of parameters do not matter.
        """
        node = self._root
        for segment in template.split("/"):
            if parameter_name(segment) is None:
                node = node.named.setdefault(segment, _Node())
            else:
                node.parameter = node.parameter or _Node()
                node = node.parameter
        if node.match is not None:
            return False
        node.match = Match(MatchedRoute(template), methods)
        if not path_parameters(template):
            self._paths[template] = node.match
        return True

    def find(self, path: str) -> Match[T] | None:
        """The match of a path without percent-encoding, if its template has no parameters."""
        return self._paths.get(path)

    def match(self, segments: Sequence[str]) -> Match[T] | None:
        """The match of a path, given as decoded segments, the first of which is empty."""
        return _match(self._root, segments, ())


def _match[T](node: _Node[T], segments: Sequence[str], values: tuple[str, ...]) -> Match[T] | None:
    # No node is visited twice, so the time is bounded by the number of routes.
    if not segments:
        found = node.match
        return None if found is None else Match(found.route, found.methods, values)
    segment, rest = segments[0], segments[1:]
    found = None
    if (named := node.named.get(segment)) is not None:
        found = _match(named, rest, values)
    if found is None and node.parameter is not None and segment:
        found = _match(node.parameter, rest, (*values, segment))
    return found


def split(path: str) -> list[str]:
    """The segments of a path, percent-decoded one by one (RFC 3986 § 2.4), so that `%2F` is not a separator.

    Raises `UnicodeDecodeError` if a segment is not UTF-8.
    """
    return [unquote(segment, errors="strict") for segment in path.split("/")]


def parameter_name(segment: str) -> str | None:
    """The parameter name in a segment of a template, or `None` if the segment is literal."""
    return segment[1:-1] if segment[:1] == "{" and segment[-1:] == "}" else None


def path_parameters(template: str) -> tuple[str, ...]:
    """The names of a template's parameters, in order."""
    return tuple(name for segment in template.split("/") if (name := parameter_name(segment)))


def allowed(methods: Mapping[str, object]) -> str:
    """The value of `Allow` (RFC 9110 § 10.2.1) for these methods. `GET` implies `HEAD`."""
    names = {*methods, "OPTIONS"}
    if "GET" in methods:
        names.add("HEAD")
    return ", ".join(sorted(names))
