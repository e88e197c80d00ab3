"""Asks one framework, over a socket, and notes what happens on both sides."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Final

from msgspec import Struct

READING: Final = 0.3
"""How long a client reads before it leaves, in seconds: one that leaves at once may be gone before all is set up."""

TIMEOUT: Final = 5.0
"""How long to wait for what may never happen, in seconds."""


class Teardown(Struct, frozen=True):
    """What became of the stream's `finally` after its client had left."""

    is_begun: bool
    """Whether it was run, within the patience."""

    is_finished: bool
    """Whether what stands after the `await` in it ran as well."""


class Failure(Struct, frozen=True):
    """What a client is told of a stream that raises."""

    status: int | None
    """`None` if there was no response at all."""

    is_taken_for_whole: bool
    is_logged: bool


class Endings(Struct, frozen=True):
    """All that was seen of one framework."""

    name: str
    version: str
    """Empty for jero, which is this one."""

    leaves_while_idle: Teardown
    leaves_while_busy: Teardown
    fails_before_the_first_row: Failure
    fails_after_the_first_row: Failure
    ends_on_sigterm: bool
    """Whether the process ends while a stream is open, within the patience."""


class Server:
    """One framework in a process of its own, and every line that it prints."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-m", "benchmarks.endings.serve", name]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        self._stdout = self.process.stdout
        self.port = int(self._stdout.readline())
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._stdout:
            self._lines.append(line)

    def wait_for(self, text: str, seconds: float = TIMEOUT) -> bool:
        """Whether a line that holds this is printed within so many seconds."""
        until = time.monotonic() + seconds
        while not any(text in line for line in tuple(self._lines)):
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        """Kill the process, if it has not ended."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self._stdout.close()


@contextmanager
def served(name: str) -> Generator[Server]:
    """The framework `name`, served."""
    server = Server(name)
    try:
        yield server
    finally:
        server.close()


def ask(port: int, kind: str) -> socket.socket:
    """Send the request."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    connection.sendall(f"GET /{kind} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return connection


def watch_leaving(name: str, kind: str, patience: float, teardown: float) -> Teardown:
    """Read for a while, leave, and see what becomes of the stream."""
    with served(name) as server:
        with ask(server.port, kind) as connection:
            connection.recv(65_536)  # however long the process takes to begin
            until = time.monotonic() + READING
            connection.settimeout(READING)
            with suppress(TimeoutError):
                while time.monotonic() < until:
                    connection.recv(65_536)
        is_begun = server.wait_for("closing", patience)
        return Teardown(is_begun, is_begun and server.wait_for("closed", teardown))


def watch_failing(name: str, kind: str) -> Failure:
    """Read to the end of a stream that raises."""
    with served(name) as server:
        received = read_all(ask(server.port, kind))
        status = re.match(rb"HTTP/1.1 (\d+)", received)
        # A chunked body is whole when its last chunk is there; any other, when it has its length (RFC 9112 § 6.3).
        is_whole = received.endswith(b"0\r\n\r\n") or b"content-length:" in received.lower()
        return Failure(
            int(status[1]) if status else None,
            is_whole,
            server.wait_for("RuntimeError", 2.0),
        )


def read_all(connection: socket.socket) -> bytes:
    """What comes until the server hangs up, or has sent a whole response."""
    received = b""
    with connection:
        while not received.endswith(b"0\r\n\r\n"):
            try:
                part = connection.recv(65_536)
            except (TimeoutError, ConnectionResetError):
                break
            if not part:
                break
            received += part
            if b"content-length:" in received.lower():
                break
    return received


def watch_stopping(name: str) -> bool:
    """Ask the process to end while a stream is open."""
    with served(name) as server:
        with ask(server.port, "idle") as connection:
            connection.recv(65_536)
            server.process.send_signal(signal.SIGTERM)
            try:
                server.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                return False
        return True


def watch(name: str, patience: float = TIMEOUT, teardown: float = 2.0) -> Endings:
    """All that there is to see of one framework.

    Leaving is noticed within `patience`, and what stands after an `await` then runs within `teardown`, in seconds.
    """
    return Endings(
        name=name,
        version="" if name == "jero" else version(name.partition("_")[0]),
        leaves_while_idle=watch_leaving(name, "idle", patience, teardown),
        leaves_while_busy=watch_leaving(name, "busy", patience, teardown),
        fails_before_the_first_row=watch_failing(name, "early"),
        fails_after_the_first_row=watch_failing(name, "late"),
        ends_on_sigterm=watch_stopping(name),
    )
