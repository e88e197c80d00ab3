"""The steps that a bundle is made in, each a folder of the cache, named by a hash of all that goes into it.

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

from playground.bundle.locks import locked
from playground.snippet.catalogue import ROOT

_MAKERS: Final = sorted((ROOT / "playground/bundle").glob("*.py"))
"""A step is run again when the code that makes it has changed."""

CACHE: Final = ROOT / "build/live"
"""Where the results of steps are."""

console: Final = Console(stderr=True, highlight=False)


class BundleError(Exception):
    """The bundle cannot be made. The text says what is missing and how to get it."""


def made(step: str, title: str, inputs: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """Return the folder of this step, made now unless it was made before of the same inputs."""
    done = CACHE / f"{step}-{digest([*_MAKERS, *inputs])}"
    if done.exists():
        return done
    began = time.monotonic()
    with (
        console.status(f"{title} …"),
        TemporaryDirectory(dir=CACHE, prefix="partial-") as temporary,
    ):
        folder = Path(temporary) / step
        folder.mkdir()
        make(folder)
        folder.rename(done)
    for stale in CACHE.glob(f"{step}-*"):
        if stale != done:
            delete(stale)
    if (took := time.monotonic() - began) > 1:
        console.print(f"{title}: {took:.1f} s")
    return done


@contextmanager
def alone() -> Generator[None]:
    """Keep other processes from making the same things meanwhile, and clean up after those that were killed."""

    def say() -> None:
        console.print("Another process is building the live block's files: waiting for it …")

    try:
        with locked(CACHE / "lock", say):
            for partial in CACHE.glob("partial-*"):
                shutil.rmtree(partial)
            yield
    except OSError as error:
        raise BundleError(
            f"The live block's files are built in the checkout, which must be writable and have free space: {error}."
        ) from None


def delete(folder: Path) -> None:
    """Delete it, under a name that is not taken for a finished step if this is interrupted."""
    doomed = CACHE / f"partial-{folder.name}"
    folder.rename(doomed)
    shutil.rmtree(doomed)


def digest(paths: Iterable[Path]) -> str:
    """A short hash of the files' names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{_name(path)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _name(path: Path) -> str:
    """The file's path in the repository, or in the folder of the step that made it."""
    if path.is_relative_to(CACHE):
        return "/".join(path.relative_to(CACHE).parts[1:])
    return path.relative_to(ROOT).as_posix()


def files_in(folder: Path, pattern: str = "**/*") -> list[Path]:
    """The files of the folder that match, sorted."""
    return sorted(path for path in folder.glob(pattern) if path.is_file())
