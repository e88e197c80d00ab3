"""What `docstage init` writes: planned as a whole, shown, and written as a whole or not at all."""

import difflib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from docstage.snippet.project import FILE, SITES, Project
from docstage.start import edits, first
from docstage.start.edits import EditError

PACKAGE: Final = "snippets"
PAGE: Final = "live.md"

_PYTEST_FILES: Final = (
    "pytest.toml",
    ".pytest.toml",
    "pytest.ini",
    ".pytest.ini",
    "tox.ini",
    "setup.cfg",
)
"""Files that pytest may read in the place of `pyproject.toml`."""

_BROWSER: Final = (
    "On the server it runs now. For the reader's browser, pin the wheels of {framework} and what it needs in the"
    " file that `requirements` in [tool.docstage.browser] names."
)


class InitError(ValueError):
    """The project cannot be set up. The message says why and what to do; nothing was written."""


class Change(Struct, frozen=True):
    """A file to write. `old` is `None` if it is a new one."""

    path: Path
    old: str | None
    new: str


class Plan(Struct, frozen=True):
    """All that is to be written below `root`, and hints for what to do after that."""

    root: Path
    changes: tuple[Change, ...]
    hints: tuple[str, ...]

    def shown(self) -> str:
        """The changes as a unified diff."""
        return "".join(_diff(self.root, change) for change in self.changes)

    def write(self) -> None:
        """Write all of it. Raises `InitError`, having undone what was written."""
        done: list[Change] = []
        folders: list[Path] = []
        try:
            for change in self.changes:
                missing = [p for p in change.path.parents if not p.exists()]
                for folder in reversed(missing):
                    folder.mkdir()
                    folders.append(folder)
                if change.old is None and change.path.exists():
                    raise FileExistsError(f"{change.path} has appeared meanwhile")
                replace(change.path, change.new)
                done.append(change)
        except OSError as error:
            for change in done:
                if change.old is None:
                    change.path.unlink()
                else:
                    replace(change.path, change.old)
            for folder in reversed(folders):
                folder.rmdir()
            raise InitError(f"{error}. Nothing was written.") from None


def plan(root: Path) -> Plan:
    """What is missing in the project in `root`. Raises `InitError` or `EditError`."""
    site = next((root / name for name in SITES if (root / name).is_file()), None)
    if site is not None and site.suffix == ".toml":
        raise InitError(
            f"{site.name} is not supported: Zensical reads mkdocs.yml too, so move its settings there"
        )
    old_site = None if site is None else _read(site)
    site = site or root / SITES[0]
    old_toml = _read(root / FILE) if (root / FILE).exists() else None
    toml = _parsed(root / FILE, old_toml or "")
    title = str(toml.get("project", {}).get("name") or root.name)
    new_site = edits.with_plugin(_new_site(title) if old_site is None else old_site)
    settings = edits.read_yaml(new_site)
    docs = str(settings.get("docs_dir") or "docs")

    new_toml = old_toml or ""
    is_configured = "docstage" in toml.get("tool", {})
    if not is_configured:
        new_toml = edits.with_table(new_toml, _table(root, title, docs))
    files: dict[Path, str] = {}
    hints: list[str] = []
    if not is_configured or not Project.find(root).catalogue().names():
        package = root / PACKAGE if not is_configured else Project.find(root).packages[0].folder
        files |= _first_snippet(root, package, root / docs, title)
        if framework := _framework(root):
            hints.append(_BROWSER.format(framework=framework))
        if "nav" in settings:
            hints.append(f"Add the page to `nav:` in {site.name}:  - Live examples: {PAGE}")
    if not is_configured and not any((root / name).is_file() for name in _PYTEST_FILES):
        new_toml = edits.with_pytest_option(new_toml)
    if not is_configured and '"--docstage"' not in new_toml:
        hints.append("Test the examples with `pytest --docstage`, or add it to pytest's `addopts`.")
    changes = [
        Change(site, old_site, new_site),
        Change(root / FILE, old_toml, new_toml),
        *_ignored(root, docs),
    ]
    if taken := [path for path in files if path.exists()]:
        raise InitError(
            f"{taken[0].relative_to(root)} already exists, and is not overwritten: move it away, or list your"
            f" own examples under [tool.docstage] in {FILE}"
        )
    changes += [Change(path, None, text) for path, text in files.items()]
    return Plan(root, tuple(each for each in changes if each.old != each.new), tuple(hints))


def _first_snippet(root: Path, package: Path, docs: Path, title: str) -> dict[Path, str]:
    """The files of a first snippet, recorded, and its page."""
    module, requests = first.MODULES[_framework(root)], first.REQUESTS
    path = package / f"{first.NAME}.py"
    files = {
        path: module,
        path.with_suffix(".http"): requests,
        path.with_suffix(".transcript"): recorded(module, requests),
        docs / PAGE: first.PAGE.format(name=first.NAME),
    }
    if not (package / "__init__.py").exists():
        files = {
            package / "__init__.py": f'"""Examples of {title}, shown in its documentation."""\n',
            **files,
        }
    if not any((docs / name).is_file() for name in ("index.md", "README.md")):
        files[docs / "index.md"] = first.INDEX.format(title=title, page=PAGE)
    return files


def recorded(module: str, requests: str) -> str:
    """The transcript, recorded in a folder of its own: nothing of the project's is touched."""
    with tempfile.TemporaryDirectory(prefix="docstage-") as folder:
        root = Path(folder)
        (root / FILE).write_text("[tool.docstage]\n", "utf-8")
        path = root / PACKAGE / f"{first.NAME}.py"
        path.parent.mkdir()
        (path.parent / "__init__.py").touch()
        path.write_text(module, "utf-8")
        path.with_suffix(".http").write_text(requests, "utf-8")
        command = [sys.executable, "-m", "docstage", "record"]
        ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - it is this program
        if ran.returncode:
            raise InitError(f"The first example could not be recorded:\n{ran.stdout}{ran.stderr}")
        return path.with_suffix(".transcript").read_text("utf-8")


def _framework(root: Path) -> str:
    """The framework of the first example. Starlette is always installed: the project must name it."""
    if find_spec("fastapi"):
        return "fastapi"
    text = "".join(
        _read(path) for path in (root / FILE, root / "requirements.txt") if path.is_file()
    )
    return "starlette" if re.search(r"\bstarlette\b", text, re.IGNORECASE) else ""


def _new_site(title: str) -> str:
    theme = "material" if find_spec("material") else "mkdocs"
    return f"site_name: {title}\ntheme:\n  name: {theme}\n"


def _table(root: Path, title: str, docs: str) -> str:
    lines = ["[tool.docstage]", f'snippets = ["{PACKAGE}"] # packages of examples']
    name = re.sub(r"[-.]+", "_", title).lower()
    own = [f"src/{name}", name, f"{name}.py"]
    if sources := [path for path in own if (root / path).exists()][:1]:
        lines.append(f'sources = ["{sources[0]}"] # your own packages, which examples import')
    if docs != "docs":
        lines.append(f"docs = {_quoted(docs)}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _ignored(root: Path, docs: str) -> list[Change]:
    if not (root / ".git").exists():
        return []
    path = root / ".gitignore"
    old = _read(path) if path.exists() else None
    return [Change(path, old, edits.with_ignored(old or "", ["/site", f"/{docs}/assets/live/"]))]


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"{path.name} is not valid TOML: {error}") from None


def _read(path: Path) -> str:
    """The file's text; a BOM and the ends of its lines come back when it is written (see `replace`)."""
    try:
        return path.read_text("utf-8-sig")
    except ValueError:
        raise InitError(f"{path.name} is not UTF-8: save it as UTF-8, and run this again") from None


def replace(path: Path, text: str) -> None:
    """Write the file by renaming a complete one, with the BOM and the line ends that it had."""
    old = path.read_bytes() if path.exists() else b""
    if b"\r\n" in old:
        text = text.replace("\n", "\r\n")
    data = text.encode("utf-8-sig" if old.startswith(b"\xef\xbb\xbf") else "utf-8")
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(data)
        if path.exists():
            partial.chmod(path.stat().st_mode & 0o7777)
        partial.replace(path.resolve())
    finally:
        partial.unlink(missing_ok=True)


def _diff(root: Path, change: Change) -> str:
    name = change.path.relative_to(root).as_posix()
    old = "/dev/null" if change.old is None else name
    lines = difflib.unified_diff(
        (change.old or "").splitlines(), change.new.splitlines(), old, name, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)
