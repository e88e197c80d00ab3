"""The worker's settings, passed at startup."""

from msgspec import Struct

from playground.run.runner import DEFAULT_LIMITS, Limits
from playground.snippet.catalogue import ROOT


class Settings(Struct, frozen=True):
    """Which snippets run, and their limits."""

    root: str = str(ROOT)
    package: str = "snippets"
    limits: Limits = DEFAULT_LIMITS
    """Of each run, and of each request to a snippet's own routes."""

    runs: int = 16
    """At once, a snippet's own routes included."""

    body: int = 1_048_576
    """Of a request, in bytes."""
