"""Getting started, without a checkout: the site serves the wheel that its pages install."""

import shlex
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from site_tests.project import PROJECT

FIRST = PROJECT.catalogue().get("start.first")


def commands(page: Page) -> list[str]:
    """The commands of the page that install a wheel of this site."""
    lines = page.locator(".md-content pre code").all_inner_texts()
    return [line for block in lines for line in block.splitlines() if "/wheels/" in line]


def install(environment: Path, command: str) -> None:
    python, *arguments = shlex.split(command)
    assert python == "python"
    subprocess.run([environment / "bin/python", *arguments, "--quiet"], check=True)


@contextmanager
def serving(environment: Path, folder: Path) -> Generator[httpx.Client]:
    """A client of `first:app` under the uvicorn of that environment, with nothing of this checkout."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port, descriptor = listening.getsockname()[1], listening.fileno()
        process = subprocess.Popen(
            [environment / "bin/uvicorn", "first:app", "--fd", str(descriptor)],
            cwd=folder,
            pass_fds=[descriptor],
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


@pytest.mark.timeout(300)
def test_the_commands_of_getting_started_install_what_runs_its_first_application(
    page: Page, static_url: str, tmp_path: Path
) -> None:
    page.goto(f"{static_url}getting-started/")
    shown = commands(page)
    assert len(shown) == 3
    assert all(f" {static_url}assets/live/wheels/" in command for command in shown)
    environment = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    for command in shown:
        install(environment, command)
    (tmp_path / "first.py").write_text(FIRST.source, "utf-8")
    exchange = FIRST.exchanges[0]
    with serving(environment, tmp_path) as client:
        answer = client.request(
            exchange.request.method,
            exchange.request.target,
            headers=dict(exchange.request.headers),
            content=exchange.request.body,
        )
    assert answer.json() == [{"drink": "espresso", "size": 40}, {"drink": "filter", "size": 200}]
    where = [environment / "bin/python", "-c", "import jero, jero_viewer; print(jero.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(environment))


def test_the_home_page_installs_the_same_wheel(page: Page, static_url: str) -> None:
    page.goto(static_url)
    (command,) = commands(page)
    page.goto(f"{static_url}getting-started/")
    assert command == commands(page)[0]


@pytest.mark.parametrize("path", ["", "getting-started/"])
def test_a_page_that_installs_jero_says_that_the_index_has_another_project_of_that_name(
    page: Page, static_url: str, path: str
) -> None:
    page.goto(static_url + path)
    text = page.locator(".md-content").inner_text()
    assert "pip install jero" in text
    assert "belongs to a different" in " ".join(text.split())
