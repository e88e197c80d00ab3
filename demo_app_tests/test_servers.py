"""The application runs on any ASGI server, and stops with streams open."""

import sys
from pathlib import Path

import httpx
import pytest

from demo_tools.__main__ import PAGES
from demo_tools.cluster import Program, free_port
from demo_tools.model.serving import serve_model

COMMANDS = {
    "uvicorn": "uvicorn demo_app.app:app --port {port} --timeout-graceful-shutdown 15",
    "granian": "granian demo_app.app:app --interface asgi --port {port} --workers-kill-timeout 15",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_answers_and_stops_with_a_stream_open(name: str, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", *COMMANDS[name].format(port=port).split()]
    with serve_model(PAGES) as model:
        program = Program(command, port, tmp_path / "log", model.environ)
        program.start()
        check(program)


def check(program: Program) -> None:
    port = program.port
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            answer = client.get("/questions", params={"question": "What is keepalive?"})
            assert '"type":"footer"' in answer.text.splitlines()[-1]
            with client.stream("GET", "/notifications") as response:
                chunks = response.iter_bytes()
                assert next(chunks).startswith(b"id: ")
                program.stop()
                with pytest.raises(httpx.RemoteProtocolError):
                    list(chunks)
    finally:
        program.stop()
    assert '"message":"GET /notifications"' in program.log.read_text()
