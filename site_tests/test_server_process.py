"""The embedded server as a process: how it starts, and how it ends."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from docstage.run.runner import Limits
from docstage.server import serve

from site_tests.serving import configured, first_chunk, job, options, running

MAIN = """
import sys
from pathlib import Path
import msgspec
from docstage.server import Options, serve
from docstage.snippet.project import Project
project = Project.load(sys.argv[2])
sys.exit(serve(Options(project=project, port=0, site=Path(sys.argv[1]), build=False)))
"""


# No limit of a run ends a stream before the test gives up.
PATIENT = configured(limits=Limits(seconds=3600))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<h1>Home</h1>")
    return tmp_path


@contextmanager
def process(site: Path) -> Generator[tuple[subprocess.Popen[str], httpx.Client]]:
    command = [sys.executable, "-c", MAIN, str(site), PATIENT.dump()]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            serving, url, hint = server.stdout.readline().split(" ", 2)
            assert (serving, hint) == ("Serving", "(Ctrl-C to stop)\n")
            with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
                yield server, client
        finally:
            server.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_quietly_though_streams_are_open(
    site: Path, number: signal.Signals
) -> None:
    with process(site) as (server, client):
        with (
            client.stream("GET", "/live/builds") as changes,
            client.stream("GET", "/live/app/endless/") as route,
            running(client, job("endless")) as events,
        ):
            first_chunk(events)
            next(route.iter_lines())
            next(changes.iter_lines())
            server.send_signal(number)
            assert server.wait(timeout=60) == 0
        assert server.stderr is not None
        # Whether uvicorn sees first that a stream ends or that its client leaves depends on how busy the machine is.
        allowed = "ERROR:    ASGI callable returned without completing response."
        assert [line for line in server.stderr.read().splitlines() if line != allowed] == []


def test_a_reader_sees_the_teardown_when_the_server_ends(site: Path) -> None:
    with process(site) as (server, client), running(client, job("endless")) as events:
        first_chunk(events)
        server.send_signal(signal.SIGINT)

        assert [type(event).__name__ for event in events] == ["Disconnect", "Log", "End"]


def test_the_worker_ends_with_a_server_that_was_killed(site: Path) -> None:
    with process(site) as (server, client):
        worker = os.pidfd_open(int(client.get("/live/app/pid/").text))
        server.kill()

        assert select.select([worker], [], [], 60)[0]
        os.close(worker)


def test_a_taken_port_is_one_clear_sentence(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        status = serve(msgspec.structs.replace(options(site), port=port))

    assert status == 1
    assert capsys.readouterr().err == (
        f"Port {port} of 127.0.0.1 is taken: stop what uses it, or choose another with --port.\n"
    )


def test_a_site_that_is_not_there_is_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(options(tmp_path / "nowhere")) == 1
    assert capsys.readouterr().err.startswith("There is no site in ")
