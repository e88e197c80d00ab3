"""The licences of third-party works in the built site, collected from their packages into one text."""

import json
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

_NAMES: Final = ("licen", "copying", "notice")
"""How the names of files with licences begin."""

_RULE: Final = "=" * 80


class LicenceMissingError(Exception):
    """A package to be shipped has no licence text."""


def collected(found: dict[str, str]) -> str:
    """The licences of works, by their names, as one text. Raises `LicenceMissingError` for a work that has none."""
    require(found)
    parts = (f"{_RULE}\n{name}\n{_RULE}\n\n{found[name].strip()}\n" for name in sorted(found))
    return "This site ships the following works of others.\n\n" + "\n".join(parts)


def require(found: dict[str, str]) -> None:
    """Raises `LicenceMissingError` for works without a text."""
    missing = sorted(name for name, text in found.items() if not text.strip())
    if missing:
        raise LicenceMissingError(f"No licence text found in {', '.join(missing)}.")


def of_python() -> str:
    """The licence of the Python that runs this, which is that of every CPython."""
    return (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt").read_text("utf-8")


def of_npm(node_modules: Path) -> Iterator[tuple[str, str]]:
    """The licence of each npm package that is shipped, by its name and version."""
    lock = json.loads((node_modules / ".package-lock.json").read_text("utf-8"))
    for path, package in lock["packages"].items():
        folder = node_modules.parent / path
        if package.get("dev") or package.get("devOptional") or not folder.is_dir():
            continue
        name = f"{path.removeprefix('node_modules/')} {package['version']}"
        texts = [
            file.read_text("utf-8")
            for file in sorted(folder.iterdir())
            if file.name.lower().startswith(_NAMES)
        ]
        if not texts and package.get("license") == "MPL-2.0":
            # Pyodide's package has no text of its licence; another package under the same one has.
            texts = [of_distribution("pathspec")]
        yield name, "\n\n".join(texts)


def of_wheel(wheel: Path) -> tuple[str, str]:
    """The name and version of a wheel, and the text of its licences."""
    name, version, _ = wheel.name.split("-", 2)
    with zipfile.ZipFile(wheel) as archive:
        texts = [
            archive.read(path).decode()
            for path in sorted(archive.namelist())
            if ".dist-info/" in path and Path(path).name.lower().startswith(_NAMES)
        ]
    return f"{name} {version}", "\n\n".join(texts)


def of_distribution(name: str) -> str:
    """The licences of an installed distribution."""
    files = distribution(name).files or []
    texts = [
        Path(str(file.locate())).read_text("utf-8")
        for file in files
        if file.name.lower().startswith(_NAMES) and file.suffix in {"", ".txt", ".md"}
    ]
    return "\n\n".join(texts)
