"""Each snippet's OpenAPI document, or `null`: one file a snippet.

The panel in which a reader changes a request is made of it. A package of snippets may have a function `describe`, which
takes an application that has been started, and returns its document or `None`. Without that, the application is asked
(see `docstage.adopt.ask`).
"""

import asyncio
import importlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, TypeAlias, cast

import msgspec

from docstage.adopt import ask
from docstage.run.stage import Stage
from docstage.snippet.catalogue import BrokenSnippetError, Package, Snippet
from docstage.snippet.project import Project

Describe: TypeAlias = Callable[[object], bytes | None]

TIMEOUT: Final = 15.0
"""Seconds that one application may take to start, or to stop."""

TOTAL_TIMEOUT: Final = 60.0
"""Seconds that all of them may take: a module that never ends its import cannot be given up alone."""

NONE: Final = b"null"

DONE: Final = "."
"""What a process writes after the names of all snippets."""


def write_in_a_process(folder: Path, project: Project, timeout: float = TOTAL_TIMEOUT) -> list[str]:
    """Write the descriptions in processes of their own, which what snippets do when they are imported cannot outlast.

    A snippet that ends its process has the description `null`, and the others are described in another process. Those
    that were not reached in time are `null`, too. Returns a sentence about each snippet that ended its process or held
    it until the time was up. Raises `subprocess.CalledProcessError`, with the traceback printed, if it was no snippet.
    """
    names = project.catalogue().names()
    for name in names:
        (folder / f"{name}.json").write_bytes(NONE)
    until = time.monotonic() + timeout
    ended: list[str] = []
    while names:
        command = [sys.executable, "-m", "docstage.pages.descriptions"]
        command += [str(folder), project.dump(), *names]
        # It writes the name of each snippet before it imports that, so the last one is where it ended.
        with TemporaryFile() as begun:
            try:
                status = subprocess.run(  # noqa: S603 - the command is this module
                    command,
                    cwd=project.root,
                    stdout=begun,
                    timeout=max(0, until - time.monotonic()),
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                status = None
            begun.seek(0)
            last = begun.read().decode().split()[-1:]
        if last == [DONE]:
            break
        if not last and status is not None:
            raise subprocess.CalledProcessError(status, command)
        ended += [f"{name} {_ending(status)} while it was imported and started." for name in last]
        if status is None:
            break
        names = names[names.index(last[0]) + 1 :]
    return ended


def _ending(status: int | None) -> str:
    if status is None:
        return "had not returned when the time limit for all descriptions was reached,"
    if status < 0:
        return f"ended its process by {signal.Signals(-status).name}"
    return f"ended its process with status {status}"


def write_descriptions(folder: Path, project: Project, names: list[str], begun: IO[str]) -> None:
    """Write `NAME.json` into `folder` for the snippets of `names`. Before one is imported, `begun` is given its name.

    A snippet that cannot be imported, or whose application does not start, has no description. Pages show such
    snippets, too, on purpose or while they are being written.
    """
    for name in names:
        (folder / f"{name}.json").write_bytes(NONE)
    catalogue = project.catalogue()
    describers = {package.name: _describer(package) for package in project.packages}
    for name in names:
        print(name, file=begun, flush=True)
        try:
            snippet = catalogue.get(name, is_recorded=False)
        except BrokenSnippetError:  # the page that shows it reports that
            continue
        describe = next(
            (found for name, found in describers.items() if snippet.module.startswith(f"{name}.")),
            None,
        )
        document = asyncio.run(_ask(snippet, describe))
        if document is not None:
            (folder / f"{name}.json").write_bytes(msgspec.json.format(document, indent=-1))
    print(DONE, file=begun, flush=True)


def _describer(package: Package) -> Describe | None:
    return cast("Describe | None", getattr(importlib.import_module(package.name), "describe", None))


async def _ask(snippet: Snippet, describe: Describe | None) -> bytes | None:
    stage = Stage(snippet.module, names=snippet.app)
    try:
        async with asyncio.timeout(TIMEOUT):
            app = await stage.app()
            if describe is None:
                found = await ask.document(app)
                return None if found is None else msgspec.json.encode(found)
        return describe(app)
    except Exception:  # noqa: BLE001 - a run of the snippet reports the error
        return None
    finally:
        await stage.aclose(TIMEOUT)


def main() -> None:
    """Run as `python -m docstage.pages.descriptions FOLDER PROJECT NAME…` (see `write_in_a_process`)."""
    logging.disable()  # what snippets have to say belongs to their runs
    folder, dumped, *names = sys.argv[1:]
    project = Project.load(dumped)
    project.enter()
    with os.fdopen(os.dup(1), "w") as begun, open(os.devnull, "w") as nowhere:  # noqa: PTH123 - it is not a path of ours
        os.dup2(nowhere.fileno(), 1)  # … and so does what they print
        write_descriptions(Path(folder), project, names, begun)


if __name__ == "__main__":
    main()
