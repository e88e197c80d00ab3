"""The same application on two workers behind nginx, with Redis between them: real processes, ended the hard way."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import psutil
import pytest

from demo_app_tests.programs import require
from demo_app_tests.readers import TIMEOUT, readers
from demo_tools.cluster import Cluster, Program, find_program
from tests.support.root import ROOT

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # over a network, time is real


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    require("redis-server", "nginx")
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    """The cluster, with everything running that a test before has ended."""
    for program in shared_cluster.programs:
        if not program.is_running:
            program.start()
    return shared_cluster


def url_of(program: Program) -> str:
    return f"http://127.0.0.1:{program.port}"


async def publish(url: str, *texts: str) -> None:
    """Publish each of them, again where that fails."""
    async with (
        httpx.AsyncClient(base_url=url, timeout=TIMEOUT) as client,
        asyncio.timeout(TIMEOUT),
    ):
        for text in texts:
            while not await is_published(client, text):  # noqa: ASYNC110 - as a client would
                await asyncio.sleep(0.05)


async def is_published(client: httpx.AsyncClient, text: str) -> bool:
    try:
        response = await client.post("/notifications", json={"type": "message", "text": text})
    except httpx.TransportError:
        return False
    return response.status_code == 201


def numbered(name: str, count: int) -> list[str]:
    return [f"{name} {number}" for number in range(count)]


async def test_what_is_published_through_one_worker_reaches_the_others_readers_in_order_and_once(
    cluster: Cluster,
) -> None:
    one, other = cluster.workers
    texts = numbered("across", 100)
    async with readers(url_of(other), 3) as all_:
        await publish(url_of(one), *texts)
        for reader in all_:
            await reader.wait_for(texts[-1])
            assert reader.seen == texts


async def test_readers_of_a_killed_worker_come_back_to_the_other_and_miss_nothing(
    cluster: Cluster,
) -> None:
    killed, other = cluster.workers
    texts = numbered("killed", 60)
    async with readers(cluster.url, 6) as all_:
        await publish(url_of(other), *texts[:20])
        killed.kill()
        await publish(url_of(other), *texts[20:])
        for reader in all_:
            await reader.wait_for(texts[-1])
            assert reader.seen == texts
        # Half of them had to come back.
        assert sorted(reader.connections for reader in all_) == [1, 1, 1, 2, 2, 2]


async def test_a_rolling_restart_loses_nothing(cluster: Cluster) -> None:
    async with readers(cluster.url, 4) as all_:
        texts = numbered("rolling", 30)
        await publish(cluster.url, *texts[:10])
        for worker, batch in zip(cluster.workers, (texts[10:20], texts[20:]), strict=True):
            await asyncio.to_thread(worker.stop)
            async with asyncio.timeout(
                5
            ):  # though only streams have come back to the other one yet
                await publish(cluster.url, *batch)
            await asyncio.to_thread(worker.start)
        for reader in all_:
            await reader.wait_for(texts[-1])
            # A publisher that is cut off cannot know, so it publishes again.
            assert list(dict.fromkeys(reader.seen)) == texts


async def test_a_worker_that_is_told_to_stop_ends_its_streams_at_once(cluster: Cluster) -> None:
    worker = cluster.workers[0]
    async with readers(url_of(worker), 2):
        await asyncio.to_thread(worker.stop)
    logs = worker.log.read_text().splitlines()
    assert "Finished server process" in logs[-1]


async def test_readers_go_on_when_redis_was_killed_and_comes_back(cluster: Cluster) -> None:
    async with readers(cluster.url, 4) as all_:
        await publish(cluster.url, "before")
        for reader in all_:
            await reader.wait_for("before")
        cluster.redis.kill()
        async with httpx.AsyncClient(base_url=cluster.url, timeout=TIMEOUT) as client:
            assert (await client.get("/ready")).status_code == 503
            assert (await client.get("/health")).status_code == 200
        await asyncio.to_thread(cluster.redis.start)
        await publish(cluster.url, "after")
        for reader in all_:
            await reader.wait_for("after")
            assert reader.seen == ["before", "after"]
            assert reader.connections == 1


async def test_an_answer_passes_nginx_piece_by_piece(cluster: Cluster) -> None:
    async with (
        httpx.AsyncClient(base_url=cluster.url, timeout=TIMEOUT) as client,
        client.stream("POST", "/questions", json={"question": "What is keepalive?"}) as response,
    ):
        chunks = [chunk async for chunk in response.aiter_raw()]
    assert len(chunks) > 10


async def test_a_request_keeps_nginxs_id_in_the_workers_log(cluster: Cluster) -> None:
    await publish(cluster.url, "logged")
    logs = "".join(worker.log.read_text() for worker in cluster.workers)
    assert '"request_id":"' in logs


def test_nginx_accepts_the_sites_file(cluster: Cluster) -> None:
    folder = cluster.nginx.log.parent
    command = [find_program("nginx"), "-t", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    check = subprocess.run(command, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr


def test_the_command_starts_all_and_ctrl_c_stops_all(tmp_path: Path) -> None:
    require("redis-server", "nginx")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "demo_tools.cluster", "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = first.split()[1]
        family = psutil.Process(process.pid).children(recursive=True)
        assert httpx.get(url + "/ready").status_code == 200
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT)
        process.stdout.close()
        assert len(family) >= 4
        assert not any(child.is_running() for child in family)
    finally:
        process.kill()
        process.wait()
