"""Real servers in processes of their own, and what their apps report."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import psutil
import pytest

from tests.servers.stage import SOCKET, Counts, Cue, Report, Sent
from tests.support.debian import can_install, install

ROOT: Final = Path(__file__).parents[2]

TIMEOUT: Final = 60.0
"""How long a test waits for what must happen, in seconds. Only what hangs takes that long."""

type Address = tuple[str, int]

_MODULE: Final = (sys.executable, "-m")
# Without workers, because hypercorn 0.18 does not pass a signal on to its worker, which waits for its connections to
# end (`Server.wait_closed`) before it tells the app anything: with an open stream it never stops, whatever the app is.
_HYPERCORN: Final = (
    *_MODULE,
    *("hypercorn", "{app}", "--bind", "127.0.0.1:{port}", "--workers", "0"),
)
COMMANDS: Final = {
    # uvloop and httptools, which it takes by itself when they are there
    "uvicorn": (*_MODULE, "uvicorn", "{app}", "--port", "{port}"),
    "uvicorn-asyncio": (
        *_MODULE,
        *("uvicorn", "{app}", "--port", "{port}", "--loop", "asyncio", "--http", "h11"),
    ),
    "granian": (*_MODULE, "granian", "{app}", "--port", "{port}", "--interface", "asgi"),
    "granian-h2": (
        *_MODULE,
        *("granian", "{app}", "--port", "{port}", "--interface", "asgi", "--http", "2"),
    ),
    "hypercorn": _HYPERCORN,
    "hypercorn-h2": _HYPERCORN,  # which of the two it speaks is up to the client
}

KINDS: Final = tuple(COMMANDS)
HTTP1_KINDS: Final = tuple(kind for kind in KINDS if not kind.endswith("-h2"))

# hypercorn 0.18 never ends an HTTP/2 stream whose application has stopped in the middle of it: neither END_STREAM nor
# RST_STREAM (`H2Protocol.stream_send` forgets the stream on `StreamClosed`). The client waits for ever.
KINDS_THAT_TELL: Final = tuple(kind for kind in KINDS if kind != "hypercorn-h2")

# … and its HTTP/2 has no backpressure: `StreamBuffer.pop` compares the size of the chunk that it gives, which is
# nothing when the window is closed, and not that of the buffer, so that `push` never waits.
KINDS_WITH_BACKPRESSURE: Final = KINDS_THAT_TELL


def on(*kinds: str) -> pytest.MarkDecorator:
    """Run the test on a server of each of these kinds; without any, of every kind."""
    return pytest.mark.parametrize("server", kinds or KINDS, indirect=True)


def on_its_own(*kinds: str) -> pytest.MarkDecorator:
    """Run the test on a server of each of these kinds that it may end."""
    return pytest.mark.parametrize("own_server", kinds or KINDS, indirect=True)


class Line:
    """The test's end of the line: waits for what apps report, and gives them their cues."""

    def __init__(self, path: Path) -> None:
        self.reports: list[Report] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._happened = threading.Condition()
        self._app: socket.socket | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        if self._app is not None:
            self._app.close()

    def wait(
        self, what: str, where: str = "", *, count: int = 1, timeout: float = TIMEOUT
    ) -> Report:
        """The report of what happened for the `count`th time. Fails if it does not happen in time."""

        def happened() -> bool:
            return len(self.all(what, where)) >= count

        with self._happened:
            is_met = self._happened.wait_for(happened, timeout)
        if not is_met:
            pytest.fail(f"waited {timeout} s for {what!r} #{count} of {where!r}; got {self!r}")
        return self.all(what, where)[count - 1]

    def wait_for_the_end(self) -> None:
        """Wait until the app's process let go of the line."""
        with self._happened:
            is_met = self._happened.wait_for(lambda: self._is_closed, TIMEOUT)
        if not is_met:
            pytest.fail(f"the app is still running after {TIMEOUT} s; got {self!r}")

    def all(self, what: str, where: str = "") -> list[Report]:
        """What was reported of this kind, up to now."""
        return [
            report
            for report in list(self.reports)
            if report.what == what and where in {"", report.where}
        ]

    def logged(self, logger: str = "jero") -> list[str]:
        return [report.note for report in self.all("logged", logger)]

    def cue(self, where: str, *words: str) -> None:
        """Let the stream on this path go on."""
        self._send(Cue("cue", where, list(words)))

    def cancel(self, where: str) -> None:
        """Cancel the task of the last request for this path."""
        self._send(Cue("cancel", where))

    def count(self) -> Counts:
        """What there is in the app's process right now."""
        return msgspec.json.decode(self._ask(Cue("count"), "counts").note, type=Counts)

    def settle(self, is_settled: Callable[[Counts], bool]) -> Counts:
        """What there is in the app's process when it has come to rest; what there is after a while if it does not.

        A server's own tasks end a little after the request that they were for.
        """
        deadline = time.monotonic() + TIMEOUT
        while not is_settled(counts := self.count()) and time.monotonic() < deadline:
            pass
        return counts

    def sent(self, where: str) -> Sent:
        """What was sent on this path so far."""
        return msgspec.json.decode(self._ask(Cue("sent", where), "sent").note, type=Sent)

    def begin(self) -> None:
        """Forget what happened before."""
        self._ask(Cue("begin"), "begun")
        self.reports.clear()

    def _ask(self, cue: Cue, answer: str) -> Report:
        count = len(self.all(answer)) + 1
        self._send(cue)
        return self.wait(answer, count=count)

    def _send(self, cue: Cue) -> None:
        assert self._app is not None
        self._app.sendall(msgspec.json.encode(cue) + b"\n")

    def _read(self) -> None:
        decode = msgspec.json.Decoder(Report).decode
        try:
            self._app, _ = self._listener.accept()
            with self._app.makefile("rb") as lines:
                for line in lines:
                    with self._happened:
                        self.reports.append(decode(line))
                        self._happened.notify_all()
        except OSError:  # closed by one side or the other
            pass
        with self._happened:
            self._is_closed = True
            self._happened.notify_all()

    def __repr__(self) -> str:
        return "\n".join(
            f"{report.at:.3f} {report.what} {report.where} {report.number or ''} {report.note}"
            for report in list(self.reports)[-40:]
        )


class Server(Line):
    """A server that serves `tests.servers.apps`, and its app's end of the line."""

    def __init__(self, kind: str, folder: Path, app: str = "app") -> None:
        super().__init__(folder / "line.sock")
        self.kind = kind
        self.address: Address = ("127.0.0.1", free_port())
        self.is_http2 = kind.endswith("-h2")
        values = {"app": f"tests.servers.apps:{app}", "port": str(self.address[1])}
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [part.format(**values) for part in COMMANDS[kind]],
                cwd=ROOT,
                env={**os.environ, SOCKET: str(folder / "line.sock")},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until_it_listens(self.process, self.address, self.log)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}"

    def log(self) -> str:
        return self._log.read_text()

    def terminate(self) -> float:
        """Ask it to end as a service manager does, with SIGTERM; the time."""
        self.process.send_signal(signal.SIGTERM)
        return time.monotonic()

    def wait_until_gone(self) -> float:
        """Wait for the end of the process and of its app's; the time."""
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.kind} is still running {TIMEOUT} s after SIGTERM; got {self!r}")
        self.wait_for_the_end()
        return time.monotonic()

    def kill(self) -> None:
        """End what is left of it, however it is."""
        try:
            family = [self.process.pid, *_children(self.process.pid)]
        except psutil.NoSuchProcess:
            family = []
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.close()


@contextmanager
def served(kind: str, folder: Path, app: str = "app") -> Generator[Server]:
    server = Server(kind, folder, app)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def nginx_before(address: Address, folder: Path) -> Generator[Address]:
    """An nginx that passes everything on to `address`, with nothing configured that need not be."""
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(port=port, server=address[1], folder=folder))
    log = folder / "nginx.log"
    with log.open("wb") as output:
        nginx = subprocess.Popen(
            [find_nginx(), "-p", folder, "-e", log, "-c", folder / "nginx.conf"],
            stdout=output,
            stderr=output,
        )
    try:
        wait_until_it_listens(nginx, ("127.0.0.1", port), log.read_text)
        yield ("127.0.0.1", port)
    finally:
        nginx.terminate()
        nginx.wait(TIMEOUT)


# Debian's file says no more about proxying than this. What is added is where its files go, and to stay one process.
NGINX: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    gzip on;
    access_log off;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{server}; }}
    }}
}}
"""


def find_nginx() -> str:
    """The path of nginx. Installs Debian's if there is none and this is root."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    if found := shutil.which("nginx", path=path):
        return found
    if can_install():
        install("nginx-light")
        if found := shutil.which("nginx", path=path):
            return found
    pytest.fail("nginx is needed to test that streams pass through a proxy: install it")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until_it_listens(
    process: subprocess.Popen[bytes], address: Address, log: Callable[[], str]
) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(address).close()
        except ConnectionRefusedError:
            pass
        else:
            return
        try:  # as good a pause as any, and the end of the server is noticed
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        break
    process.kill()
    pytest.fail(f"the server did not start:\n{log()}")


def _children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]
