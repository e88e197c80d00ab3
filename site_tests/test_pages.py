"""The pages show what there is: all of it, as it stands in the modules, and nothing else."""

import functools
import html
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import override

import pytest
from docstage.pages.proof_marks import Proofs
from mkdocs.config.base import (
    load_config,  # pyright: ignore[reportUnknownVariableType] - its options have no types
)
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page

import jero
import jero.testing
from overrides.cross_references import addresses
from site_tests.project import PROJECT
from tests.support.root import ROOT

CATALOGUE = PROJECT.catalogue()
PAGES = sorted((ROOT / "docs").glob("**/*.md"))
FENCE = re.compile(r"^( *)(`{3,})live\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)


def fences(page: Path) -> Iterator[str]:
    """What each live fence of a page names; fences within longer fences are text about fences."""
    text = re.sub(r"^`{5}.*?^`{5}$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for _, _, body in FENCE.findall(text):
        yield body.split("\n")[0].strip()


SHOWN = sorted({(page, name) for page in PAGES for name in fences(page)})


class CodeBlocks(HTMLParser):
    """Collects the text of every block of highlighted Python."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self._is_inside = False

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "pre":
            self._is_inside = True
            self.blocks.append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._is_inside = False

    @override
    def handle_data(self, data: str) -> None:
        if self._is_inside:
            self.blocks[-1] += data


def built(site: Path, page: Path) -> Path:
    relative = page.relative_to(ROOT / "docs").with_suffix("")
    return (
        site / relative.parent / ("" if relative.name == "index" else relative.name) / "index.html"
    )


@functools.cache
def code_blocks(page: Path) -> list[str]:
    """The texts of the blocks of highlighted Python on a built page."""
    html = CodeBlocks()
    html.feed(page.read_text("utf-8"))
    return [block.strip("\n") for block in html.blocks]


def test_every_snippet_is_on_a_page() -> None:
    assert {name.partition(":")[0] for _, name in SHOWN} == set(CATALOGUE.names())


@pytest.mark.parametrize(
    ("page", "name"), SHOWN, ids=[f"{page.stem}-{name}" for page, name in SHOWN]
)
def test_a_page_shows_exactly_the_modules_text(site: Path, page: Path, name: str) -> None:
    module, _, section = name.partition(":")
    snippet = CATALOGUE.get(module)
    texts = code_blocks(built(site, page))
    assert snippet.source.strip("\n") in texts
    if section:
        assert snippet.section(section).strip("\n") in texts


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_python_on_a_page_is_typed_by_hand(page: Path) -> None:
    blocks = re.findall(
        r"^``` ?python[^\n]*\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert all(block.startswith("--8<-- ") for block in blocks)


@pytest.mark.parametrize("module", [jero, jero.testing], ids=lambda module: module.__name__)
def test_every_public_name_is_on_the_reference_page_and_back(module: ModuleType) -> None:
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    name = re.escape(module.__name__)
    found = re.findall(rf"^::: {name}\.(\w+)$", text, re.MULTILINE)
    assert sorted(found) == sorted(module.__all__)


def test_every_test_that_a_page_names_is_there() -> None:
    tests = Proofs()
    assert [test for page in PAGES for test in tests.named_in(page.read_text("utf-8"))]


def test_mkdocs_finds_nothing_to_warn_about(site: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True)


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(https?://[^"'\s>]+)"""
    )
    for path in site.glob("**/*.html"):
        urls = [url for url in loaded.findall(path.read_text("utf-8")) if "127.0.0.1" not in url]
        assert urls == [], path


@pytest.mark.parametrize(
    "name", ["README.md", "docs", "jero", "docstage", "snippets", "mkdocs.yml"]
)
def test_no_registry_and_no_machine_is_named(name: str) -> None:
    # Its own words are put together here, so that this file does not name them either.
    hosts = [
        ".".join(parts)
        for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"))
    ]
    listed = subprocess.run(
        ["git", "ls-files", "--", name], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for path in listed:
        if (ROOT / path).suffix in {".py", ".md", ".ts", ".mjs", ".json", ".yml", ".txt", ".css"}:
            text = (ROOT / path).read_text("utf-8")
            assert not [host for host in hosts if host in text], path


# The reference.


def test_what_is_documented_elsewhere_is_there() -> None:
    for name in addresses():
        pkgutil.resolve_name(name if "." in name else f"builtins:{name}")


def test_a_type_in_a_signature_leads_to_where_it_is_documented(site: Path) -> None:
    reference = (site / "reference/index.html").read_text("utf-8")
    for name in ("str", "collections.abc.AsyncIterable", "httpx.Response", "msgspec.Struct"):
        assert f'href="{addresses()[name]}"' in reference
    assert 'href="#jero.HTTPError"' in reference


def test_a_page_can_be_edited_where_the_sources_are_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links: list[str | None] = []
    for folder in ("https://code.example/jero/edit/main/docs/", ""):
        monkeypatch.setenv("EDIT_URL", folder)
        config = load_config(str(ROOT / "mkdocs.yml"))
        file = File("streaming.md", config.docs_dir, config.site_dir, use_directory_urls=True)
        links.append(Page(None, file, config).edit_url)
    assert links == ["https://code.example/jero/edit/main/docs/streaming.md", None]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_link_to_a_page_can_be_shown_with_its_title_and_what_it_is_about(
    page: Path, site: Path
) -> None:
    front_matter = page.read_text("utf-8").split("---")[1]
    (description,) = re.findall(r"^description: (.+)$", front_matter, re.MULTILINE)
    head = built(site, page).read_text("utf-8").partition("</head>")[0]
    shown = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]+)">', head))
    assert html.unescape(shown["description"]) == description.strip('"').strip("'")
    assert shown["title"].endswith("jero")
    assert (site / shown["image"].removeprefix("http://127.0.0.1:8000/")).is_file()
