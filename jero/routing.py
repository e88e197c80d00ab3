"""A path → what is served there. Knows nothing of what is served."""

from collections.abc import Mapping


class Router[T]:
    """The routes of an application: for each path, one `T` a method."""

    def __init__(self) -> None:
        self._paths: dict[str, Mapping[str, T]] = {}

    def add(self, path: str, methods: Mapping[str, T]) -> bool:
        """Serve `methods` under `path`. False, and nothing is added, if something is served there already."""
        if path in self._paths:
            return False
        self._paths[path] = methods
        return True

    def find(self, path: str) -> Mapping[str, T] | None:
        """What is served under `path`, by method, or `None`."""
        return self._paths.get(path)


def allowed(methods: Mapping[str, object]) -> str:
    """The value of `Allow` (RFC 9110 § 10.2.1) where these methods are served: `HEAD` comes with `GET`."""
    names = {*methods, "OPTIONS"}
    if "GET" in methods:
        names.add("HEAD")
    return ", ".join(sorted(names))
