"""A path → what is served there. Knows nothing of what is served.

A template is a path in which whole segments may be parameters, as in `/movies/{movie_id}`. A segment that is named goes
before a parameter, so `/movies/latest` is never a movie's id; a parameter takes any segment that is not empty.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from msgspec import Struct


class MatchedRoute(Struct, frozen=True):
    """What `scope["route"]` says of a request: the template of its path, for metrics and traces.

    Its attributes are those of Starlette's and FastAPI's routes that middleware reads.
    """

    path: str
    """The template below the scope's `root_path`, as in `/orders/{order_id}`."""

    @property
    def path_format(self) -> str:
        """The same, by the name under which OpenTelemetry reads it."""
        return self.path


class MountedRoute:
    """What `scope["route"]` says of a request to a mounted application: the mount, and what that application says."""

    def __init__(self, mount: str, root_path: str, inner: MutableMapping[str, Any]) -> None:
        self._mount = mount
        self._root_path = root_path
        self._inner = inner

    @property
    def path(self) -> str:
        """The template below the outer scope's `root_path`; that of the mount where nothing more is known."""
        route: object = self._inner.get("route")
        path: object = getattr(route, "path_format", None) or getattr(route, "path", None)
        if not isinstance(path, str):
            return self._mount
        # Where the inner application mounts others in its turn, its scope's `root_path` has grown.
        root: str = self._inner.get("root_path", "")
        return root.removeprefix(self._root_path) + path

    @property
    def path_format(self) -> str:
        """The same, by the name under which OpenTelemetry reads it."""
        return self.path


class Match[T](NamedTuple):
    """What is served under a path, by method, and the values of its path parameters, in their order."""

    route: MatchedRoute
    methods: Mapping[str, T]
    values: tuple[str, ...] = ()


class _Node[T]:
    def __init__(self) -> None:
        self.named: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.match: Match[T] | None = None


class Router[T]:
    """The routes of an application: for each template, one `T` a method."""

    def __init__(self) -> None:
        self._paths: dict[str, Match[T]] = {}
        self._root: _Node[T] = _Node()

    def add(self, template: str, methods: Mapping[str, T]) -> bool:
        """Serve `methods` under `template`.

        False, and nothing is added, if the same paths are served already: whatever their parameters are called.
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
        """What is served under a path in which nothing was percent-encoded, if its template has no parameters."""
        return self._paths.get(path)

    def match(self, segments: Sequence[str]) -> Match[T] | None:
        """What is served under a path, which is given in decoded segments, the first of them the empty one."""
        return _match(self._root, segments, ())


def _match[T](node: _Node[T], segments: Sequence[str], values: tuple[str, ...]) -> Match[T] | None:
    # No node is visited twice, so the time this takes is bounded by how much is served.
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
    """The segments of a path, percent-decoded one by one (RFC 3986 § 2.4), so that `%2F` separates nothing.

    Raises `UnicodeDecodeError` for what is not UTF-8.
    """
    return [unquote(segment, errors="strict") for segment in path.split("/")]


def parameter_name(segment: str) -> str | None:
    """The name between the braces of a template's segment, or `None` if it has no braces around it."""
    return segment[1:-1] if segment[:1] == "{" and segment[-1:] == "}" else None


def path_parameters(template: str) -> tuple[str, ...]:
    """The names of a template's parameters, in their order."""
    return tuple(name for segment in template.split("/") if (name := parameter_name(segment)))


def allowed(methods: Mapping[str, object]) -> str:
    """The value of `Allow` (RFC 9110 § 10.2.1) where these methods are served: `HEAD` comes with `GET`."""
    names = {*methods, "OPTIONS"}
    if "GET" in methods:
        names.add("HEAD")
    return ", ".join(sorted(names))
