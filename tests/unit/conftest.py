"""No code of jero blocks the event loop: a call that would raises `BlockingError`, and fails its test."""

from collections.abc import Generator

import pytest
from blockbuster import BlockBuster

# Called at startup only: they look for modules and read the viewer's script.
STARTUP = {"require_servable", "compile_publications"}

# `VirtualClock` knows that a thread waits by what it waits in. The watch on locks would stand in between.
LOCKS = ("threading.Lock.acquire", "threading.Lock.acquire_lock")


@pytest.fixture(scope="session", autouse=True)
def no_blocking_calls() -> Generator[None]:
    # The clients and clocks of `jero.testing` may wait: they are for tests.
    blocking = BlockBuster("jero", excluded_modules=["jero.testing"])
    for name in LOCKS:
        del blocking.functions[name]
    for function in blocking.functions.values():
        function.can_block_in("jero/openapi/serving.py", STARTUP)
    blocking.activate()
    yield
    blocking.deactivate()
