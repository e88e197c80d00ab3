"""Builds the engine's files in a checkout of this package: with Node, npm and pip, from `browser/` beside `src/`."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from docstage.bundle import node
from docstage.bundle.compile import compile_in_node
from docstage.bundle.engine import WASM, write_manifest
from docstage.bundle.licences import of_npm, of_python, of_wheel, require
from docstage.bundle.steps import ENGINE, Steps, digest, files_in
from docstage.bundle.wheels import download

CHECKOUT: Final = ENGINE.parents[1]
BROWSER: Final = CHECKOUT / "browser"
PYODIDE: Final = BROWSER / "node_modules/pyodide"
REQUIREMENTS: Final = BROWSER / "requirements.txt"
"""What the runner imports beside the standard library, as pinned wheels for the browser."""

_NPM_HINT: Final = (
    "Is npm's registry within reach? The first build of a checkout needs the network."
)


def is_checkout() -> bool:
    """Whether this package lies in a checkout, and not among installed ones."""
    return ENGINE.parent.name == "src" and (BROWSER / "package.json").is_file()


def build_engine() -> Path:
    """The folder of the engine, built now unless it is there. Raises `BundleError`."""
    steps = Steps(CHECKOUT / "build", CHECKOUT)
    with steps.alone():
        _install_packages(steps)
        scripts = steps.made("scripts", "Building the live block", _sources(), _build_scripts)
        pyodide = steps.made(
            "pyodide",
            "Compiling Python's standard library to bytecode",
            [PYODIDE / "package.json"],
            _build_pyodide,
        )
        wheels = steps.made(
            "wheels", "Fetching what the runner imports", [REQUIREMENTS, *files_in(pyodide)], _fetch
        )

        def assemble(folder: Path) -> None:
            for name, source in (("scripts", scripts), ("pyodide", pyodide), ("wheels", wheels)):
                shutil.copytree(source, folder / name)
            write_manifest(folder, digest(_sources()), _package()["version"], _info())
            licences = dict(of_npm(BROWSER / "node_modules"))
            licences |= dict(of_wheel(wheel) for wheel in files_in(wheels))
            licences["CPython"] = of_python()
            require(licences)
            (folder / "licences.json").write_text(json.dumps(licences, indent=1), "utf-8")

        inputs = [*_sources(), *files_in(scripts), *files_in(pyodide), *files_in(wheels)]
        return steps.made("engine", "Assembling the live block", inputs, assemble)


def check_types() -> None:
    """Check the types of the live block's scripts. Raises `BundleError`, with the mistakes printed."""
    steps = Steps(CHECKOUT / "build", CHECKOUT)
    with steps.alone():
        _install_packages(steps)
        node.run("node", "node_modules/typescript/bin/tsc", folder=BROWSER)


def _install_packages(steps: Steps) -> None:
    """Run `npm ci` in place, where the TypeScript compiler and editors look for packages."""
    wanted = [BROWSER / name for name in ("package.json", "package-lock.json")]

    def install(folder: Path) -> None:
        # What was installed before is gone once this begins, whether or not it gets to its end.
        for before in steps.cache.glob("node_modules-*"):
            steps.delete(before)
        arguments = ("ci", "--no-audit", "--no-fund", "--ignore-scripts")
        node.run("npm", *arguments, folder=BROWSER, hint=_NPM_HINT)
        shutil.copy(PYODIDE / "package.json", folder)

    installed = steps.made("node_modules", "Installing the live block's packages", wanted, install)
    if not PYODIDE.exists():
        steps.delete(installed)
        _install_packages(steps)


def _build_scripts(folder: Path) -> None:
    """Bundle the page's scripts and styles into the folder."""
    node.run("node", "build.mjs", str(folder), digest(_sources()), folder=BROWSER)


def _sources() -> list[Path]:
    """What the scripts are built from."""
    configuration = [path for path in files_in(BROWSER, "*.*") if path.suffix in {".json", ".mjs"}]
    return configuration + files_in(BROWSER / "src")


def _build_pyodide(folder: Path) -> None:
    for name in ("pyodide.mjs", "pyodide.asm.mjs", WASM):
        shutil.copy(PYODIDE / name, folder)
    (folder / "pyodide-lock.json").write_text(json.dumps({"info": _info(), "packages": {}}))
    stdlib = PYODIDE / "python_stdlib.zip"
    compile_in_node([stdlib], folder, PYODIDE / "pyodide.mjs")


def _fetch(folder: Path) -> None:
    plain = folder / "plain"
    plain.mkdir()
    info = _info()
    platform = f"pyemscripten_{info['abi_version']}_{info['arch']}"
    version = ".".join(str(info["python"]).split(".")[:2])
    download(REQUIREMENTS, plain, version, platform)
    compile_in_node(files_in(plain), folder, PYODIDE / "pyodide.mjs")
    shutil.rmtree(plain)


def _package() -> dict[str, Any]:
    return json.loads((PYODIDE / "package.json").read_text())


def _info() -> dict[str, Any]:
    """What Pyodide's own lock says of its Python, architecture, platform and ABI."""
    return json.loads((PYODIDE / "pyodide-lock.json").read_text())["info"]


if __name__ == "__main__":
    shutil.copytree(build_engine(), Path(sys.argv[1]), dirs_exist_ok=True)
