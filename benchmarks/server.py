"""The load's side of a server process: starting it, asking what it costs, ending it."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

from msgspec import Struct

from benchmarks.machine import Cores, cpu_seconds, resident_bytes

SERVERS: Final = ("uvicorn", "granian")

_TIMEOUT: Final = 60.0
"""How long a peer may take to start, in seconds."""


class Peer(Struct, frozen=True):
    """Who takes part: its name in the report, its module in `benchmarks.apps`, and the checkout that jero is of.

    Without a checkout, jero is this one.
    """

    name: str
    app: str
    checkout: str = ""


class Server(Struct, frozen=True):
    """One peer, being served."""

    peer: Peer
    pid: int
    port: int

    def cpu_seconds(self) -> float | None:
        """How long it has computed so far, where that can be known."""
        return cpu_seconds(self.pid)

    def resident_bytes(self) -> int | None:
        """How much memory it keeps, where that can be known."""
        return resident_bytes(self.pid)


@contextmanager
def served(peer: Peer, server: str, cores: Cores) -> Generator[Server]:
    """`peer`, on `server` in a fresh process. Raises `RuntimeError` with what it said if it does not start."""
    command = [sys.executable, "-m", "benchmarks.serve", server, peer.app, str(cores.server)]
    if peer.checkout:
        command.append(peer.checkout)
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, start_new_session=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            port = process.stdout.readline()
            if not port or not _answers(process, int(port)):
                said.seek(0)
                raise RuntimeError(f"{peer.name} does not start:\n{said.read()}")
            yield Server(peer, process.pid, int(port))
        finally:
            # The whole session, as granian has a process for its worker; a worker that a stream keeps busy hears
            # nothing gentler.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _answers(process: subprocess.Popen[str], port: int) -> bool:
    until = time.monotonic() + _TIMEOUT
    while process.poll() is None and time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
        try:
            connection.request("GET", "/json")
            return connection.getresponse().status == 200
        except ConnectionRefusedError:
            time.sleep(0.01)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
    return False
