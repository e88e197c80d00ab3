"""What any site generator must make of mkdocs.yml: MkDocs by default, Zensical in `nox -s zensical`."""

import re
from contextlib import suppress
from html import unescape
from pathlib import Path

import httpx
import pytest
from docstage.pages.configuration import Configuration
from docstage.pages.policy import FILE, policy
from playwright.sync_api import Error, Page, expect

from overrides.cross_references import addresses
from site_tests.blocks import block, press
from site_tests.conftest import static_host
from site_tests.test_pages import PAGES, built
from tests.support.root import ROOT

CODE = re.compile(r"<(pre|code|script)\b.*?</\1>", re.DOTALL)


def test_every_page_is_built_and_in_the_navigation(site: Path) -> None:
    assert all(built(site, page).is_file() for page in PAGES)
    listed = {ROOT / "docs" / page.path for page in Configuration.read(ROOT).pages()}
    assert listed == set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_cross_reference_of_a_page_is_a_link(site: Path, page: Path) -> None:
    text = built(site, page).read_text("utf-8")
    assert "<autoref" not in text
    assert not re.search(r"\]\[[a-zA-Z_.]*\]", CODE.sub("", text))


def test_signatures_and_pages_link_to_the_documentation_of_other_projects(site: Path) -> None:
    reference = (site / "reference/index.html").read_text("utf-8")
    linked = set(map(unescape, re.findall(r'href="?(https://[^">\s]+)', reference)))
    for name in ("collections.abc.Mapping", "str", "httpx.Request"):
        assert addresses()[name] in linked


def test_the_policy_is_that_of_the_pages(site: Path) -> None:
    text = (site / FILE).read_text("utf-8").strip()
    assert text == policy(site)
    assert "'sha256-" in text


def test_the_sites_own_scripts_have_addresses_by_their_contents(site: Path) -> None:
    for page in [*(built(site, page) for page in PAGES), site / "404.html"]:
        addresses = re.findall(r'(?:src|href)="?([^">\s]*assets/[^">\s]*)', page.read_text("utf-8"))
        own = [path for path in addresses if re.search(r"assets/(site|live/live)\.(js|css)", path)]
        assert len(own) == 4
        assert all(re.search(r"\?v=[0-9a-f]{12}$", path) for path in own)


@pytest.mark.parametrize(
    ("path", "snippet"), [("", "start.answer"), ("streaming/", "streaming.ndjson")]
)
def test_a_block_runs_in_the_browser_under_the_policy(
    page: Page, site: Path, path: str, snippet: str
) -> None:
    with static_host(site, (site / FILE).read_text("utf-8").strip()) as url:
        page.goto(url + path)
        live = block(page, snippet)
        press(live, "Run")
        expect(live.get_by_role("status")).to_contain_text("in this browser", timeout=60_000)


def test_the_first_result_of_a_search_is_the_section_about_it(page: Page, static_url: str) -> None:
    page.goto(static_url)
    page.keyboard.press("/")
    page.keyboard.insert_text("jwt")
    # Results are not announced in the page by every generator, so Enter is pressed until there is a first one.
    for _ in range(60):
        page.keyboard.press("Enter")
        with suppress(Error):
            page.wait_for_url(re.compile("/guide/authentication/.*#jwt$"), timeout=500)
            return
    pytest.fail(f"still at {page.url}")


def test_what_is_not_there_is_a_404_with_the_sites_navigation(site: Path, server_url: str) -> None:
    answer = httpx.get(server_url + "no/such/page")
    assert answer.status_code == 404
    assert answer.text == (site / "404.html").read_text("utf-8")
    assert "Getting started" in answer.text
