"""What a site is made of, and a fingerprint of it."""

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

from watchfiles import Change, DefaultFilter

from docstage.bundle.from_source import BROWSER, is_checkout
from docstage.bundle.steps import ENGINE
from docstage.pages.proof_marks import Proofs
from docstage.snippet.project import FILE, SITES, Project

_INCLUDE: Final = re.compile(rb'-8<-+ "([^":\n]+)')
"""A file that a page includes (pymdownx.snippets)."""

_TEST: Final = re.compile(rb"`(?:[\w./-]+::)?(test_\w+)`")
"""A test whose source a page shows (`proof_marks`)."""

_VARIABLE: Final = re.compile(rb"!ENV\s*\[?\s*([A-Za-z_]\w*)")
"""An environment variable that MkDocs' configuration reads."""


class Sources:
    """Of the site of `project`: its pages, snippets and packages, what it watches, and this engine in a checkout.

    The assets among the pages are results of a build.
    """

    def __init__(self, project: Project) -> None:
        root = self._root = project.root
        self._known: dict[Path, tuple[tuple[int, ...], bytes, list[bytes]]] = {}
        watched = [root / path for path in (*project.config.watch, *project.config.sources)]
        self.folders = [root / project.config.docs]
        self.folders += [package.folder for package in project.packages]
        self.folders += [path for path in watched if path.is_dir()]
        self.folders += engine_folders()
        self.files = [root / name for name in (*SITES, FILE)]
        self.files += [path for path in watched if not path.is_dir()]
        self.filter = DefaultFilter(ignore_paths=[project.assets])

    def fingerprint(self) -> str:
        """A name for what the sources are now: for their contents, and for the environment that they read.

        What cannot be read, because it has vanished or is a symbolic link to nothing, is part of it as just that.
        """
        digest = hashlib.sha256(f"{sys.version} {version('docstage')}".encode())
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
        found: set[bytes] = set()
        for name in SITES:
            with suppress(OSError):
                found.update(_VARIABLE.findall((self._root / name).read_bytes()))
        return sorted(found)

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
        for name, folders, files in os.walk(top, followlinks=True):
            folder = Path(name)
            folders[:] = sorted(
                name
                for name in folders
                if self._is_source(folder / name) and _is_new(folder / name, entered)
            )
            yield from (folder / name for name in sorted(files) if self._is_source(folder / name))

    def _is_source(self, path: Path) -> bool:
        return self.filter(Change.added, str(path))


def engine_folders() -> list[Path]:
    """Where this engine's own sources are, if they may change."""
    return [ENGINE, BROWSER / "src"] if is_checkout() else []


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
