"""What the page runs on, whatever the project: scripts, styles, and Python for the browser with what the runner needs.

It is built when this package is (see `from_source.py`), and part of its wheel. In a checkout it is built when it is
needed.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from docstage.bundle.steps import ENGINE, BundleError, files_in

BUILT: Final = ENGINE / "built"
"""Where it is in an installed package."""

WASM: Final = "pyodide.asm.wasm"
"""The one file of Pyodide that is served as it is. Its scripts are part of the worker's."""

MANIFEST: Final = "engine.json"


class Manifest(Struct, frozen=True):
    """What is known of it: `edition` is a hash of the scripts' sources, `pyodide` a version, `info` of its own lock."""

    edition: str
    pyodide: str
    info: dict[str, str]

    @property
    def python(self) -> tuple[int, int]:
        """The minor version of Python in the browser."""
        major, minor, _ = self.info["python"].split(".", 2)
        return int(major), int(minor)

    @property
    def platform(self) -> str:
        """The platform tag of wheels for it (PEP 783)."""
        return f"pyemscripten_{self.info['abi_version']}"


class Engine(Struct, frozen=True):
    """A folder with all of it."""

    folder: Path
    manifest: Manifest

    @classmethod
    def load(cls, folder: Path) -> "Engine":
        """The engine in the folder."""
        return cls(folder, msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest))

    @property
    def scripts(self) -> list[Path]:
        """The page's scripts and styles."""
        return files_in(self.folder / "scripts")

    @property
    def wasm(self) -> Path:
        """Python itself."""
        return self.folder / "pyodide" / WASM

    @property
    def stdlib(self) -> Path:
        """Its standard library, in bytecode."""
        return self.folder / "pyodide" / "python_stdlib.zip"

    @property
    def loader(self) -> Path:
        """Pyodide's loader for Node."""
        return self.folder / "pyodide" / "pyodide.mjs"

    @property
    def wheels(self) -> list[Path]:
        """What the runner imports, in bytecode."""
        return files_in(self.folder / "wheels")

    def licences(self) -> dict[str, str]:
        """The licences of all that, by the names of the works."""
        return msgspec.json.decode(
            (self.folder / "licences.json").read_bytes(), type=dict[str, str]
        )


def installed_engine() -> Engine:
    """The engine of this package, built now if this is a checkout. Raises `BundleError`."""
    from docstage.bundle import from_source  # noqa: PLC0415 - not part of an installed package's work

    if from_source.is_checkout():
        return Engine.load(from_source.build_engine())
    if not (BUILT / MANIFEST).is_file():
        raise BundleError(f"{BUILT} is missing: install docstage from its wheel.")
    return Engine.load(BUILT)


def write_manifest(folder: Path, edition: str, pyodide: str, info: dict[str, Any]) -> None:
    """Write it into the folder."""
    manifest = Manifest(edition, pyodide, {name: str(value) for name, value in info.items()})
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
