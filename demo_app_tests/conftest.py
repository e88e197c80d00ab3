"""What the application's tests share: a clock on which nothing waits, and a Chromium."""

import pytest

import tests.support.untimed  # noqa: F401  # pyright: ignore[reportUnusedImport] - it loads a profile
from jero.testing import VirtualClock
from tests.support.browser import chromium, page

__all__ = ["chromium", "page"]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualClock}
