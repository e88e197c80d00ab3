"""What the server tells whoever started it."""

from typing import Final

from rich.console import Console

_stdout: Final = Console(highlight=False)
_stderr: Final = Console(stderr=True, highlight=False)


def announce(text: str) -> None:
    """Print what others may want to read, such as the URL."""
    _stdout.print(text, markup=False, soft_wrap=True)


def report(text: str) -> None:
    """Print what has happened, for a person to read."""
    _stderr.print(text, markup=False, soft_wrap=True)
