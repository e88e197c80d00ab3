"""`pyodide-lock.json`: what Pyodide's loader reads, and beside it what the page's own scripts need to know."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from docstage.bundle.engine import WASM, Engine
from docstage.bundle.steps import BundleError
from docstage.bundle.wheel_metadata import PackageEntry, normal, read_wheel
from docstage.snippet.project import Project

LONGEST_URL: Final = 2 * 1024 * 1024
"""Characters of the longest URL that Chromium takes. The worker's script is one: see `opaque` in python-worker.ts."""

_AS_IT_IS: Final = "".join(map(chr, range(32, 127))).replace("%", "").replace("#", "")
"""The characters of a script that stand for themselves in a data: URL."""


def write_lock(
    folder: Path, project: Project, engine: Engine, files: Mapping[str, Path], wheel: str | None
) -> None:
    """Write the lock that Pyodide's loader reads, and beside it what ours needs to know.

    `files` are by their addresses. `wheel` is the address of the project's own wheel, if the site serves it.
    """
    packages: dict[str, PackageEntry] = {}
    for address, path in files.items():
        if path.suffix == ".whl":
            package = read_wheel(path, address, engine.manifest)
            packages[package.name] = package
    left_out = set(map(normal, project.config.browser.leave_out))
    for name, package in packages.items():
        if missing := set(package.depends) - packages.keys() - left_out:
            file = project.config.browser.requirements or "[tool.docstage.browser] requirements"
            raise BundleError(
                f"In the browser, {name} needs {', '.join(sorted(missing))}: name it in {file}, or in"
                " [tool.docstage.browser] leave-out if it is never imported there."
            )
        needed = tuple(each for each in package.depends if each not in left_out)
        packages[name] = replace(package, depends=needed)
    (worker,) = (name for name in files if re.fullmatch(r"worker-\w+\.js", name))
    (wasm,) = (name for name in files if name.endswith(WASM))
    (stdlib,) = (name for name in files if name.endswith(".zip"))
    if (length := len(quote(files[worker].read_bytes(), safe=_AS_IT_IS))) > LONGEST_URL * 0.95:
        raise BundleError(f"The worker's script is too long for a data: URL: {length} characters.")
    paths = [worker, wasm, stdlib, *(package.file_name for package in packages.values())]
    # What every run needs. The others are loaded for code that imports them.
    own = {normal(project.name), *(normal(package.name) for package in project.packages)}
    first = {*own, "docstage", "msgspec"}
    live = {
        "edition": engine.manifest.edition,
        "project": project.name,
        "requires_python": project.requires_python,
        "worker": worker,
        "wasm": wasm,
        "stdlib": stdlib,
        # Plain Python, for any version: a reader takes it home with an example.
        "wheel": wheel,
        # What is not to be installed beside that.
        "own": sorted({*own, "docstage"}),
        "files": {path: _description(files[path]) for path in paths},
        "on_demand": [name for name in packages if name not in first],
    }
    lock = {"info": engine.manifest.info, "packages": packages, "tool": {"live": live}}
    text = msgspec.json.format(msgspec.json.encode(lock), indent=1)
    (folder / "pyodide-lock.json").write_bytes(text)
    (folder / "config.json").write_text('{"server": false}\n')


def _description(path: Path) -> dict[str, int | str]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
