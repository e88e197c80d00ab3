"""The server's output in the terminal."""

import re
from contextlib import suppress
from typing import Final

from rich.console import Console

_ESCAPE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
"""Control sequences, control strings (with a terminal's links and titles), and control characters (ECMA-48 § 5)."""

_stdout: Final = Console(highlight=False)
_stderr: Final = Console(stderr=True, highlight=False)


def announce(text: str) -> None:
    """Print what others may want to read, such as the URL."""
    with suppress(OSError):  # the terminal is gone
        _stdout.print(text, markup=False, soft_wrap=True)


def report(text: str) -> None:
    """Print what has happened, for a person to read."""
    with suppress(OSError):  # the terminal is gone
        _stderr.print(text, markup=False, soft_wrap=True)


def plain(printed: bytes) -> str:
    """What a program has printed, as a terminal would show it, without colours."""
    lines = _ESCAPE.sub("", printed.decode(errors="replace")).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines).strip()
