"""Finds snippets. A snippet is a module with an `app`, and beside it `.http` (its requests) and `.transcript`
(their recorded output)."""

import re
import textwrap
from collections.abc import Callable
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from docstage.run.events import Request, RunEvent
from docstage.snippet import http_file, transcript

_T = TypeVar("_T")

_MARKER = re.compile(r"^\s*#\s*--8<--\s*\[(start|end):\s*([\w-]+)\s*\]\s*$")


def lines_of(source: str) -> list[str]:
    """The lines of Python source, with their ends, as Python numbers them.

    `str.splitlines` counts more: it also splits at form feeds and at U+2028, for example.
    """
    return StringIO(source, newline=None).readlines()


class UnknownSnippetError(LookupError):
    """No snippet, or no section of one, has that name. The message lists the available ones."""


class BrokenSnippetError(ValueError):
    """A file of a snippet cannot be read. The message names the file, and the line where there is one."""


class Exchange(Struct, frozen=True):
    """A request that can be sent to a snippet, and its recorded events (empty if never recorded).

    `disconnect_after` is after how many seconds the client disconnects in the recording, if it does.
    """

    name: str
    request: Request
    disconnect_after: float | None
    recorded: tuple[RunEvent, ...]


class Snippet(Struct, frozen=True, dict=True):
    """One example. `name` is what pages call it, `module` what Python does (see `Catalogue`).

    `app` are the names that its application may have (see `Stage`).
    """

    name: str
    module: str
    path: Path
    exchanges: tuple[Exchange, ...]
    app: tuple[str, ...] = ("app",)

    @cached_property
    def source(self) -> str:
        """The module's text as a reader sees it: all of it but the lines that mark sections.

        Of blank lines on both sides of a marker, those after it are left out, too.
        """
        kept: list[str] = []
        is_after_marker = False
        for line in self._lines:
            if _MARKER.match(line):
                is_after_marker = True
            elif line.strip() or not is_after_marker or (kept and kept[-1].strip()):
                kept.append(line)
                is_after_marker = False
        return "".join(kept)

    def section(self, name: str) -> str:
        """The lines between `# --8<-- [start:name]` and `# --8<-- [end:name]`, dedented."""
        inside: list[str] = []
        is_inside = is_found = False
        for line in self._lines:
            if marker := _MARKER.match(line):
                if marker[2] == name:
                    is_inside, is_found = marker[1] == "start", True
            elif is_inside:
                inside.append(line)
        if not is_found:
            names = sorted({marker[2] for line in self._lines if (marker := _MARKER.match(line))})
            raise UnknownSnippetError(
                f"{self.path.name} has no section {name!r}; it has: {', '.join(names) or 'none'}"
            )
        return textwrap.dedent("".join(inside))

    @property
    def transcript_path(self) -> Path:
        """Where its recorded output is, or would be."""
        return self.path.with_suffix(".transcript")

    @cached_property
    def _lines(self) -> list[str]:
        return lines_of(self.path.read_text("utf-8"))


class Package(Struct, frozen=True):
    """A package of snippets: `name`, which may be dotted, is imported from the folder `root`."""

    root: Path
    name: str = "snippets"

    @property
    def folder(self) -> Path:
        """The folder of the package."""
        return self.root.joinpath(*self.name.split("."))

    def request_files(self) -> list[Path]:
        """The `.http` files, sorted."""
        return sorted(self.folder.rglob("*.http"))

    def files(self) -> list[Path]:
        """What a run may need: the modules, and the data files beside them. Sorted."""
        return sorted(
            path
            for path in self.folder.rglob("*")
            if path.is_file()
            and path.suffix not in {".http", ".transcript", ".pyc", ".template"}
            and not any(part.startswith(".") for part in path.relative_to(self.folder).parts)
        )

    def names(self) -> list[str]:
        """The names of the modules with a `.http` file beside them, less the package's own. Sorted."""
        return sorted(
            ".".join(path.relative_to(self.folder).with_suffix("").parts)
            for path in self.request_files()
            if path.with_suffix(".py").is_file()
        )

    def find(self, name: str) -> Path | None:
        """The file of the snippet of that name, if there is one."""
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        path = self.folder.joinpath(*parts).with_suffix(".py")
        return path if path.is_file() and path.with_suffix(".http").is_file() else None


class Catalogue:
    """The snippets of some packages: every module below one of them that has a `.http` file beside it.

    With one package, a snippet is named by its module less the package: `streaming.ndjson`. With several, by the whole
    name of its module. `app` are the names that an application may have in its module (see `Stage`).
    """

    def __init__(self, *packages: Package, app: tuple[str, ...] = ("app",)) -> None:
        self.packages = packages
        self.app = app

    def names(self) -> list[str]:
        """The names of all snippets, sorted."""
        return sorted(
            self.name(package, name) for package in self.packages for name in package.names()
        )

    def request_files(self) -> list[Path]:
        """The `.http` files of all packages."""
        return [path for package in self.packages for path in package.request_files()]

    def files(self) -> list[Path]:
        """The files of all packages that a run may need."""
        return [path for package in self.packages for path in package.files()]

    def name(self, package: Package, name: str) -> str:
        """What the snippet of `package` that is called `name` there is called here."""
        return self._prefix(package) + name

    def short(self, name: str) -> str:
        """A snippet's name, for that or for its module's."""
        if len(self.packages) == 1:
            return name.removeprefix(f"{self.packages[0].name}.")
        return name

    def request_file(self, name: str) -> Path:
        """The `.http` file of the snippet of that name. Raises `UnknownSnippetError`."""
        return self._find(name)[1].with_suffix(".http")

    def get(self, name: str, *, is_recorded: bool = True) -> Snippet:
        """The snippet of that name, read afresh; unless it `is_recorded`, without what its transcript says.

        Raises `UnknownSnippetError` or `BrokenSnippetError`.
        """
        package, path = self._find(name)
        requests = _read(
            package, path.with_suffix(".http"), lambda text: http_file.parse(text, path.parent)
        )
        recording = path.with_suffix(".transcript")
        is_recorded = is_recorded and recording.is_file()
        recorded = _read(package, recording, transcript.load) if is_recorded else {}
        exchanges = tuple(
            Exchange(
                request.name,
                request.request,
                request.disconnect_after,
                recorded.get(request.name, ()),
            )
            for request in requests
        )
        module = f"{package.name}.{name.removeprefix(self._prefix(package))}"
        return Snippet(name, module, path, exchanges, self.app)

    def all(self) -> list[Snippet]:
        """Every snippet, by name."""
        return [self.get(name) for name in self.names()]

    def _prefix(self, package: Package) -> str:
        return "" if len(self.packages) == 1 else f"{package.name}."

    def _find(self, name: str) -> tuple[Package, Path]:
        for package in self.packages:
            prefix = self._prefix(package)
            if name.startswith(prefix) and (path := package.find(name.removeprefix(prefix))):
                return package, path
        raise UnknownSnippetError(
            f"no snippet is named {name!r}; available: {', '.join(self.names()) or 'none'}"
        )


def _read(package: Package, path: Path, parse: Callable[[str], _T]) -> _T:
    try:
        return parse(path.read_text("utf-8"))
    except ValueError as error:  # it is not UTF-8, or not what it should be
        name = path.relative_to(package.root)
        raise BrokenSnippetError(f"{name}: {error}") from error
