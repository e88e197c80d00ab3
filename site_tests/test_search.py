"""The site's search finds examples: by what stands in their code, and by the words around them."""

import html
import json
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import block
from site_tests.conftest import GENERATOR, fresh_page
from site_tests.project import PROJECT

CATALOGUE = PROJECT.catalogue()


reads_results = pytest.mark.skipif(
    GENERATOR == "zensical", reason="Zensical shows results in a closed shadow root"
)


def indexed(site: Path) -> list[dict[str, str]]:
    """The sections that the search knows, as MkDocs or Zensical writes them."""
    file, key = site / "search/search_index.json", "docs"
    if not file.exists():
        file, key = site / "search.json", "items"
    return json.loads(file.read_text("utf-8"))[key]


def best(page: Page, words: str) -> Locator:
    """The link to what is found first for words that are typed into the search box."""
    box = page.get_by_role("textbox", name="Search")
    box.click()
    box.fill("")
    box.press_sequentially(words)
    # Above a section stands the page that it is on, below it what else is there.
    return page.locator(".md-search-result__item").first.locator("> a").last


def section(page: Page, snippet: str) -> str:
    """The heading that a block stands below: its id, and nothing if that is the page's own."""
    script = """live => {
        const before = [...document.querySelectorAll(".md-content :is(h1, h2, h3)[id]")].filter(
            heading => heading.compareDocumentPosition(live) & Node.DOCUMENT_POSITION_FOLLOWING);
        return before.length > 1 ? before.at(-1).id : "";
    }"""
    return block(page, snippet).evaluate(script)


@reads_results
@pytest.mark.parametrize(
    ("words", "snippet", "place"),
    [
        pytest.param(
            "DeploymentEndpoint", "streaming.sse", "streaming/#server-sent-events", id="class"
        ),
        pytest.param("csv_line", "streaming.raw", "streaming/#raw-bytes", id="function"),
        pytest.param("_backup", "streaming.head", "streaming/#head", id="private method"),
        pytest.param(
            "open_newsroom", "how_to.resume_feed", "how-to/resume-feed/", id="what is not shown"
        ),
        pytest.param("outbox", "application.resources", "guide/application/#resources", id="word"),
    ],
)
def test_what_stands_in_the_code_alone_leads_to_the_section_of_its_block(
    page: Page, static_url: str, words: str, snippet: str, place: str
) -> None:
    assert words in CATALOGUE.get(snippet).source
    page.goto(static_url)
    link = best(page, words)
    expect(link).to_have_attribute("href", re.compile(rf"/{place}(\?.*)?$"))
    link.click()
    expect(block(page, snippet)).to_be_attached()
    assert section(page, snippet) == place.partition("#")[2]


@pytest.fixture(scope="module")
def home(chromium: Browser, static_url: str) -> Generator[Page]:
    """The home page, for one search after the other."""
    with fresh_page(chromium) as page:
        page.goto(static_url)
        yield page


@reads_results
def test_the_words_of_a_page_lead_to_their_section(home: Page) -> None:
    link = best(home, "newlines")
    expect(link).to_have_attribute("href", re.compile("/streaming/#ndjson$"))


@reads_results
@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("dependency injection", r"explanation/no-container/|guide/application/"),
        ("swagger", r"guide/openapi/"),
        ("heartbeat", r"streaming/#keepalive"),
        ("gzip", r"guide/(deployment/#compression|requests/#compressed)"),
        ("OAuth", r"guide/authentication/#jwt"),
        ("jwt", r"guide/authentication/#jwt"),
        ("pagination", r"guide/requests/#params"),
        ("logging", r"guide/logging/"),
        ("kubernetes", r"guide/deployment/#containers-and-kubernetes"),
        ("opentelemetry", r"guide/(logging|application)/"),
        ("prometheus", r"guide/logging/"),
    ],
)
def test_what_people_type_leads_to_its_page(home: Page, words: str, place: str) -> None:
    expect(best(home, words)).to_have_attribute("href", re.compile(rf"/({place})"))


def test_the_whole_code_of_each_example_is_searched(site: Path) -> None:
    texts: dict[str, str] = {}
    for part in indexed(site):
        page = part["location"].partition("#")[0]
        texts[page] = texts.get(page, "") + html.unescape(part["text"])
    shown = {
        (f"{path.parent.relative_to(site).as_posix()}/".removeprefix("./"), snippet)
        for path in site.rglob("index.html")
        for snippet in re.findall(
            '<div class="live[^>]* data-snippet="([^"]+)"', path.read_text("utf-8")
        )
    }
    assert len(shown) > len(texts)
    for page, snippet in shown:
        assert CATALOGUE.get(snippet).source.strip() in texts[page], (page, snippet)


def test_recordings_are_not_searched(site: Path) -> None:
    texts = [section["text"] for section in indexed(site)]
    assert any("class DeploymentEndpoint" in text for text in texts)
    assert not any("response complete" in text for text in texts)
