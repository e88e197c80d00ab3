"""All that a page needs to run snippets in the reader's browser, as files for any static host.

A bundle is made in steps (see `steps.py`). Files that may change between two builds have their hash in their address.
The addresses are found in `pyodide-lock.json`, which is never cached.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from playground.bundle.licences import LicenceMissingError, collect
from playground.bundle.lock import WASM, write_lock
from playground.bundle.node import (
    BROWSER,
    PYODIDE,
    build_scripts,
    install_packages,
    pyodide_version,
    run,
    script_sources,
)
from playground.bundle.steps import BundleError, alone, console, digest, files_in, made
from playground.bundle.wheels import (
    REQUIREMENTS,
    build_wheel,
    compile_archives,
    fetch_wasm_wheels,
)
from playground.pages import wheels
from playground.pages.descriptions import write_in_a_process
from playground.snippet.catalogue import ROOT, Catalogue


def bundle(out: Path) -> None:
    """Make `out` the folder of the live block's assets, and delete what no longer belongs there.

    One process at a time does; another waits. Raises `BundleError`.
    """
    with alone():
        _bundle(out)


def _bundle(out: Path) -> None:
    catalogue = Catalogue()
    install_packages()
    scripts = made("scripts", "Building the live block", script_sources(), build_scripts)
    pins = [REQUIREMENTS, ROOT / "requirements/dev.txt"]
    wasm = made("wasm", "Fetching WebAssembly wheels", pins, fetch_wasm_wheels)
    packages = made(
        "packages",
        "Compiling packages to bytecode",
        [*files_in(wasm)],
        lambda folder: compile_archives(files_in(wasm), folder),
    )
    stdlib = made(
        "stdlib",
        "Compiling Python's standard library to bytecode",
        [PYODIDE / "python_stdlib.zip"],
        lambda folder: compile_archives([PYODIDE / "python_stdlib.zip"], folder),
    )
    libraries = made(
        "libraries",
        "Compiling jero to bytecode",
        [*_modules("jero"), *_runner(), ROOT / "pyproject.toml"],
        _build_libraries,
    )
    # No bytecode here: one snippet compiles faster than the reader sees, and an edit need not wait.
    snippets = made(
        "snippets",
        "Packing the snippets",
        catalogue.files(),
        lambda folder: build_wheel(folder, catalogue.package, catalogue.files()),
    )

    descriptions = made(
        "descriptions",
        "Asking the snippets for their descriptions",
        [
            *catalogue.files(),
            *_modules("jero"),
            *_modules("playground"),
            *catalogue.request_files(),
        ],
        _describe,
    )

    wheel = made(
        "wheel",
        "Packing jero for downloads",
        [*_modules("jero"), ROOT / "pyproject.toml", ROOT / "README.md"],
        build_wheel,
    )

    viewer = made(
        "viewer",
        "Packing jero-viewer for downloads",
        [
            path
            for path in files_in(ROOT / "viewer")
            if path.suffix in {".py", ".toml", ".md", ".txt"}
        ],
        lambda folder: build_wheel(folder, root=ROOT / "viewer"),
    )

    core = f"pyodide-{pyodide_version()}"
    files = {path.relative_to(scripts).as_posix(): path for path in files_in(scripts)}
    files[f"{core}/{digest([PYODIDE / WASM])}/{WASM}"] = PYODIDE / WASM
    for folder in (stdlib, packages, libraries, snippets):
        files |= {f"{core}/{digest([path])}/{path.name}": path for path in files_in(folder)}
    downloads = {f"download/{digest([path])}/{path.name}": path for path in files_in(wheel)}
    lock = made(
        "lock",
        "Locking",
        [*files.values(), *downloads.values()],
        lambda folder: write_lock(folder, files, downloads),
    )
    licences = made(
        "licences",
        "Collecting licences",
        [
            *files_in(wasm),
            BROWSER / "package-lock.json",
            ROOT / "requirements/dev.txt",
        ],
        lambda folder: _write_licences(folder, files_in(wasm)),
    )
    files |= downloads
    files |= {
        f"{wheels.FOLDER}/{path.name}": path for path in [*files_in(wheel), *files_in(viewer)]
    }
    files |= {path.name: path for path in files_in(licences)}
    files |= {f"descriptions/{path.name}": path for path in files_in(descriptions)}
    files |= {path.name: path for path in files_in(lock)}
    _place({out / name: source for name, source in files.items()}, out)


def check_types() -> None:
    """Check the types of the live block's scripts. Raises `BundleError`, with the mistakes printed."""
    with alone():
        install_packages()
        run("node", "node_modules/typescript/bin/tsc")


def _describe(folder: Path) -> None:
    for ended in write_in_a_process(folder):
        console.print(ended, markup=False)


def _write_licences(folder: Path, wheels: list[Path]) -> None:
    shipped = [wheel for wheel in wheels if not wheel.name.startswith("pyyaml-")]  # built here
    try:
        text = collect(BROWSER / "node_modules", shipped)
    except LicenceMissingError as error:
        raise BundleError(str(error)) from None
    (folder / "licences.txt").write_text(text, "utf-8")


def _build_libraries(folder: Path) -> None:
    with TemporaryDirectory() as temporary:
        plain = Path(temporary)
        build_wheel(plain)
        build_wheel(plain, "playground", _runner())
        compile_archives(files_in(plain), folder)


def _modules(package: str) -> list[Path]:
    return files_in(ROOT / package, "**/*.py")


def _runner() -> list[Path]:
    """What of this package the browser needs: the part that runs snippets."""
    return [ROOT / "playground/__init__.py", *_modules("playground/run")]


def _place(files: dict[Path, Path], out: Path) -> None:
    """Copy what differs, and delete what is not of the bundle."""
    for target, source in files.items():
        if not target.exists() or _stamp(target) != _stamp(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in files_in(out):
        if path not in files:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
