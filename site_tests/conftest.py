"""What the site's tests share: the built site, the ways to serve it, and a Chromium to look at it with."""

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

import pytest
from docstage.bundle.locks import hold
from docstage.server.serve import Options
from docstage.server.supervisor import Timeouts
from playwright.sync_api import Browser

import tests.support.untimed  # noqa: F401  # pyright: ignore[reportUnusedImport] - it loads a profile
from site_tests.project import PROJECT
from site_tests.serving import served
from site_tests.tab import Tab
from tests.support.browser import CHROMIUM_ARGUMENTS, chromium, fresh_page, page
from tests.support.root import ROOT

__all__ = ["CHROMIUM_ARGUMENTS", "chromium", "fresh_page", "page"]

GENERATOR = os.environ.get("SITE_GENERATOR", "mkdocs")


@pytest.fixture(scope="session")
def site() -> Generator[Path]:
    """The built site, of what the sources are now. It stays as it is, whatever else is built meanwhile.

    It is built with `SITE_GENERATOR`, which is `mkdocs` or `zensical`.
    """
    link = ROOT / ("site" if GENERATOR == "mkdocs" else "build/site-zensical")
    options = ["--with", GENERATOR, "--site", str(link)]
    subprocess.run([sys.executable, "-m", "docstage", "build", *options], cwd=ROOT, check=True)
    held = hold(link)
    assert held is not None
    yield held.path
    held.release()


class _Quiet(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, policy: str, **kwargs: Any) -> None:
        self._policy = policy
        super().__init__(*args, **kwargs)

    @override
    def end_headers(self) -> None:
        if self._policy:
            self.send_header("Content-Security-Policy", self._policy)
        super().end_headers()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def static_host(folder: Path, policy: str = "") -> Generator[str]:
    """The URL of a plain static host that serves `folder`, with this Content-Security-Policy."""
    handler = functools.partial(_Quiet, directory=str(folder), policy=policy)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def static_url(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The site on a static host, below a path of its own."""
    root = tmp_path_factory.mktemp("host")
    (root / "jero").symlink_to(site)
    with static_host(root) as url:
        yield url + "jero/"


@pytest.fixture(scope="session")
def server_url(site: Path) -> Generator[str]:
    """The site on the embedded server. A worker that imports a framework on a busy machine is not a hung one."""
    timeouts = Timeouts(boot=120, answer=60, request=120)
    options = Options(project=PROJECT, port=0, site=site, build=False, timeouts=timeouts)
    with served(options) as client:
        yield str(client.base_url)


@pytest.fixture(scope="module")
def tabs(chromium: Browser) -> Generator[Callable[[str], Tab]]:
    """The tabs of a module, one for each URL of a site."""
    opened: dict[str, Tab] = {}

    def at(url: str) -> Tab:
        return opened.setdefault(url, Tab(chromium, url))

    yield at
    for tab in opened.values():
        tab.close()


def _lent(tab: Tab, request: pytest.FixtureRequest, *, with_errors: bool = False) -> Generator[Tab]:
    failed = request.session.testsfailed
    yield tab
    errors = tab.errors
    if errors or request.session.testsfailed > failed:
        tab.close()  # what it is like now, nobody knows
    assert errors == []


@pytest.fixture
def tab(
    tabs: Callable[[str], Tab], static_url: str, request: pytest.FixtureRequest
) -> Generator[Tab]:
    """The module's tab of the site on a static host. The test fails if its console shows an error."""
    yield from _lent(tabs(static_url), request)


@pytest.fixture
def server_tab(
    tabs: Callable[[str], Tab], server_url: str, request: pytest.FixtureRequest
) -> Generator[Tab]:
    """The module's tab of the site on the embedded server. The test fails if its console shows an error."""
    yield from _lent(tabs(server_url), request)


@pytest.fixture(params=["browser", "server"])
def either_tab(request: pytest.FixtureRequest) -> Tab:
    """A tab where snippets run in the browser, and one where they run on the server."""
    return request.getfixturevalue("tab" if request.param == "browser" else "server_tab")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have measured, whether or not they passed: what, measured, allowed."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    table = [row for report in reports for name, row in report.user_properties if name == "budget"]
    if not table:
        return
    terminalreporter.section("budgets of a page")
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for what, measured, allowed in table:
        line = f"{what:{widths[0]}}  {measured:>{widths[1]}}  of {allowed:>{widths[2]}}"
        terminalreporter.write_line(line)
