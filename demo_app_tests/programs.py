"""The programs that a cluster is made of, found or installed."""

from typing import Final

import pytest

from demo_tools.cluster import MissingProgramError, find_program
from tests.support.debian import can_install, install

_PACKAGES: Final = {"redis-server": "redis-server", "nginx": "nginx-light"}


def require(*names: str) -> None:
    """Install Debian's where one is missing and this is root; else skip the test."""
    for name in names:
        if _is_there(name):
            continue
        if not can_install():
            pytest.skip(f"{name} is not installed, and cannot be installed from here")
        install(_PACKAGES[name])
        assert _is_there(name)


def _is_there(name: str) -> bool:
    try:
        find_program(name)
    except MissingProgramError:
        return False
    return True
