"""What is measured, and how. Each workload meets a fresh server and gives one or more figures."""

import selectors
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.client import (
    ITEM_END,
    MARK,
    STREAM_END,
    BrokenError,
    Connection,
    encode_request,
)
from benchmarks.data import (
    CHUNKS,
    ORDER,
    READERS,
    RECORDS,
    TOKENS,
    TRADES,
    UPLOADED,
    encode_line,
    encode_upload,
)
from benchmarks.server import SERVERS, Server

LIMIT: Final = 3.0
"""How long a request beside busy streams may wait before it counts as never answered, in seconds."""

_PACE: Final = 0.002
"""How long after one answer the next request beside busy streams is sent, in seconds."""

_TIMEOUT: Final = 30.0
"""How long it may take until all of many streams have begun, in seconds."""

_REQUESTS: Final = 64
"""How many connections send requests at the same time: what keeps the server busy while the load naps."""

SERVER_BUSY: Final = "server_busy"
LOAD_BUSY: Final = "load_busy"
"""Which part of the time each side computed."""


class NoFigureError(Exception):
    """There is nothing to measure, and why."""


class Plan(Struct, frozen=True):
    """How much of everything: the length of a measurement in seconds, and how many connections are left idle; and the
    ASGI server that serves the peers."""

    seconds: float = 0.75
    idle: int = 2000
    server: str = SERVERS[0]
    tries: int = 3
    """How often a measurement that other processes disturb is made at most; the least disturbed counts."""


class Figure(Struct, frozen=True):
    """One result of a workload: its name in the raw figures, its title for a reader, and its unit.

    One that `is_ratio` is shown as a multiple of the floor's.
    """

    key: str
    title: str
    unit: str
    is_more_better: bool = False
    is_ratio: bool = False


class Workload(Struct, frozen=True):
    """Something to measure, on one route."""

    name: str
    route: str
    figures: tuple[Figure, ...]
    measure: Callable[[Server, Plan], Mapping[str, float]]
    left_out: frozenset[str]
    """The peers that it does not fit."""


def _measure_stream(route: str, items: int, server: Server, plan: Plan) -> Mapping[str, float]:
    with Connection(server.port, mark=MARK) as connection:
        connection.ask(route)
        connection.read_until(STREAM_END)
        connection.wakeups = count = 0
        with _busy(server) as shares:
            began = time.perf_counter()
            while (took := time.perf_counter() - began) < plan.seconds:
                connection.ask(route)
                if connection.read_until(STREAM_END) != items:
                    raise NoFigureError(f"a stream did not have {items} items")
                count += items
    return {**_rates("items", count / took, shares), "wakeups_per_item": connection.wakeups / count}


def _measure_requests(
    request: bytes, end: bytes, server: Server, plan: Plan
) -> Mapping[str, float]:
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.port)) for _ in range(_REQUESTS)]
        for connection in connections:
            connection.send(request)
        _answer_all(connections, request, end, plan.seconds / 4)
        with _busy(server) as shares:
            began = time.perf_counter()
            count = _answer_all(connections, request, end, plan.seconds)
            took = time.perf_counter() - began
    if not count:
        raise NoFigureError("no answer")
    return _rates("requests", count / took, shares)


def _answer_all(connections: list[Connection], request: bytes, end: bytes, seconds: float) -> int:
    """Send each connection's next request when it has its answer, and say how many came."""
    count = 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        time.sleep(
            0.001
        )  # nobody waits for the answers, so that the server does not pay for waking anybody
        for connection in connections:
            connection.drain()
            if connection.has_received(end):
                connection.send(request)
                count += 1
    return count


def _measure_upload(server: Server, plan: Plan) -> Mapping[str, float]:
    request = encode_request("/upload", "application/x-ndjson", encode_upload())
    with Connection(server.port) as connection:
        connection.send(request)
        connection.read_first()
        count = 0
        with _busy(server) as shares:
            began = time.perf_counter()
            while (took := time.perf_counter() - began) < plan.seconds:
                connection.send(request)
                connection.read_first()
                count += UPLOADED
    return _rates("items", count / took, shares)


def _measure_crowd(route: str, streams: int, server: Server, plan: Plan) -> Mapping[str, float]:
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.port)) for _ in range(streams)]
        for connection in connections:
            connection.ask(route)
        until = time.perf_counter() + _TIMEOUT
        while not all(connection.is_answered for connection in connections):
            if time.perf_counter() > until:
                raise NoFigureError("does not serve all of them")
            _drain_all(connections, plan.seconds / 4)
        with _busy(server) as shares:
            began = time.perf_counter()
            count = _drain_all(connections, plan.seconds)
            took = time.perf_counter() - began
    if not count:
        raise NoFigureError("no items")
    cpu = shares.get(SERVER_BUSY, 1) * took
    return {**_rates("items", count / took, shares), "cpu_us_per_item": cpu * 1e6 / count}


def _drain_all(connections: list[Connection], seconds: float) -> int:
    """Read what comes, and say how many items."""
    count = 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        time.sleep(0.02)
        count += sum(connection.drain() for connection in connections)
    return count


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
            connection.read_until(STREAM_END)
    return {"first_item_us": median(waits) * 1e6}


def _measure_idle(server: Server, plan: Plan) -> Mapping[str, float]:
    with ExitStack() as stack:
        _open(server, "/idle", stack)  # what is loaded or set up once is no connection's cost
        memory, computed = server.resident_bytes(), server.cpu_seconds()
        if memory is None or computed is None:
            raise NoFigureError("this system has no /proc to read memory and CPU time from")
        for _ in range(plan.idle):
            _open(server, "/idle", stack)
        more_memory, more_computed = server.resident_bytes(), server.cpu_seconds()
        time.sleep(plan.seconds)
        after = server.cpu_seconds()
    assert more_memory is not None
    assert more_computed is not None
    assert after is not None
    return {
        "memory_kib": (more_memory - memory) / 1024 / plan.idle,
        "opening_us": (more_computed - computed) * 1e6 / plan.idle,
        "idle_us_per_second": (after - more_computed) * 1e6 / plan.seconds / plan.idle,
    }


def _open(server: Server, route: str, stack: ExitStack) -> Connection:
    """A connection that has received the first item of the stream."""
    connection = stack.enter_context(Connection(server.port))
    connection.ask(route)
    connection.read_first()
    return connection


def _measure_beside(server: Server, plan: Plan) -> Mapping[str, float]:
    waits: list[float] = []
    items = 0
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        other = stack.enter_context(Connection(server.port, timeout=LIMIT))
        other.ask("/json")
        other.read_first()
        streams = [stack.enter_context(Connection(server.port, mark=MARK)) for _ in range(2)]
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
            items += sum(stream.drain() for stream in streams if stream in ready)
        took = time.perf_counter() - began
    waits.sort()
    return {
        "p99_ms": waits[int(0.99 * (len(waits) - 1))] * 1e3,
        "p50_ms": median(waits) * 1e3,
        "megabytes_per_second": items * len(encode_line(TRADES[0])) / took / 1e6,
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
    """How long this process has computed so far."""
    return time.process_time()


_EVERYBODY: Final = frozenset[str]()
_NO_CEILING: Final = frozenset({"ceiling"})
_NO_EVENTS_ONLY: Final = frozenset({"sse_starlette"})
_FRAMEWORKS: Final = _NO_CEILING | _NO_EVENTS_ONLY


def _stream(
    route: str, title: str, items: int, left_out: frozenset[str], *, unit: str = "items/s"
) -> Workload:
    figure = Figure("items_per_cpu_second", title, unit, is_more_better=True, is_ratio=True)
    measure = partial(_measure_stream, route, items)
    return Workload(_name(route), route, (figure,), measure, left_out)


def _requests(
    route: str, title: str, end: bytes, left_out: frozenset[str], body: bytes = b""
) -> Workload:
    figure = Figure(
        "requests_per_cpu_second", title, "requests/s", is_more_better=True, is_ratio=True
    )
    request = encode_request(route, "application/json" if body else "", body)
    measure = partial(_measure_requests, request, end)
    return Workload(_name(route), route, (figure,), measure, left_out)


def _name(route: str) -> str:
    return route.strip("/").replace("/", "_")


WORKLOADS: Final = (
    _stream("/ndjson/suspended", "NDJSON, suspends at each item", len(TRADES), _FRAMEWORKS),
    _stream(
        "/sse/suspended",
        "SSE with event and id, suspends at each",
        len(TRADES),
        _NO_CEILING,
        unit="events/s",
    ),
    _stream(
        "/tokens",
        "SSE, tokens of 20 bytes, suspends at each",
        len(TOKENS),
        _NO_CEILING,
        unit="events/s",
    ),
    _stream("/records", "NDJSON, records of 2 KB, suspends at each", len(RECORDS), _FRAMEWORKS),
    Workload(
        "paced",
        "/paced",
        (
            Figure(
                "cpu_us_per_item",
                "200 streams of tokens, 1 ms apart, CPU time each",
                "µs",
                is_ratio=True,
            ),
        ),
        partial(_measure_crowd, "/paced", 200),
        _NO_CEILING,
    ),
    Workload(
        "fan_out",
        "/fan_out",
        (
            Figure(
                "items_per_cpu_second",
                "One event to 1,000 readers",
                "deliveries/s",
                is_more_better=True,
                is_ratio=True,
            ),
        ),
        partial(_measure_crowd, "/fan_out", READERS),
        _NO_CEILING,
    ),
    _stream("/ndjson/ready", "NDJSON, ready", len(TRADES), _NO_EVENTS_ONLY),
    _stream("/sse/ready", "SSE with event and id, ready", len(TRADES), _EVERYBODY, unit="events/s"),
    _stream(
        "/sse/retry",
        "SSE with event, id and retry, ready",
        len(TRADES),
        _EVERYBODY,
        unit="events/s",
    ),
    _stream("/chunks", "4 KiB chunks, ready", len(CHUNKS), _NO_EVENTS_ONLY, unit="chunks/s"),
    _requests("/short", "Streams of three", STREAM_END, _NO_EVENTS_ONLY),
    _requests("/json", "Small JSON", ITEM_END, _FRAMEWORKS),
    _requests(
        "/body",
        "JSON body of 10 KB, validated",
        ITEM_END,
        _FRAMEWORKS,
        msgspec.json.encode(ORDER),
    ),
    Workload(
        "upload",
        "/upload",
        (
            Figure(
                "items_per_cpu_second",
                "NDJSON upload of 100,000 lines",
                "lines/s",
                is_more_better=True,
                is_ratio=True,
            ),
        ),
        _measure_upload,
        _FRAMEWORKS,
    ),
    Workload(
        "first",
        "/first",
        (Figure("first_item_us", "Time to first item", "µs", is_ratio=True),),
        _measure_first,
        _FRAMEWORKS,
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
        _NO_EVENTS_ONLY,
    ),
    Workload(
        "idle",
        "/idle",
        (
            Figure("memory_kib", "Idle event stream, memory each", "KiB"),
            Figure("opening_us", "… CPU time to open one", "µs"),
        ),
        _measure_idle,
        _NO_CEILING,
    ),
)

FAILURES: Final = (NoFigureError, BrokenError, OSError)
"""What a peer that cannot keep up ends in."""
