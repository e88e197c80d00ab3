"""The wheels that Python in the browser loads: those of others, fetched; our own, built; all compiled to bytecode."""

import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playground.bundle.node import BROWSER, call, pyodide_info, run, wheel_platform
from playground.bundle.steps import files_in
from playground.snippet.catalogue import ROOT

BYTECODE: Final = Path(__file__).parent / "bytecode.py"

REQUIREMENTS: Final = BROWSER / "wasm-requirements.txt"


def fetch_wasm_wheels(folder: Path) -> None:
    """Download the pinned wheels of others, built for Pyodide's interpreter."""
    info = pyodide_info()
    major, minor, _ = info["python"].split(".")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--python-version", f"{major}.{minor}"]
    command += ["--platform", f"{wheel_platform(info)}_{info['arch']}"]
    command += ["--requirement", str(REQUIREMENTS), "--dest", str(folder)]
    call(
        command,
        "Is the package index within reach, and is pip installed here? The first build needs both.",
    )
    _build_yaml(folder)


def _build_yaml(folder: Path) -> None:
    """Build what Litestar imports of PyYAML: there is no wheel of it for WebAssembly, but its Python
    is whole without the extension, and is what is installed here."""
    installed = distribution("PyYAML")
    root = Path(str(installed.locate_file("")))
    sources = [root / file for file in installed.files or () if file.match("yaml/*.py")]
    build_wheel(folder, "PyYAML", sources, root=root, version=installed.version)


def build_wheel(
    folder: Path,
    name: str | None = None,
    only: Iterable[Path] = (),
    *,
    root: Path = ROOT,
    version: str = "0",
) -> None:
    """Build this project's own wheel, or one called `name` of `only` these modules below `root`."""
    from hatchling.builders.wheel import WheelBuilder  # noqa: PLC0415 - slow to import, seldom used

    config: dict[str, Any] | None = None
    if name is not None:
        wheel = {"only-include": [path.relative_to(root).as_posix() for path in only]}
        config = {
            "project": {"name": name, "version": version, "requires-python": ">=3.13"},
            # A virtual environment is often ignored by git.
            "tool": {"hatch": {"build": {"ignore-vcs": True, "targets": {"wheel": wheel}}}},
        }
    list(WheelBuilder(str(root), config=config).build(directory=str(folder)))


def compile_archives(archives: Iterable[Path], folder: Path) -> None:
    """Put a copy of each wheel or zip into the folder, compiled to bytecode (see `bytecode.py`)."""
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        for name in ("in", "out"):
            (work / name).mkdir()
        for archive in archives:
            shutil.copy(archive, work / "in")
        run("node", "compile.mjs", str(BYTECODE), str(work))
        for archive in files_in(work / "out"):
            shutil.copy(archive, folder)
