"""Measures what many readers take: `python -m demo_app_tests.load` writes figures and a plot into docs/assets/demo/.

A thousand readers hold a stream each, through nginx, on two workers that share one Redis. Events are published at a
steady rate. The readers live in this process, so what it takes them to notice an event is part of each time.
"""

import argparse
import asyncio
import gc
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, cast, override

import httpx
import msgspec
import psutil

from benchmarks.machine import allow_many_files
from demo_app_tests.load_plot import Figures, Machine, render_machine, render_plot, render_table
from demo_tools.cluster import Cluster, find_program
from tests.support.root import ROOT

FOLDER: Final = ROOT / "docs" / "assets" / "demo"

TIMEOUT: Final = 60.0
"""How long the readers may take to connect, and the last event to arrive, in seconds."""

_REQUEST: Final = b"GET /notifications HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_SENT_AT: Final = b'"text":"'


class Reader(asyncio.Protocol):
    """One reader of notifications, as cheap as can be: it notes how old each event is when it arrives."""

    def __init__(self, ages: list[int], is_begun: asyncio.Future[None]) -> None:
        self._ages = ages
        self._is_begun = is_begun
        self._rest = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(_REQUEST)

    @override
    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"id: ") and not self._is_begun.done():
                self._is_begun.set_result(None)
            elif line.startswith(b"data: "):
                sent_at = line.partition(_SENT_AT)[2].partition(b'"')[0]
                self._ages.append(now - int(sent_at))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_begun.done():
            self._is_begun.set_exception(ConnectionResetError("a reader was refused"))


async def connect(cluster: Cluster, count: int, ages: list[int]) -> list[asyncio.BaseTransport]:
    """So many readers, all of which have got their place."""
    loop = asyncio.get_running_loop()
    transports: list[asyncio.BaseTransport] = []
    begun: list[asyncio.Future[None]] = []
    for _ in range(count):
        is_begun = loop.create_future()
        transport, _ = await loop.create_connection(
            lambda is_begun=is_begun: Reader(ages, is_begun), "127.0.0.1", cluster.nginx.port
        )
        transports.append(transport)
        begun.append(is_begun)
    async with asyncio.timeout(TIMEOUT):
        await asyncio.gather(*begun)
    return transports


async def publish(cluster: Cluster, count: int, rate: float) -> None:
    """Publish so many events, so many a second, each with the time at which it was sent."""
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=cluster.url) as client:
        due = loop.time()
        for _ in range(count):
            event = {"type": "message", "text": str(time.monotonic_ns())}
            (await client.post("/notifications", json=event)).raise_for_status()
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - loop.time()))


def memory_of(cluster: Cluster) -> int:
    """What the workers keep for themselves alone, in bytes (USS)."""
    workers = [psutil.Process(worker.pid) for worker in cluster.workers]
    return sum(worker.memory_full_info().uss for worker in workers)


async def measure(cluster: Cluster, readers: int, events: int, rate: float) -> Figures:
    """One run. Raises `TimeoutError` if an event does not reach every reader."""
    others = psutil.getloadavg()[0]
    idle = memory_of(cluster)
    ages: list[int] = []
    transports = await connect(cluster, readers, ages)
    gc.disable()  # which would stop the clock of all readers at once
    began = [time.process_time(), *(_busy(worker.pid) for worker in cluster.workers)]
    since = time.monotonic()
    await publish(cluster, events, rate)
    async with asyncio.timeout(TIMEOUT):
        while len(ages) < readers * events:  # noqa: ASYNC110 - nobody tells when the last one has it
            await asyncio.sleep(0.05)
    passed = time.monotonic() - since
    ended = [time.process_time(), *(_busy(worker.pid) for worker in cluster.workers)]
    load, *workers = [(end - begin) / passed for begin, end in zip(began, ended, strict=True)]
    # The first readers live in memory that starting up has left over, so what others take in addition is counted.
    few = memory_of(cluster)
    transports += await connect(cluster, 2 * readers, [])
    many = memory_of(cluster)
    for transport in transports:
        transport.close()
    return Figures(
        date=datetime.now(UTC).date().isoformat(),
        machine=describe(),
        readers=readers,
        workers=len(cluster.workers),
        events=events,
        events_per_second=rate,
        deliveries=len(ages),
        idle_worker_mib=round(idle / len(cluster.workers) / 2**20, 1),
        reader_kib=round((many - few) / (2 * readers) / 2**10, 1),
        milliseconds=percentiles(ages),
        worker_busy=[round(each, 2) for each in workers],
        load_busy=round(load, 2),
        load_average_before=round(others, 1),
    )


def _busy(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def percentiles(ages: list[int]) -> list[float]:
    """The 0th to the 100th, in milliseconds."""
    ordered = sorted(ages)
    last = len(ordered) - 1
    return [round(ordered[last * percent // 100] / 1e6, 2) for percent in range(101)]


def describe() -> Machine:
    """This machine and the programs on it."""
    names = ("uvicorn", "uvloop", "httptools", "msgspec", "redis")
    programs = {"redis-py" if name == "redis" else name: version(name) for name in names}
    for name, option in (("redis-server", "--version"), ("nginx", "-v")):
        run = subprocess.run(
            [find_program(name), option], capture_output=True, text=True, check=True
        )
        said = run.stdout or run.stderr
        programs[name] = (
            said.partition("v=")[2].split()[0] if "v=" in said else said.split("/")[1].strip()
        )
    cpu = Path("/proc/cpuinfo").read_text("utf-8").partition("model name")[2].splitlines()[0]
    return Machine(
        processor=cpu.partition(": ")[2],
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        python=platform.python_version(),
        programs=programs,
    )


def main() -> None:
    """Measure, and publish."""
    parser = argparse.ArgumentParser(prog="python -m demo_app_tests.load", description=__doc__)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--events", type=int, default=150)
    parser.add_argument("--rate", type=float, default=5.0, help="events a second")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    allow_many_files()
    with (
        tempfile.TemporaryDirectory(prefix="demo_app-") as folder,
        Cluster(Path(folder), environ={"LOG_LEVEL": "WARNING"}) as cluster,
    ):
        figures = asyncio.run(measure(cluster, options.readers, options.events, options.rate))
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "load.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    (options.folder / "load.svg").write_text(render_plot(figures), "utf-8")
    (options.folder / "table.txt").write_text(render_table(figures), "utf-8")
    (options.folder / "machine.txt").write_text(render_machine(figures), "utf-8")
    p50, p99 = figures.milliseconds[50], figures.milliseconds[99]
    sys.stdout.write(f"p50 {p50} ms, p99 {p99} ms, {figures.reader_kib} KiB a reader\n")


if __name__ == "__main__":
    main()
