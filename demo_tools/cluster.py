"""`python -m demo_tools.cluster`: the application as on many machines, on this one: Redis, two workers, nginx in front.

Only for looking at and for tests. Everything listens on loopback and lives in a temporary folder.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import demo_app

SITE: Final = Path(demo_app.__file__).parent / "deployment" / "nginx.conf"

STARTING: Final = 20.0
"""How long a program may take until it listens, in seconds."""

STOPPING: Final = 20.0
"""How long it may take to stop, in seconds."""

# What Debian's file says around a site, with everything that is written kept in one folder.
_NGINX: Final = """
daemon off;
pid {folder}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class MissingProgramError(Exception):
    """A program that is needed is not installed."""


class Program:
    """A program that listens on a port of loopback, and what it writes."""

    def __init__(
        self, command: Sequence[str], port: int, log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.port = port
        self.log = log
        self._command = command
        self._environ = {**os.environ, **(environ or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process, the last that was started."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it listens. Raises `RuntimeError` with its log if it does not."""
        self.launch()
        self.wait_until_it_listens()

    def launch(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            # In a session of its own, so that Ctrl+C reaches only whoever stops all of them in order.
            self._process = subprocess.Popen(  # noqa: S603 - commands of this module
                self._command, env=self._environ, stdout=log, stderr=log, start_new_session=True
            )

    def wait_until_it_listens(self) -> None:
        """Wait until it can be connected to. Raises `RuntimeError` with its log if that takes too long."""
        deadline = time.monotonic() + STARTING
        while self.is_running and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                self.wait(0.02)
            else:
                return
        self.kill()
        raise RuntimeError(f"{self._command[0]} did not start:\n{self.log.read_text()[-4000:]}")

    def wait(self, timeout: float) -> bool:
        """Wait for its end, for so many seconds. Whether it has ended."""
        assert self._process is not None
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Ask it to end, as a service manager would, and wait for it; kill it if it does not."""
        if self.is_running:
            assert self._process is not None
            self._process.terminate()
            if not self.wait(STOPPING):
                self.kill()

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Cluster:
    """Redis, workers and nginx, which run while the context is open. `environ` is for the workers."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        workers: int = 2,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.redis = redis_server(folder)
        redis_url = f"redis://127.0.0.1:{self.redis.port}"
        common = {**(environ or {}), "NOTIFICATIONS_URL": redis_url, "BIND_HOST": "127.0.0.1"}
        self.workers: list[Program] = []
        for number in range(1, workers + 1):
            own = free_port()
            command = [
                sys.executable,
                "-m",
                "demo_app" if "OPENAI_API_KEY" in os.environ else "demo_tools",
            ]
            log = folder / f"worker-{number}.log"
            self.workers.append(Program(command, own, log, {**common, "PORT": str(own)}))
        self.nginx = nginx(folder, port or free_port(), [worker.port for worker in self.workers])
        self._started = ExitStack()

    @property
    def programs(self) -> Sequence[Program]:
        """All of them, in the order in which they start."""
        return [self.redis, *self.workers, self.nginx]

    @property
    def url(self) -> str:
        """Where nginx is."""
        return f"http://127.0.0.1:{self.nginx.port}"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self.redis.stop)
            self.redis.start()
            # At the same time, because Python takes its time to start.
            for program in (*self.workers, self.nginx):
                stack.callback(program.stop)
                program.launch()
            for program in (*self.workers, self.nginx):
                program.wait_until_it_listens()
            self._started = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._started.close()


def redis_server(folder: Path) -> Program:
    """A Redis that keeps what it has in `folder`, also when it is killed."""
    port = free_port()
    command = [find_program("redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--dir", str(folder), "--appendonly", "yes", "--save", ""]
    return Program(command, port, folder / "redis.log")


def nginx(folder: Path, port: int, workers: Sequence[int]) -> Program:
    """An nginx with the site's own file, less the addresses in it. Raises `ValueError` if that has others."""
    site = SITE.read_text()
    servers = [line for line in site.splitlines() if line.strip().startswith("server 127.0.0.1:")]
    added = [servers[0].replace(":8001 ", f":{worker} ") for worker in workers]
    replacements = {"\n".join(servers): "\n".join(added), "listen 80;": f"listen 127.0.0.1:{port};"}
    for old, new in replacements.items():
        if site.count(old) != 1:
            raise ValueError(f"{SITE} does not say once: {old}")
        site = site.replace(old, new)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder))
    command = [find_program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    command += ["-e", str(folder / "nginx.log")]
    return Program(command, port, folder / "nginx.log")


def find_program(name: str) -> str:
    """Its path. Raises `MissingProgramError`."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(name, path=path)
    if found is None:
        raise MissingProgramError(f"{name} is not installed; Debian has it in its package {name}.")
    return found


def free_port() -> int:
    """A port of loopback that is free right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def main() -> None:
    """Run until Ctrl+C, or until one of the programs ends."""
    parser = argparse.ArgumentParser(prog="python -m demo_tools.cluster", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="nginx's (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="how many (default: %(default)s)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="demo_app-") as folder:
            run(Cluster(Path(folder), port=options.port, workers=options.workers))
    except MissingProgramError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.stdout.write("Stopped.\n")


def run(cluster: Cluster) -> None:
    """Start it, say where to look, and wait."""
    with cluster:
        lines = [f"Open {cluster.url} - Ctrl+C stops everything."]
        for number, worker in enumerate(cluster.workers, 1):
            lines.append(f"  worker {number}: http://127.0.0.1:{worker.port}, log in {worker.log}")
        lines.append(f"  redis: port {cluster.redis.port}, log in {cluster.redis.log}")
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        while all(program.is_running for program in cluster.programs):
            cluster.nginx.wait(0.5)
        ended = next(program for program in cluster.programs if not program.is_running)
        sys.stderr.write(f"This has ended:\n{ended.log.read_text()[-4000:]}")


if __name__ == "__main__":
    main()
