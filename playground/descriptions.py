"""What each snippet's application says of itself: one file a snippet, with its OpenAPI document or `null`.

The panel in which a reader changes a request is made of it. How an application is asked is known to the snippets'
package, whose `describe` takes an application that has been started, and returns its document or `None`.
"""

import asyncio
import importlib
import logging
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import msgspec

from playground.catalogue import ROOT, Catalogue
from playground.stage import Stage

type Describe = Callable[[object], bytes | None]

PATIENCE: Final = 5.0
"""Seconds that one application may take to start, or to stop."""

PATIENCE_IN_ALL: Final = 60.0
"""Seconds that all of them may take: a module that never ends its import cannot be given up alone."""

NONE: Final = b"null"


def write_in_a_process(folder: Path, patience: float = PATIENCE_IN_ALL) -> None:
    """Write the descriptions in a process of their own, which what snippets do when they are imported cannot outlast.

    Those that were not reached in time are `null`. Raises `subprocess.CalledProcessError`, with the traceback printed.
    """
    command = [sys.executable, "-m", "playground.descriptions", str(folder)]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(  # noqa: S603 - the command is this module
            command, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=patience, check=True
        )


def write_descriptions(folder: Path, catalogue: Catalogue | None = None) -> None:
    """Write `NAME.json` into `folder` for every snippet.

    A snippet that cannot be imported, or whose application does not start, has no description. Pages show such
    snippets, too, on purpose or while they are being written.
    """
    catalogue = catalogue or Catalogue()
    names = catalogue.names()
    for name in names:
        (folder / f"{name}.json").write_bytes(NONE)
    package = importlib.import_module(catalogue.package)
    describe = cast("Describe | None", getattr(package, "describe", None))
    if describe is None:
        return
    for name in names:
        document = asyncio.run(_ask(f"{catalogue.package}.{name}", describe))
        if document is not None:
            (folder / f"{name}.json").write_bytes(msgspec.json.format(document, indent=-1))


async def _ask(module: str, describe: Describe) -> bytes | None:
    stage = Stage(module)
    try:
        async with asyncio.timeout(PATIENCE):
            app = await stage.app()
        return describe(app)
    except Exception:  # noqa: BLE001 - a run of the snippet tells what is wrong with it
        return None
    finally:
        await stage.aclose(PATIENCE)


if __name__ == "__main__":
    logging.disable()  # what snippets have to say belongs to their runs
    write_descriptions(Path(sys.argv[1]))
