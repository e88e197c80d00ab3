"""The load's side of a server process: starting it, asking what it costs, ending it."""

import http.client
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from benchmarks.machine import cpu_seconds, resident_bytes

_PATIENCE: Final = 60.0
"""How long a peer may take to start, in seconds."""


class Server(Struct, frozen=True):
    """One peer, being served."""

    peer: str
    pid: int
    port: int

    def cpu_seconds(self) -> float | None:
        """How long it has computed so far, where that can be known."""
        return cpu_seconds(self.pid)

    def resident_bytes(self) -> int | None:
        """How much memory it keeps, where that can be known."""
        return resident_bytes(self.pid)


@contextmanager
def served(peer: str, core: int) -> Generator[Server]:
    """`peer`, served by a fresh process on `core`. Raises `RuntimeError` with what it said if it does not start."""
    command = [sys.executable, "-m", "benchmarks.serve", peer, str(core)]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            port = process.stdout.readline()
            if not port or not _answers(int(port)):
                process.kill()
                said.seek(0)
                raise RuntimeError(f"{peer} does not start:\n{said.read()}")
            yield Server(peer, process.pid, int(port))
        finally:
            process.kill()  # a worker that a stream keeps busy hears nothing gentler


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/json")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
