"""Health says that the process lives, and readiness that it can serve."""

import pytest

from demo_app_tests.notifications.conftest import redis
from demo_app_tests.serving import client_of
from demo_tools.cluster import Program

__all__ = ["redis"]

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # Redis is reached over a network, so time is real


async def test_a_process_by_itself_is_ready() -> None:
    async with client_of() as client:
        assert (await client.get("/ready")).json() == {"status": "ok"}


async def test_without_its_redis_a_process_lives_and_is_not_ready(redis: Program) -> None:
    async with client_of(notifications_url=f"redis://127.0.0.1:{redis.port}") as client:
        assert (await client.get("/ready")).status_code == 200
        redis.kill()
        ready, health = await client.get("/ready"), await client.get("/health")
        posted = await client.post("/notifications", json={"type": "message", "text": "x"})
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "1")
    assert posted.status_code == 503
    assert health.status_code == 200
