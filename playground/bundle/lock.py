"""`pyodide-lock.json`: what Pyodide's loader reads, and beside it what the page's own scripts need to know."""

import hashlib
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from playground.bundle.node import pyodide_info, script_sources, wheel_platform
from playground.bundle.steps import BundleError, digest
from playground.bundle.wheels import REQUIREMENTS

WASM: Final = "pyodide.asm.wasm"
"""The one file of Pyodide that is served as it is. Its scripts are part of the worker's."""

LONGEST_URL: Final = 2 * 1024 * 1024
"""Characters of the longest URL that Chromium takes. The worker's script is one: see `opaque` in python-worker.ts."""

BEFORE_A_RUN: Final = {"jero", "msgspec", "playground", "snippets"}
"""The packages that every run needs. The others are loaded for code that imports them."""

LEFT_OUT: Final = {"click", "httpx", "polyfactory", "rich", "rich-click"}
"""What Litestar asks to be installed for its command line and tests, and does not import to serve."""

_AS_IT_IS: Final = "".join(map(chr, range(32, 127))).replace("%", "").replace("#", "")
"""The characters of a script that stand for themselves in a data: URL."""


def write_lock(folder: Path, files: dict[str, Path], downloads: dict[str, Path]) -> None:
    """Write the lock that Pyodide's loader reads, and beside it what ours needs to know."""
    from pyodide_lock import PyodideLockSpec  # noqa: PLC0415 - slow to import, seldom used
    from pyodide_lock.utils import add_wheels_to_spec  # noqa: PLC0415

    info = pyodide_info()
    lock = PyodideLockSpec.from_dict({"info": info, "packages": {}})
    # The library compares wheels' tags with a platform of the name that Pyodide had until 2025.
    lock.info.platform = wheel_platform(info)
    with TemporaryDirectory() as temporary:
        root = Path(temporary)
        wheels = {name: source for name, source in files.items() if name.endswith(".whl")}
        for name, source in wheels.items():
            (root / name).parent.mkdir(parents=True)
            shutil.copy(source, root / name)
        paths = [root / name for name in wheels]
        lock = add_wheels_to_spec(lock, paths, root, ignore_missing_dependencies=True)
    for package in lock.packages.values():
        if missing := set(package.depends) - lock.packages.keys() - LEFT_OUT:
            raise BundleError(
                f"{package.name} needs {', '.join(sorted(missing))}: name it in {REQUIREMENTS.name}."
            )
        package.depends = [name for name in package.depends if name not in LEFT_OUT]
    lock.info.platform = info["platform"]
    (worker,) = (name for name in files if re.fullmatch(r"worker-\w+\.js", name))
    (wasm,) = (name for name in files if name.endswith(WASM))
    (stdlib,) = (name for name in files if name.endswith(".zip"))
    if (length := len(quote(files[worker].read_bytes(), safe=_AS_IT_IS))) > LONGEST_URL * 0.95:
        raise BundleError(f"The worker's script is too long for a data: URL: {length} characters.")
    paths = [worker, wasm, stdlib, *(package.file_name for package in lock.packages.values())]
    lock.tool["live"] = {
        "edition": digest(script_sources()),
        "worker": worker,
        "wasm": wasm,
        "stdlib": stdlib,
        # Plain Python, for any version: a reader takes it home with an example.
        "wheel": next(iter(downloads)),
        "files": {path: _description(files[path]) for path in paths},
        "on_demand": [name for name in lock.packages if name not in BEFORE_A_RUN],
    }
    lock.to_json(folder / "pyodide-lock.json", indent=1)
    (folder / "config.json").write_text('{"server": false}\n')


def _description(path: Path) -> dict[str, int | str]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
