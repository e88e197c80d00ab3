"""Builds the site, and builds it again when something it is made of has changed."""

import asyncio
import os
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

from watchfiles import (
    Change,
    awatch,  # pyright: ignore[reportUnknownVariableType] - it takes trio's events too, which is not here
)

from docstage.bundle.locks import Held, alocked
from docstage.server.console import plain, report
from docstage.server.sources import Sources
from docstage.server.store import NotASiteError, Store
from docstage.snippet.project import Project

_BUNDLE: Final = """
import sys
from docstage.bundle.bundle import BundleError, bundle
from docstage.snippet.project import Project
try:
    bundle(Project.load(sys.argv[1]))
except BundleError as error:
    sys.exit(str(error))
"""


_NO_VARIABLES: Final[Mapping[str, str]] = {}

_ENVIRONMENT: Final = {
    # The theme's own switch for an advertisement that it prints at each build.
    "NO_MKDOCS_2_WARNING": "1",
}

SiteGenerator: TypeAlias = Literal["mkdocs", "zensical"]
"""What turns `mkdocs.yml` and the pages into HTML."""


class BuildError(Exception):
    """The site could not be built. The message is the end of what the build printed."""


class Builder:
    """Builds the site of `project`, and makes each build the one in `site`.

    Processes that build in one checkout take turns, and one finds what another has built. With `bundle`, the assets
    of the live block are made first; that takes no time when they are as they were.
    """

    def __init__(
        self,
        project: Project,
        site: Path,
        *,
        bundle: bool = True,
        generator: SiteGenerator = "mkdocs",
    ) -> None:
        self._project = project
        self._root = project.root
        self._sources = Sources(project)
        self._store = Store(project.cache / "sites", site)
        self._bundle = bundle
        self._generator: SiteGenerator = generator
        self._seen = ""
        self.builds = 0

    def is_current(self) -> bool:
        """Whether `site` was built of what the sources are now."""
        self._seen = self._fingerprint()
        return self._store.is_shown(self._seen)

    def has_news(self) -> bool:
        """Whether the sources are others than those that were last built, or tried to be."""
        return self._seen != self._fingerprint()

    async def build(self, *, is_shown: bool = False) -> Held:
        """The site of what the sources are now, built unless it is there. Raises `BuildError`.

        If cancelled, ends the build. With `is_shown` the making of the bundle, which takes long the first time,
        prints its progress.
        """
        self.builds += 1
        try:
            async with alocked(self._store.lock, _report_waiting) as lock:
                site = await self._find_or_build(lock, is_shown=is_shown)
                self._store.show(site.path)
                return site
        except NotASiteError as error:
            raise BuildError(str(error)) from None
        except OSError as error:
            raise BuildError(
                f"The site is built inside the checkout, which must be writable and have free space: {error}."
            ) from None

    async def _find_or_build(self, lock: int, *, is_shown: bool) -> Held:
        while True:
            self._seen = self._fingerprint()
            if site := self._store.hold(self._seen):
                return site
            try:
                return await self._build(lock, is_shown=is_shown)
            except BuildError:
                # A file may have vanished or been half-written: that is for the next build to judge.
                if not self.has_news():
                    raise

    async def _build(self, lock: int, *, is_shown: bool) -> Held:
        if self._bundle:
            arguments = ("-c", _BUNDLE, self._project.dump())
            await self._call(*arguments, is_shown=is_shown, locks=[lock])
        partial = self._store.begin()
        # The assets stay as they are while they are copied.
        assets = self._project.cache / "live" / "lock"
        async with alocked(assets, _report_waiting, shared=True) as live:
            await self._generate(partial, [lock, live])
        await self._call("-m", "docstage.pages.finish", str(partial), locks=[lock])
        if not self.has_news():
            return self._store.finish(partial, self._seen)
        # Edited meanwhile, so it is of neither state: good enough to be shown until the next is built, and not later.
        return self._store.finish(partial, f"{self._seen}-{secrets.token_hex(4)}")

    async def _generate(self, folder: Path, locks: Sequence[int]) -> None:
        match self._generator:
            case "mkdocs":
                options = ("build", "--site-dir", str(folder))
            case (
                "zensical"
            ):  # has no option for the folder, which the configuration reads from SITE_DIR
                options = ("build", "--clean")
        await self._call(
            "-m", self._generator, *options, locks=locks, environment={"SITE_DIR": str(folder)}
        )

    def _fingerprint(self) -> str:
        return f"{self._generator}-{self._sources.fingerprint()}"

    async def watch(self, changed: asyncio.Queue[set[Path]]) -> None:
        """Put the sources that have changed into `changed`, each time some have, until cancelled.

        And an empty set every few seconds, in case that something was missed.
        """
        folders = [folder for folder in self._sources.folders if folder.is_dir()]
        files = {str(file) for file in self._sources.files}

        async def watch_folders() -> None:
            news = awatch(
                *folders, watch_filter=self._sources.filter, debounce=400, yield_on_timeout=True
            )
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
            report(f"Edits are no longer detected: {errors.exceptions[0]}")

    async def _call(
        self,
        *arguments: str,
        locks: Sequence[int],
        environment: Mapping[str, str] = _NO_VARIABLES,
        is_shown: bool = False,
    ) -> None:
        """Run Python in a process of its own, which sees the sources as they are now.

        It inherits the locks: should this process be killed, nobody else begins before that one is done.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=self._root,
            env={**os.environ, **_ENVIRONMENT, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=None if is_shown else PIPE,
            stderr=None if is_shown else STDOUT,
            pass_fds=locks,
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
        output = plain(printed or b"")
        if process.returncode:
            raise BuildError(output or f"It ended with exit status {process.returncode}.")
        for line in output.splitlines():
            if line.startswith("WARNING"):
                report(line)


def _report_waiting() -> None:
    report("Another process is building this checkout: waiting for it …")
