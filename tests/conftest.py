"""What the framework's tests share: a clock on which nothing waits, and a way to ask an app."""

import pytest

import tests.support.untimed  # noqa: F401  # pyright: ignore[reportUnusedImport] - it loads a profile
from jero.testing import VirtualClock


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualClock}
