"""The wheels that Python in the browser loads: those of others, fetched; the project's own, packed."""

import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from docstage.bundle.node import call
from docstage.bundle.steps import files_in
from docstage.snippet.project import Project


def download(requirements: Path, folder: Path, python: str, platform: str) -> None:
    """Download pinned wheels that are built for an interpreter of that version and platform. Raises `BundleError`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--python-version", python, "--platform", platform]
    command += ["--requirement", str(requirements), "--dest", str(folder)]
    hint = (
        "Is the package index within reach, and is pip installed here? The first build needs both."
    )
    call(command, folder, hint)


def pack_installed(name: str, folder: Path) -> None:
    """Pack the Python files of an installed distribution: it is whole without its extension modules."""
    installed = distribution(name)
    root = Path(str(installed.locate_file("")))
    sources = [
        root / file
        for file in installed.files or ()
        if file.suffix == ".py" and ".." not in file.parts
    ]
    pack(folder, name, sources, root, version=installed.version)


def pack_sources(project: Project, folder: Path) -> None:
    """Pack the project's own packages, under its name and with what it needs."""
    files = [file for source in project.sources for file in source_files(source)]
    roots = list(dict.fromkeys(source.parent for source in project.sources))
    pack(
        folder,
        project.name,
        files,
        project.root,
        version=project.version,
        dependencies=project.dependencies,
        strip=[root.relative_to(project.root).as_posix() for root in roots if root != project.root],
    )


def source_files(source: Path) -> list[Path]:
    """The files of a package or a module: code, and what lies beside it."""
    if source.is_file():
        return [source]
    return [
        path
        for path in files_in(source)
        if path.suffix != ".pyc" and "node_modules" not in path.parts
    ]


def pack(  # noqa: PLR0913 - what a wheel is made of
    folder: Path,
    name: str,
    files: Iterable[Path],
    root: Path,
    *,
    version: str = "0",
    dependencies: Iterable[str] = (),
    strip: Iterable[str] = (),
) -> None:
    """Make a wheel of the files below `root`. Folders in `strip` are not part of what modules are called."""
    from hatchling.builders.wheel import WheelBuilder  # noqa: PLC0415 - slow to import, seldom used

    wheel: dict[str, Any] = {
        "only-include": [path.relative_to(root).as_posix() for path in files],
        "sources": list(strip),
    }
    config: dict[str, Any] = {
        "project": {"name": name, "version": version, "dependencies": list(dependencies)},
        # What is to be packed is said file by file, and a virtual environment is often ignored by git.
        "tool": {"hatch": {"build": {"ignore-vcs": True, "targets": {"wheel": wheel}}}},
    }
    list(WheelBuilder(str(root), config=config).build(directory=str(folder)))


def build_wheel(project: Path, folder: Path) -> None:
    """Build the wheel of the project in a folder, by its own build backend, which must be installed."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--wheel-dir", str(folder), str(project)]
    call(command, project, "Its build backend must be installed here.")
