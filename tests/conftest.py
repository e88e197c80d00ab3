"""What the framework's tests share: a clock on which nothing waits, and a way to ask an app."""

import pytest
from hypothesis import settings

from jero.testing import VirtualClock

# How long an example takes depends on how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualClock}
