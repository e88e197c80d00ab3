"""The programs that a cluster is made of, found or installed."""

import os
import shutil
import subprocess
from typing import Final

import pytest

from demo_app.cluster import MissingProgramError, find_program

_PACKAGES: Final = {"redis-server": "redis-server", "nginx": "nginx-light"}


def require(*names: str) -> None:
    """Install Debian's where one is missing and this is root; else skip the test."""
    for name in names:
        if _is_there(name):
            continue
        if not shutil.which("apt-get") or os.geteuid() != 0:
            pytest.skip(f"{name} is not installed, and cannot be installed from here")
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("update", f"install --yes --no-install-recommends {_PACKAGES[name]}"):
            arguments = ["apt-get", "-qq", *command.split()]
            subprocess.run(arguments, check=True, env=environ, stdout=subprocess.DEVNULL)
        assert _is_there(name)


def _is_there(name: str) -> bool:
    try:
        find_program(name)
    except MissingProgramError:
        return False
    return True
