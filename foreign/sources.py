"""The frameworks' source distributions, as projects whose snippets are their example modules, unchanged."""

import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

ROOT: Final = Path(__file__).resolve().parent.parent

PINS: Final = ROOT / "requirements" / "foreign-sources.txt"

_PIN: Final = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
_FENCE: Final = re.compile(r"^( *)```python\b[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_NOT_A_NAME: Final = re.compile(r"\W+")


class Framework(Struct, frozen=True):
    """Where its source distribution has examples: a folder of modules, or Markdown files with blocks of Python."""

    name: str
    modules: str = ""
    pages: str = ""


FRAMEWORKS: Final = (
    Framework("fastapi", modules="docs_src"),
    Framework("starlette", pages="docs/*.md"),
    Framework("litestar", pages="docs/*.md"),  # its distribution has no other examples
)


def versions() -> dict[str, str]:
    """The pinned version of each distribution."""
    return dict(_PIN.findall(PINS.read_text("utf-8")))


def fetch(cache: Path) -> dict[str, Path]:
    """Download the source distributions into `cache`, unless they are there, and unpack them. Hashes are checked.

    Returns the folder of each. Raises `subprocess.CalledProcessError`, with pip's message printed.
    """
    pinned = versions()
    cache.mkdir(parents=True, exist_ok=True)
    folders = {name: cache / f"{name}-{version}" for name, version in pinned.items()}
    if all(folder.is_dir() for folder in folders.values()):
        return folders
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--require-hashes", "--no-binary", ",".join(pinned)]
    subprocess.run([*pip, "--dest", str(cache), "--requirement", str(PINS)], check=True)
    for name, folder in folders.items():
        with tarfile.open(cache / f"{folder.name}.tar.gz") as archive:
            partial = cache / f".{name}"
            shutil.rmtree(partial, ignore_errors=True)
            archive.extractall(partial, filter="data")
        shutil.rmtree(folder, ignore_errors=True)
        (partial / folder.name).rename(folder)
    return folders


def lay_out(framework: Framework, source: Path, folder: Path) -> Path:
    """Make `folder` a project, new, with the framework's examples as its package. Returns the package's folder."""
    shutil.rmtree(folder, ignore_errors=True)
    package = folder / (framework.modules or "docs_src")
    package.parent.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[tool.docstage]\nsnippets = ["{package.name}"]\n', "utf-8"
    )
    if framework.modules:
        shutil.copytree(source / framework.modules, package)
    else:
        package.mkdir()
        for page in sorted(source.glob(framework.pages)):
            for number, block in enumerate(blocks(page.read_text("utf-8")), 1):
                path = package / _NOT_A_NAME.sub("_", page.stem).lower() / f"block_{number:02}.py"
                path.parent.mkdir(exist_ok=True)
                path.write_text(block, "utf-8")
    return package


def blocks(markdown: str) -> Iterator[str]:
    """The fenced blocks of Python, without their indentation."""
    for indent, code in _FENCE.findall(markdown):
        yield "".join(line.removeprefix(indent) for line in code.splitlines(keepends=True))
