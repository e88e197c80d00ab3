"""A page that is open while the site is deployed anew: what it has goes on, and what is gone is said to be."""

import json
import re
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import block, expect_state, press
from site_tests.conftest import static_host

LIVE: Final = "assets/live"
UPDATED: Final = "this site was updated after the page was opened. Reload the page and press"


@pytest.fixture(scope="module")
def later(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as a later edition has it: other scripts under other names, and Python in other files."""
    later = tmp_path_factory.mktemp("later") / "site"
    shutil.copytree(site, later)
    folder = later / LIVE
    for script in folder.glob("*-????????.js"):
        script.unlink()
    _change_lock(folder, lambda live: live.update(edition="another"))
    return later


@pytest.fixture(scope="module")
def packed_anew(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as a later edition has it whose Python has changed, and whose scripts have not."""
    later = tmp_path_factory.mktemp("packed") / "site"
    shutil.copytree(site, later)
    folder = later / LIVE
    text = (folder / "pyodide-lock.json").read_text()
    for wheel in folder.glob("pyodide-*/*/*.whl"):
        wheel.parent.rename(wheel.parent.with_name(wheel.parent.name[::-1]))
        text = text.replace(
            f"/{wheel.parent.name}/{wheel.name}", f"/{wheel.parent.name[::-1]}/{wheel.name}"
        )
    (folder / "pyodide-lock.json").write_text(text)
    return later


def _change_lock(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    lock = json.loads((folder / "pyodide-lock.json").read_text())
    change(lock["tool"]["live"])
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))


class Host:
    """A host whose site can be replaced."""

    def __init__(self, root: Path, url: str) -> None:
        self._root = root
        self.url = url

    def deploy(self, site: Path) -> None:
        fresh = self._root / "fresh"
        fresh.symlink_to(site)
        fresh.replace(self._root / "jero")


@pytest.fixture
def host(site: Path, tmp_path: Path) -> Generator[Host]:
    with static_host(tmp_path) as url:
        host = Host(tmp_path, url + "jero/")
        host.deploy(site)
        yield host


@pytest.fixture
def opened(chromium: Browser, host: Host) -> Generator[Page]:
    """A page of the first edition. What is gone is an error in the console."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(host.url + "streaming/")
    # The last that comes of what a page loads by itself; until then, a deployment could take it away.
    expect(block(page, "streaming.ndjson").get_by_role("tab", name="Rows")).to_be_visible()
    yield page
    context.close()


def status(where: Locator) -> Locator:
    return where.get_by_role("status").last


@pytest.mark.parametrize("button", ["Run", "Edit", "More", "Edit request"])
def test_a_page_that_was_open_during_a_deployment_says_that_the_site_was_updated(
    opened: Page, host: Host, later: Path, button: str
) -> None:
    host.deploy(later)
    where = block(opened, "streaming.ndjson")
    press(where, button)
    expect(status(where)).to_contain_text(UPDATED)


def test_without_a_network_a_page_says_to_check_it(opened: Page) -> None:
    opened.context.set_offline(True)
    where = block(opened, "streaming.ndjson")
    press(where, "Edit")
    expect(status(where)).to_contain_text("Check the network and press Edit again")


def test_python_that_has_started_runs_on_after_a_deployment(
    opened: Page, host: Host, later: Path
) -> None:
    where = block(opened, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "closed")
    host.deploy(later)
    press(where, "Run")
    expect_state(where, "running")
    expect_state(where, "closed", "failed")
    expect(where).to_have_attribute("data-state", "closed")


def test_a_page_runs_the_python_of_a_later_edition_whose_scripts_are_the_same(
    opened: Page, host: Host, packed_anew: Path
) -> None:
    host.deploy(packed_anew)
    where = block(opened, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "closed", "failed")
    expect(where).to_have_attribute("data-state", "closed")


def test_a_script_or_style_that_changes_has_another_address(site: Path) -> None:
    page = (site / "streaming/index.html").read_text()
    addresses = re.findall(r'<(?:script|link rel="stylesheet")[^>]* (?:src|href)="([^"]+)"', page)
    assert any("live.js" in address for address in addresses)
    for address in set(addresses) - {"../assets/_mkdocstrings.css"}:
        assert re.search(r"\?v=[0-9a-f]{12}$|\.[0-9a-f]{8}\.min\.(js|css)$", address), address
