"""A feed of each kind: the promises of a feed are the same whatever is behind it."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import pytest
from redis import Redis

from demo_app.notifications.feed import Feed
from demo_app.notifications.opening import open_feed
from demo_app.settings import Settings
from demo_app_tests.programs import require
from demo_tools.cluster import Program, redis_server

KEPT = 100


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # Redis is reached over a network, so time is real


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Generator[Program]:
    require("redis-server")
    program = redis_server(tmp_path_factory.mktemp("redis"))
    program.start()
    try:
        yield program
    finally:
        program.stop()


@pytest.fixture
def empty_redis(redis: Program) -> Program:
    with Redis(port=redis.port) as client:
        client.flushall()  # pyright: ignore[reportUnknownMemberType] - has untyped arguments
    return redis


@asynccontextmanager
async def redis_feed(redis: Program) -> AsyncGenerator[Feed]:
    """One process's feed."""
    url = f"redis://127.0.0.1:{redis.port}"
    settings = Settings(notifications_url=url, notifications_kept=KEPT)
    async with open_feed(settings) as feed:
        yield feed
