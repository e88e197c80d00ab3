"""`pyodide-lock.json`: what Pyodide's loader reads, and beside it what the page's own scripts need to know."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from docstage.bundle.engine import WASM, Engine
from docstage.bundle.steps import BundleError
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
    from pyodide_lock import PyodideLockSpec  # noqa: PLC0415 - slow to import, seldom used
    from pyodide_lock.utils import add_wheels_to_spec  # noqa: PLC0415

    info = engine.manifest.info
    lock = PyodideLockSpec.from_dict({"info": info, "packages": {}})
    # The library compares wheels' tags with a platform of the name that Pyodide had until 2025.
    lock.info.platform = engine.manifest.platform
    with TemporaryDirectory() as temporary:
        root = Path(temporary)
        wheels = {name: source for name, source in files.items() if name.endswith(".whl")}
        for name, source in wheels.items():
            (root / name).parent.mkdir(parents=True)
            shutil.copy(source, root / name)
        paths = [root / name for name in wheels]
        lock = add_wheels_to_spec(lock, paths, root, ignore_missing_dependencies=True)
    left_out = set(map(_normal, project.config.browser.leave_out))
    for package in lock.packages.values():
        if missing := set(package.depends) - lock.packages.keys() - left_out:
            file = project.config.browser.requirements or "[tool.docstage.browser] requirements"
            raise BundleError(
                f"In the browser, {package.name} needs {', '.join(sorted(missing))}: name it in {file}, or in"
                " [tool.docstage.browser] leave-out if it is never imported there."
            )
        package.depends = [name for name in package.depends if name not in left_out]
    lock.info.platform = info["platform"]
    (worker,) = (name for name in files if re.fullmatch(r"worker-\w+\.js", name))
    (wasm,) = (name for name in files if name.endswith(WASM))
    (stdlib,) = (name for name in files if name.endswith(".zip"))
    if (length := len(quote(files[worker].read_bytes(), safe=_AS_IT_IS))) > LONGEST_URL * 0.95:
        raise BundleError(f"The worker's script is too long for a data: URL: {length} characters.")
    paths = [worker, wasm, stdlib, *(package.file_name for package in lock.packages.values())]
    # What every run needs. The others are loaded for code that imports them.
    own = {_normal(project.name), *(_normal(package.name) for package in project.packages)}
    first = {*own, "docstage", "msgspec"}
    lock.tool["live"] = {
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
        "on_demand": [name for name in lock.packages if name not in first],
    }
    lock.to_json(folder / "pyodide-lock.json", indent=1)
    (folder / "config.json").write_text('{"server": false}\n')


def _normal(name: str) -> str:
    """The name as the lock has it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _description(path: Path) -> dict[str, int | str]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
