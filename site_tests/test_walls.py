"""Which parts of the engine may import which, in Python and in TypeScript."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.root import ROOT

ENGINE = ROOT / "docstage/src/docstage"

ROOMS = ("page", "run", "request", "code", "output", "keep")
"""Folders of the page's scripts, ordered likewise."""

WINGS = ("run", "snippet", "adopt", "pages", "bundle", "server", "start")
"""Each may import itself and those before it."""


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "node_modules" not in path.parts)


def imported_by(path: Path) -> Iterator[str]:
    """The full names of the modules that this one imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_what_ships_to_the_browser_imports_only_itself_msgspec_and_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"msgspec", "anyio"}  # anyio: if an example brings it
    for path in modules(ENGINE / "run"):
        others = {name for name in imported_by(path) if name.split(".")[0] not in allowed}
        strays = {name for name in others if not name.startswith("docstage.run.")}
        assert not strays, path


@pytest.mark.parametrize("wing", WINGS)
def test_wings_import_only_those_before_them(wing: str) -> None:
    allowed = WINGS[: WINGS.index(wing) + 1]
    for path in modules(ENGINE / wing):
        wings = {name.split(".")[1] for name in imported_by(path) if name.startswith("docstage.")}
        assert wings <= set(allowed), path


def test_every_module_of_the_engine_is_in_a_wing() -> None:
    wings = {path.relative_to(ENGINE).parts[0] for path in modules(ENGINE)}
    assert wings == {*WINGS, "__init__.py", "__main__.py", "pytest_plugin.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_folders_of_scripts_import_only_those_before_them(room: str) -> None:
    allowed = {*ROOMS[: ROOMS.index(room)], ""}  # "" is the folder itself
    for path in (ROOT / "docstage/browser/src" / room).iterdir():
        imports = re.findall(r"""(?:from |import\()"(\.[^"]*)\"""", path.read_text("utf-8"))
        rooms = {re.sub(r"^\./[^/]+$|^\.\./|/.*$", "", each) for each in imports}
        assert rooms <= allowed, path


def test_every_script_is_in_a_folder() -> None:
    source = ROOT / "docstage/browser/src"
    folders = {path.name for path in source.iterdir() if path.is_dir()}
    scripts = {path.name for path in source.glob("*.ts")}
    assert folders == {*ROOMS, "css"}
    assert scripts == {"main.ts", "block.ts", "pyodide.d.ts"}
