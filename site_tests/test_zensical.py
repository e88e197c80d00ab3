"""The site as Zensical builds it, from the same mkdocs.yml: `nox -s zensical`."""

import subprocess
import sys
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from site_tests.blocks import block, press
from site_tests.conftest import static_host
from tests.support.root import ROOT

pytestmark = pytest.mark.skipif(
    find_spec("zensical") is None, reason="Zensical is installed by its own session only"
)

BUILT = ROOT / "build/mkdocs"


@pytest.fixture(scope="module")
def built(site: Path) -> Path:
    """Zensical's site. What the live block needs was made for the other one."""
    assert site.is_dir()
    subprocess.run([sys.executable, "-m", "zensical", "build", "--clean"], cwd=ROOT, check=True)
    return BUILT


@pytest.fixture(scope="module")
def url(built: Path) -> Generator[str]:
    with static_host(built) as url:
        yield url


def test_it_has_the_same_pages(built: Path, site: Path) -> None:
    def pages(folder: Path) -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}

    assert pages(built) == pages(site)


def test_a_live_block_runs_in_the_browser(page: Page, url: str) -> None:
    page.goto(url)
    live = block(page, "start.answer")
    press(live, "Run")
    expect(live.get_by_role("status")).to_contain_text("in this browser", timeout=60_000)


def test_a_block_stands_in_the_page_without_script(built: Path, site: Path) -> None:
    def snippets(folder: Path) -> int:
        return (folder / "streaming/index.html").read_text("utf-8").count('data-snippet="')

    assert snippets(built) == snippets(site) > 10
