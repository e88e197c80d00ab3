"""Builds the site, and builds it again when something it is made of has changed."""

import asyncio
import hashlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from watchfiles import (
    Change,
    DefaultFilter,
    awatch,  # pyright: ignore[reportUnknownVariableType] - it takes trio's events too, which is not here
)

from playground.server.console import report

FOLDERS: Final = ("docs", "jero", "playground")
FILES: Final = ("mkdocs.yml", "requirements/dev.txt")
"""What the site is made of besides the snippets, relative to the root."""

ASSETS: Final = "docs/assets/live"
"""What the bundle writes there: a result, although it lies among the sources."""

_BUNDLE: Final = f"""
import sys
from pathlib import Path
from playground.bundle import BundleError, bundle
try:
    bundle(Path({ASSETS!r}))
except BundleError as error:
    sys.exit(str(error))
"""


class BuildError(Exception):
    """The site could not be built. The message is the end of what the build printed."""


class Builder:
    """Builds the site of `root` with these `snippets`, each time into another directory, and at last into `site`.

    A directory is complete before anyone hears of it, and stays as it is until after the next is complete. With
    `bundle`, the assets of the live block are made first; that takes no time when they are as they were.
    """

    def __init__(self, root: Path, snippets: Path, site: Path, *, bundle: bool = True) -> None:
        self._root = root
        self._folders = [*(root / name for name in FOLDERS), snippets]
        self._files = [root / name for name in FILES]
        self._site = site
        self._bundle = bundle
        self._work = root / "build" / "serve"
        self._stamp = self._work / "built"
        self._seen = ""
        self.builds = 0
        self._filter = DefaultFilter(ignore_paths=[root / ASSETS])
        self.latest = site

    def is_current(self) -> bool:
        """Whether `site` was built of what the sources are now."""
        if not (self._site / "index.html").is_file() or not self._stamp.is_file():
            return False
        self._seen = self._stamp.read_text("utf-8")
        return not self.has_news()

    def has_news(self) -> bool:
        """Whether the sources are others than those that were last built, or tried to be."""
        return self._seen != self._fingerprint()

    async def build(self, *, is_shown: bool = False) -> Path:
        """A new directory with the site in it. Raises `BuildError`; if cancelled, ends the build.

        With `is_shown` the making of the bundle, which takes long the first time, prints its progress.
        """
        self.builds += 1
        out = self._work / f"site-{self.builds}"
        shutil.rmtree(out, ignore_errors=True)
        self._seen = self._fingerprint()
        if self._bundle:
            await self._call("-c", _BUNDLE, is_shown=is_shown)
        await self._call("-m", "mkdocs", "build", "--site-dir", str(out))
        before, self.latest = self.latest, out
        # The one before may still be read for a moment; the one before that is not.
        for old in self._work.glob("site-*"):
            if old not in (out, before):
                shutil.rmtree(old)
        self._stamp.write_text(self._seen, "utf-8")
        return out

    def keep(self) -> None:
        """Make the latest build the one in `site`, for the next start. Nobody must be served from either."""
        if self.latest != self._site:
            shutil.rmtree(self._site, ignore_errors=True)
            shutil.move(self.latest, self._site)
            self.latest = self._site
        for old in self._work.glob("site-*"):
            shutil.rmtree(old)

    async def watch(self, changed: asyncio.Queue[set[Path]]) -> None:
        """Put the sources that have changed into `changed`, each time some have, until cancelled.

        And an empty set every few seconds, in case that something was missed.
        """
        folders = [folder for folder in self._folders if folder.is_dir()]
        files = {str(file) for file in self._files}

        async def watch_folders() -> None:
            news = awatch(*folders, watch_filter=self._filter, debounce=400, yield_on_timeout=True)
            async for changes in news:
                changed.put_nowait({Path(path) for _, path in changes})

        async def watch_files() -> None:
            # Through their folder: an editor that saves by renaming puts another file in their place.
            def is_source(_: Change, path: str) -> bool:
                return path in files

            async for changes in awatch(self._root, watch_filter=is_source, recursive=False):
                changed.put_nowait({Path(path) for _, path in changes})

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(watch_folders())
                group.create_task(watch_files())
        except* OSError as errors:  # the system's limit on watched files, for one
            report(f"Edits are not followed from here on: {errors.exceptions[0]}")

    async def _call(self, *arguments: str, is_shown: bool = False) -> None:
        """Run Python in a process of its own, which sees the sources as they are now."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=self._root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=None if is_shown else PIPE,
            stderr=None if is_shown else STDOUT,
            # A Ctrl-C in the terminal is for this process to answer.
            start_new_session=True,
        )
        try:
            printed, _ = await process.communicate()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        output = (printed or b"").decode(errors="replace").strip()
        if process.returncode:
            raise BuildError(output or f"It ended with exit status {process.returncode}.")
        for line in output.splitlines():
            if line.startswith("WARNING"):
                report(line)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for path in self._sources():
            stat = path.stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def _sources(self) -> Iterator[Path]:
        for top in self._folders:
            for folder, folders, files in top.walk():
                folders[:] = sorted(name for name in folders if self._is_source(folder / name))
                for file in sorted(files):
                    if self._is_source(folder / file):
                        yield folder / file
        yield from (file for file in self._files if file.is_file())

    def _is_source(self, path: Path) -> bool:
        return self._filter(Change.added, str(path))
