"""Finds snippets. A snippet is a module with an `app`, and beside it `.http` (its requests) and `.transcript`
(their recorded output)."""

import re
import textwrap
from collections.abc import Callable
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Final

from msgspec import Struct

from playground.run.events import Request, RunEvent
from playground.snippet import http_file, transcript

ROOT: Final = Path(__file__).resolve().parents[2]

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
    """One example. `name` is its module's name less the package of all snippets: `streaming.ndjson`."""

    name: str
    module: str
    path: Path
    exchanges: tuple[Exchange, ...]

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


class Catalogue:
    """The snippets of one package: every module below `root/package` that has a `.http` file beside it."""

    def __init__(self, root: Path = ROOT, package: str = "snippets") -> None:
        self.root = root
        self.package = package

    @property
    def folder(self) -> Path:
        """The folder of the package."""
        return self.root / self.package

    def names(self) -> list[str]:
        """The names of all snippets, sorted."""
        return sorted(
            ".".join(path.relative_to(self.folder).with_suffix("").parts)
            for path in self.request_files()
            if path.with_suffix(".py").is_file()
        )

    def request_files(self) -> list[Path]:
        """The `.http` files, sorted."""
        return sorted(self.folder.rglob("*.http"))

    def files(self) -> list[Path]:
        """What a run may need: the modules, and the data files beside them. Sorted."""
        return sorted(
            path
            for path in self.folder.rglob("*")
            if path.is_file()
            and path.suffix not in {".http", ".transcript", ".pyc"}
            and not any(part.startswith(".") for part in path.relative_to(self.folder).parts)
        )

    def get(self, name: str, *, is_recorded: bool = True) -> Snippet:
        """The snippet of that name, read afresh; unless it `is_recorded`, without what its transcript says.

        Raises `UnknownSnippetError` or `BrokenSnippetError`.
        """
        if name not in (names := self.names()):
            raise UnknownSnippetError(
                f"no snippet is named {name!r}; available: {', '.join(names) or 'none'}"
            )
        path = self.folder.joinpath(*name.split(".")).with_suffix(".py")
        requests = self._read(
            path.with_suffix(".http"), lambda text: http_file.parse(text, path.parent)
        )
        recording = path.with_suffix(".transcript")
        is_recorded = is_recorded and recording.is_file()
        recorded = self._read(recording, transcript.load) if is_recorded else {}
        exchanges = tuple(
            Exchange(
                request.name,
                request.request,
                request.disconnect_after,
                recorded.get(request.name, ()),
            )
            for request in requests
        )
        return Snippet(name, f"{self.package}.{name}", path, exchanges)

    def _read[T](self, path: Path, parse: Callable[[str], T]) -> T:
        try:
            return parse(path.read_text("utf-8"))
        except ValueError as error:  # it is not UTF-8, or not what it should be
            name = path.relative_to(self.root)
            raise BrokenSnippetError(f"{name}: {error}") from error

    def all(self) -> list[Snippet]:
        """Every snippet, by name."""
        return [self.get(name) for name in self.names()]
