"""What a site is made of, and a fingerprint of it."""

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchfiles import Change, DefaultFilter

from playground.pages.proof_marks import Proofs

FOLDERS: Final = ("docs", "jero", "playground")
FILES: Final = (
    "mkdocs.yml",
    "requirements/dev.txt",
    "pyproject.toml",
    "viewer/pyproject.toml",
    "README.md",
)
"""What the site is made of besides the snippets, and what its pages include, relative to the root."""

ASSETS: Final = "docs/assets/live"
"""What the bundle writes there: a result, although it lies among the sources."""

_INCLUDE: Final = re.compile(rb'-8<-+ "([^":\n]+)')
"""A file that a page includes (pymdownx.snippets)."""

_TEST: Final = re.compile(rb"`(?:[\w./-]+::)?(test_\w+)`")
"""A test whose source a page shows (`proof_marks`)."""

_VARIABLE: Final = re.compile(rb"!ENV\s*\[?\s*([A-Za-z_]\w*)")
"""An environment variable that MkDocs' configuration reads."""


class Sources:
    """Of the site of `root` with these `snippets`."""

    def __init__(self, root: Path, snippets: Path) -> None:
        self._root = root
        self._known: dict[Path, tuple[tuple[int, ...], bytes, list[bytes]]] = {}
        self.folders = [*(root / name for name in FOLDERS), snippets]
        self.files = [root / name for name in FILES]
        self.filter = DefaultFilter(ignore_paths=[root / ASSETS])

    def fingerprint(self) -> str:
        """A name for what the sources are now: for their contents, and for the environment that they read.

        What cannot be read, because it has vanished or is a symbolic link to nothing, is part of it as just that.
        """
        digest = hashlib.sha256(sys.version.encode())
        mentioned = dict[Path, None]()
        listed = dict.fromkeys(self._listed())
        tests = Proofs(self._root)
        for path in listed:
            content, mentions = self._read(path)
            digest.update(os.fsencode(path) + b"\0" + content)
            for name in map(os.fsdecode, mentions):
                mentioned |= dict.fromkeys(tests.files(name) or [self._root / name])
        for path in sorted(mentioned.keys() - listed.keys()):
            digest.update(os.fsencode(path) + b"\0" + self._read(path)[0])
        for name in self._variables():
            digest.update(name + b"=" + os.environb.get(name, b"") + b"\0")
        return digest.hexdigest()[:16]

    def _variables(self) -> list[bytes]:
        try:
            configuration = (self._root / "mkdocs.yml").read_bytes()
        except OSError:
            return []
        return sorted(set(_VARIABLE.findall(configuration)))

    def _read(self, path: Path) -> tuple[bytes, list[bytes]]:
        """The digest of a file's content, and what it includes or names; read again only if it has changed."""
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return b"no file", []
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                content = path.read_bytes()
                mentions = list[bytes]()
                if path.suffix == ".md":
                    mentions = _INCLUDE.findall(content) + _TEST.findall(content)
                known = self._known[path] = stamp, hashlib.sha256(content).digest(), mentions
        except OSError as error:
            return type(error).__name__.encode(), []
        return known[1:]

    def _listed(self) -> Iterator[Path]:
        for top in self.folders:
            yield from self._below(top)
        yield from self.files

    def _below(self, top: Path) -> Iterator[Path]:
        """The files of a folder, through symbolic links to folders, as MkDocs goes, but not in circles."""
        entered = set[tuple[int, int]]()
        for folder, folders, files in top.walk(follow_symlinks=True):
            folders[:] = sorted(
                name
                for name in folders
                if self._is_source(folder / name) and _is_new(folder / name, entered)
            )
            yield from (folder / name for name in sorted(files) if self._is_source(folder / name))

    def _is_source(self, path: Path) -> bool:
        return self.filter(Change.added, str(path))


def _is_new(folder: Path, entered: set[tuple[int, int]]) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    identity = (status.st_dev, status.st_ino)
    if identity in entered:
        return False
    entered.add(identity)
    return True
