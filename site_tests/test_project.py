"""An example taken home: what is downloaded is a project that runs."""

import re
import socket
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from docstage.snippet import http_file
from packaging.requirements import Requirement
from playwright.sync_api import Locator, Page, expect

from site_tests.blocks import block, edit, pick, press
from site_tests.project import PROJECT
from site_tests.tab import Tab

CATALOGUE = PROJECT.catalogue()
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
WHEEL = f"jero-{tomllib.loads(PYPROJECT.read_text('utf-8'))['project']['version']}-py3-none-any.whl"


def downloaded(where: Locator, folder: Path) -> Path:
    """The folder, unzipped, of the project that a block makes."""
    snippet = where.get_attribute("data-snippet") or ""
    with where.page.expect_download() as download:
        pick(where, "Download as a project")
    archive = Path(download.value.path())
    assert download.value.suggested_filename == f"jero-{re.sub('[._]', '-', snippet)}.zip"
    with zipfile.ZipFile(archive) as unzipped:
        assert unzipped.testzip() is None
        unzipped.extractall(folder)
    (project,) = folder.iterdir()
    return project


@contextmanager
def uvicorn(project: Path, module: str) -> Generator[httpx.Client]:
    """A client of the project's app under uvicorn, with the jero of its wheel and no other."""
    with zipfile.ZipFile(project / WHEEL) as wheel:
        wheel.extractall(project / "installed")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            f"{module}:app",
            "--fd",
            str(listening.fileno()),
        ]
        process = subprocess.Popen(
            [*command, "--app-dir", "."],
            cwd=project,
            env={"PYTHONPATH": str(project / "installed")},
            pass_fds=[listening.fileno()],
            stderr=subprocess.PIPE,
        )
        try:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
                yield client
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture
def project(tab: Tab, tmp_path: Path) -> Path:
    where = tab.block("streaming/", "streaming.ndjson")
    source = CATALOGUE.get("streaming.ndjson").source
    edit(where, source.replace('"espresso"', '"ristretto"'))
    return downloaded(where, tmp_path)


def test_the_project_runs_with_what_the_reader_made_of_it(project: Path) -> None:
    with uvicorn(project, "ndjson") as client:
        lines = client.get("/orders").text.splitlines()
    assert lines[0] == '{"id":1,"item":"ristretto","total":2.4}'
    assert len(lines) == 5


def test_the_project_names_what_it_needs_and_where_jero_is(project: Path) -> None:
    pyproject = tomllib.loads((project / "pyproject.toml").read_text())
    needed = [Requirement(text) for text in pyproject["project"]["dependencies"]]
    assert sorted(requirement.name for requirement in needed) == ["jero", "msgspec", "uvicorn"]
    # A wheel that lies beside it, and not whatever an index has under the name.
    assert pyproject["tool"]["uv"]["sources"] == {"jero": {"path": WHEEL}}
    assert (project / WHEEL).is_file()
    assert "    uv run uvicorn ndjson:app\n" in (project / "README.md").read_text()


def test_the_projects_http_file_asks_what_the_snippet_asks(tab: Tab, tmp_path: Path) -> None:
    project = downloaded(tab.block("streaming/", "streaming.lifecycle"), tmp_path)
    parsed = http_file.parse((project / "lifecycle.http").read_text())
    exchanges = CATALOGUE.get("streaming.lifecycle").exchanges
    assert [(named.name, named.request, named.disconnect_after) for named in parsed] == [
        (exchange.name, exchange.request, exchange.disconnect_after) for exchange in exchanges
    ]


def test_a_changed_request_is_in_the_http_file(tab: Tab, tmp_path: Path) -> None:
    where = tab.block("getting-started/", "start.first")
    where.get_by_label("Request", exact=True).select_option("Another cup")
    press(where, "Edit request")
    body = '{"drink": "ristretto", "size": 25}'
    where.get_by_label("Body").fill(body)
    project = downloaded(where, tmp_path)
    parsed = {named.name: named for named in http_file.parse((project / "first.http").read_text())}
    assert parsed["Another cup"].request.body == body.encode()


def test_without_jero_within_reach_there_is_no_download_and_it_is_said(
    page: Page, static_url: str
) -> None:
    page.goto(static_url + "streaming/")
    page.route(
        "**/*.whl", lambda route: route.fulfill(status=200, body="", content_type="text/html")
    )
    page.route("**/pyodide-lock.json", lambda route: route.fulfill(status=200, body="{}"))
    where = block(page, "streaming.ndjson")
    pick(where, "Download as a project")
    expect(where.get_by_role("status").last).to_contain_text("Check the network and try again")
