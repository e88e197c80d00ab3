"""Programs of Debian's that tests need, installed where they are missing and where that is possible."""

import os
import shutil
import subprocess


def can_install() -> bool:
    """Whether this is a Debian, and root."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def install(package: str) -> None:
    """Install a package. Raises `CalledProcessError`, with apt-get's words on stderr."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("update", f"install --yes --no-install-recommends {package}"):
        arguments = ["apt-get", "-qq", *command.split()]
        subprocess.run(arguments, check=True, env=environment, stdout=subprocess.DEVNULL)
