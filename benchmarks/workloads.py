"""What is measured, and how. Each workload meets a fresh server and gives one or more figures."""

import math
import os
import re
import selectors
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median
from typing import Final

from msgspec import Struct

from benchmarks.client import BrokenError, Connection
from benchmarks.data import CHUNKS, LINE_SIZE, TRADES
from benchmarks.server import Server

LIMIT: Final = 3.0
"""How long a request beside busy streams may wait before it counts as never answered, in seconds."""

_PACE: Final = 0.002
"""How long after one answer the next request beside busy streams is sent, in seconds."""

SERVER_BUSY: Final = "server_busy"
LOAD_BUSY: Final = "load_busy"
"""Which part of the time each side computed."""


class NoFigureError(Exception):
    """There is nothing to measure, and why."""


class Plan(Struct, frozen=True):
    """How much of everything: the length of a measurement in seconds, and how many connections are left idle."""

    seconds: float = 1.0
    idle: int = 2000


class Figure(Struct, frozen=True):
    """One thing that a workload tells: its name in the raw figures, what it is to a reader, and its unit.

    One that `is_ratio` is told as a multiple of the floor's.
    """

    key: str
    title: str
    unit: str
    is_more_better: bool = False
    is_ratio: bool = False


class Workload(Struct, frozen=True):
    """Something to measure, on one route. `is_always_ready` says that nothing in it ever waits."""

    name: str
    route: str
    figures: tuple[Figure, ...]
    measure: Callable[[Server, Plan], Mapping[str, float]]
    is_always_ready: bool = False


def _measure_rate(path: str, items: int, server: Server, plan: Plan) -> Mapping[str, float]:
    with Connection(server.port) as connection:
        connection.ask(path)
        connection.read_rest()
        with _busy(server) as shares:
            count = 0
            began = time.perf_counter()
            while (took := time.perf_counter() - began) < plan.seconds:
                connection.ask(path)
                connection.read_rest()
                count += items
    return _rates("items", count / took, shares)


def _measure_requests(path: str, server: Server, plan: Plan) -> Mapping[str, float]:
    wrk = shutil.which("wrk")
    if wrk is None:
        raise NoFigureError("wrk is not installed")
    url = f"http://127.0.0.1:{server.port}{path}"
    command = [wrk, "-t1", "-c16", f"-d{math.ceil(plan.seconds)}s", url]
    with _busy(server) as shares:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise NoFigureError(f"wrk met errors:\n{said}")
    return _rates("requests", float(rate[1]), shares)


def _rates(kind: str, rate: float, shares: Mapping[str, float]) -> Mapping[str, float]:
    return {
        f"{kind}_per_second": rate,
        f"{kind}_per_cpu_second": rate / (shares.get(SERVER_BUSY) or 1),
        **shares,
    }


def _measure_first(server: Server, plan: Plan) -> Mapping[str, float]:
    waits: list[float] = []
    with Connection(server.port) as connection:
        end = time.perf_counter() + plan.seconds
        while time.perf_counter() < end:
            asked = time.perf_counter()
            connection.ask("/first")
            connection.read_first()
            waits.append(time.perf_counter() - asked)
            connection.read_rest()
    return {"first_item_us": median(waits) * 1e6}


def _measure_idle(server: Server, plan: Plan) -> Mapping[str, float]:
    with ExitStack() as stack:
        _open_idle(server, stack)  # what is loaded or set up once is no connection's cost
        memory, computed = server.resident_bytes(), server.cpu_seconds()
        if memory is None or computed is None:
            raise NoFigureError("this system has no /proc to read memory and CPU time from")
        for _ in range(plan.idle):
            _open_idle(server, stack)
        more_memory, more_computed = server.resident_bytes(), server.cpu_seconds()
        watched = 3 * plan.seconds  # the system counts CPU time in hundredths of a second
        time.sleep(watched)
        after = server.cpu_seconds()
    assert more_memory is not None
    assert more_computed is not None
    assert after is not None
    return {
        "memory_kib": (more_memory - memory) / 1024 / plan.idle,
        "opening_us": (more_computed - computed) * 1e6 / plan.idle,
        "idle_us_per_second": (after - more_computed) * 1e6 / watched / plan.idle,
    }


def _open_idle(server: Server, stack: ExitStack) -> None:
    connection = stack.enter_context(Connection(server.port))
    connection.ask("/idle")
    connection.read_first()


def _measure_beside(server: Server, plan: Plan) -> Mapping[str, float]:
    waits: list[float] = []
    items = 0
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        other = stack.enter_context(Connection(server.port, timeout=LIMIT))
        other.ask("/json")
        other.read_first()
        streams = [stack.enter_context(Connection(server.port)) for _ in range(2)]
        for stream in streams:
            stream.ask("/endless")
            selector.register(stream.socket, selectors.EVENT_READ, stream)
        selector.register(other.socket, selectors.EVENT_READ, other)
        streams[0].read_first()
        began = next_at = time.perf_counter()
        asked: float | None = None
        while (now := time.perf_counter()) < began + 2 * plan.seconds or asked is not None:
            if asked is None and now >= next_at:
                other.ask("/json")
                asked = now
            if asked is not None and now - asked > LIMIT:
                raise NoFigureError("never answers")
            ready = [key.data for key, _ in selector.select(_PACE if asked is None else LIMIT)]
            if other in ready:
                other.read_first()
                now = time.perf_counter()
                if asked is not None:
                    waits.append(now - asked)
                    asked, next_at = None, now + _PACE
            items += sum(stream.read_block() for stream in streams if stream in ready)
        took = time.perf_counter() - began
    waits.sort()
    return {
        "p99_ms": waits[int(0.99 * (len(waits) - 1))] * 1e3,
        "p50_ms": median(waits) * 1e3,
        "megabytes_per_second": items * LINE_SIZE / took / 1e6,
    }


@contextmanager
def _busy(server: Server) -> Generator[dict[str, float]]:
    """Fill in, at the end, which part of the time each side has computed."""
    shares: dict[str, float] = {}
    computed, load, began = server.cpu_seconds(), load_seconds(), time.perf_counter()
    yield shares
    took, after = time.perf_counter() - began, server.cpu_seconds()
    shares[LOAD_BUSY] = (load_seconds() - load) / took
    if computed is not None and after is not None:
        shares[SERVER_BUSY] = (after - computed) / took


def load_seconds() -> float:
    """How long this process, and every wrk it has waited for, have computed so far."""
    return sum(os.times()[:4])


def _rate(name: str, title: str, item: str, count: int) -> Workload:
    route = f"/{name.replace('_', '/')}"
    figure = Figure("items_per_cpu_second", title, f"{item}/s", is_more_better=True, is_ratio=True)
    measure = partial(_measure_rate, route, count)
    return Workload(name, route, (figure,), measure, is_always_ready="suspended" not in name)


def _requests(name: str, title: str, *, is_always_ready: bool = False) -> Workload:
    figure = Figure(
        "requests_per_cpu_second", title, "requests/s", is_more_better=True, is_ratio=True
    )
    measure = partial(_measure_requests, f"/{name}")
    return Workload(name, f"/{name}", (figure,), measure, is_always_ready)


WORKLOADS: Final = (
    _rate("ndjson_ready", "NDJSON, items ready", "items", len(TRADES)),
    _rate("ndjson_suspended", "NDJSON, suspends per item", "items", len(TRADES)),
    _rate("sse_ready", "SSE, events ready", "events", len(TRADES)),
    _rate("sse_suspended", "SSE, suspends per event", "events", len(TRADES)),
    _rate("chunks", "4 KiB chunks, ready", "chunks", len(CHUNKS)),
    _requests("short", "Streams of three items", is_always_ready=True),
    _requests("json", "Small JSON"),
    Workload(
        "first",
        "/first",
        (Figure("first_item_us", "Time to first item", "µs", is_ratio=True),),
        _measure_first,
    ),
    Workload(
        "beside",
        "/endless",
        (
            Figure("p99_ms", "Another request beside two endless streams, p99", "ms"),
            Figure(
                "megabytes_per_second", "… what the two get through", "MB/s", is_more_better=True
            ),
        ),
        _measure_beside,
        is_always_ready=True,
    ),
    Workload(
        "idle",
        "/idle",
        (
            Figure("memory_kib", "Idle event stream, memory each", "KiB"),
            Figure("opening_us", "… CPU time to open one", "µs"),
        ),
        _measure_idle,
    ),
)

FAILURES: Final = (NoFigureError, BrokenError, OSError)
"""What a peer that cannot keep up ends in."""
