"""The steps that something is made in, each a folder of a cache, named by a hash of all that goes into it.

A step runs only when its inputs have changed. One process at a time makes them.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from docstage.bundle.locks import locked

ENGINE: Final = Path(__file__).resolve().parents[1]
"""The folder of this package."""

_MAKERS: Final = sorted((ENGINE / "bundle").glob("*.py"))
"""A step is run again when the code that makes it has changed."""

console: Final = Console(stderr=True, highlight=False)


class BundleError(Exception):
    """The bundle cannot be made. The text says what is missing and how to get it."""


class Steps:
    """The steps whose results are in the folder `cache`. Their inputs lie there, or below one of `roots`."""

    def __init__(self, cache: Path, *roots: Path) -> None:
        self.cache = cache
        self._roots = (*roots, ENGINE)

    def made(
        self,
        step: str,
        title: str,
        inputs: Iterable[Path],
        make: Callable[[Path], None],
        settings: object = "",
    ) -> Path:
        """Return the folder of this step, made now unless it was made before of the same inputs and `settings`."""
        done = self.cache / f"{step}-{self._digest([*_MAKERS, *inputs], repr(settings))}"
        if done.exists():
            return done
        began = time.monotonic()
        with (
            console.status(f"{title} …"),
            TemporaryDirectory(dir=self.cache, prefix="partial-") as temporary,
        ):
            folder = Path(temporary) / step
            folder.mkdir()
            make(folder)
            folder.rename(done)
        for stale in self.cache.glob(f"{step}-*"):
            if stale != done:
                self.delete(stale)
        if (took := time.monotonic() - began) > 1:
            console.print(f"{title}: {took:.1f} s")
        return done

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keep other processes from making the same things meanwhile, and clean up after those that were killed."""

        def say() -> None:
            console.print("Another process is building the live block's files: waiting for it …")

        try:
            with locked(self.cache / "lock", say):
                for partial in self.cache.glob("partial-*"):
                    shutil.rmtree(partial)
                yield
        except OSError as error:
            raise BundleError(
                f"The live block's files are built in {self.cache}, which must be writable and have space: {error}."
            ) from None

    def delete(self, folder: Path) -> None:
        """Delete it, under a name that is not taken for a finished step if this is interrupted."""
        doomed = self.cache / f"partial-{folder.name}"
        folder.rename(doomed)
        shutil.rmtree(doomed)

    def _digest(self, paths: Iterable[Path], settings: str) -> str:
        hashed = hashlib.sha256(settings.encode())
        for path in paths:
            hashed.update(f"{self._name(path)}\0{path.stat().st_size}\0".encode())
            hashed.update(path.read_bytes())
        return hashed.hexdigest()[:12]

    def _name(self, path: Path) -> str:
        """The file's path below a root, or in the folder of the step that made it."""
        if path.is_relative_to(self.cache):
            return "/".join(path.relative_to(self.cache).parts[1:])
        return next(
            (
                path.relative_to(root).as_posix()
                for root in self._roots
                if path.is_relative_to(root)
            ),
            path.name,
        )


def digest(paths: Iterable[Path]) -> str:
    """A short hash of the files' names and contents."""
    hashed = hashlib.sha256()
    for path in paths:
        hashed.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        hashed.update(path.read_bytes())
    return hashed.hexdigest()[:12]


def files_in(folder: Path, pattern: str = "**/*") -> list[Path]:
    """The files of the folder that match, sorted."""
    return sorted(path for path in folder.glob(pattern) if path.is_file())
