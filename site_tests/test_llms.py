"""The pages' copies for language models hold what the pages do, where nothing runs."""

import re
from pathlib import Path

import pytest
from docstage.snippet.transcript import write
from mkdocs.utils import meta

from site_tests.project import PROJECT
from site_tests.test_pages import PAGES, SHOWN, built
from tests.support.root import ROOT

LISTED = re.compile(r"^- \[([^\]]+)\]\(([^)]+)\)(?:: (.+))?$", re.MULTILINE)


def copy_of(site: Path, page: Path) -> Path:
    return built(site, page).with_suffix(".md")


def test_every_page_has_its_copy_and_is_listed(site: Path) -> None:
    copies = {copy_of(site, page) for page in PAGES}
    listed = {url for _, url, _ in LISTED.findall((site / "llms.txt").read_text("utf-8"))}
    home = min(listed, key=len).removesuffix("index.md")
    assert listed == {home + copy.relative_to(site).as_posix() for copy in copies}
    assert all(copy.is_file() for copy in copies)


def test_the_list_begins_with_what_this_is_and_tells_what_the_pages_are_about(site: Path) -> None:
    text = (site / "llms.txt").read_text("utf-8")
    assert re.match(r"# jero\n\n> [^\n]+\n\n## ", text)
    told = {title: what for title, _, what in LISTED.findall(text)}
    _, front_matter = meta.get_data((ROOT / "docs/how-to/export-csv.md").read_text("utf-8"))
    assert told["Export CSV"] == front_matter["description"]


@pytest.mark.parametrize(
    ("page", "name"), SHOWN, ids=[f"{page.stem}-{name}" for page, name in SHOWN]
)
def test_no_live_block_loses_its_code_or_what_was_recorded(
    site: Path, page: Path, name: str
) -> None:
    text = copy_of(site, page).read_text("utf-8")
    snippet = PROJECT.catalogue().get(name.partition(":")[0])
    assert f"```python\n{snippet.source.strip()}\n```" in text
    for exchange in snippet.exchanges:
        assert f"“{exchange.name}”" in text
        recorded = "\n".join(map(write, exchange.recorded))
        assert f"```text\n{recorded}\n```" in text


def test_a_bar_within_a_cell_of_a_table_does_not_end_it(site: Path) -> None:
    copy = (site / "guide/requests/index.md").read_text("utf-8")
    (row,) = [line for line in copy.splitlines() if line.startswith("| `last_event_id`")]
    assert "`str \\| None`" in row
