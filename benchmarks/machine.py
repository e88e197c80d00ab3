"""What the benchmarks ask of, and know about, the machine they run on."""

import os
import platform
import resource
import sys
import time
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.client import has_marks

_PACKAGES: Final = (
    "blacksheep",
    "falcon",
    "fastapi",
    "granian",
    "httptools",
    "litestar",
    "msgspec",
    "pydantic",
    "quart",
    "sse-starlette",
    "starlette",
    "uvicorn",
    "uvloop",
)


class Machine(Struct, frozen=True):
    """Where figures come from, and with what they were made."""

    python: str
    system: str
    processor: str
    cores: int
    is_pinned: bool
    packages: dict[str, str]
    has_marks: bool = False
    """Whether the load is not woken before 64 KiB have come; without, it naps."""


class Cores(Struct, frozen=True):
    """The core that the servers are kept on, and the one for the load; -1 where that cannot be chosen."""

    server: int = -1
    load: int = -1


def describe(cores: Cores) -> Machine:
    """This machine, this Python and the packages in it."""
    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        is_pinned=cores.server >= 0,
        packages={name: version(name) for name in _PACKAGES},
        has_marks=has_marks(),
    )


@cache
def choose_cores() -> Cores:
    """Two cores of those that this process may use, and this process kept on the second."""
    if sys.platform != "linux":
        return Cores()
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        return Cores()
    cores = Cores(usable[0], usable[1])
    os.sched_setaffinity(0, {cores.load})
    return cores


def allow_many_files() -> None:
    """Let this process open as many files, sockets among them, as the system ever lets it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cpu_seconds(pid: int) -> float | None:
    """How long the process and those that it started have computed, to the nanosecond; `None` outside Linux."""
    if sys.platform != "linux":
        return None
    # The clock of another process, as `clock_getcpuclockid` of the C library makes it.
    return sum(time.clock_gettime((~each << 3) | 2) for each in _family(pid))


def cores_seconds(cores: Cores) -> float | None:
    """How long the two cores have computed for anybody at all, if the system has a /proc to say so.

    Interrupts are left out: what the network costs is counted there, and not with the process that caused it.
    """
    try:
        lines = Path("/proc/stat").read_text("utf-8").splitlines()
    except OSError:
        return None
    chosen = {f"cpu{cores.server}", f"cpu{cores.load}"}
    times = [line.split()[1:] for line in lines if line.split(maxsplit=1)[0] in chosen]
    user, nice, system, stolen = 0, 1, 2, 7
    ticks = sum(int(time[kind]) for time in times for kind in (user, nice, system, stolen))
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int | None:
    """How much memory the process and those that it started keep, if the system has a /proc to say so."""
    try:
        statm = [Path(f"/proc/{each}/statm").read_text("utf-8") for each in _family(pid)]
    except OSError:
        return None
    return sum(int(fields.split()[1]) for fields in statm) * os.sysconf("SC_PAGE_SIZE")


def _family(pid: int) -> Iterable[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text("utf-8").split():
            yield from _family(int(child))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
