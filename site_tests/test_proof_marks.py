"""Proof marks: from a test's name in a page's source to a button that opens the test, in plain Python-Markdown."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from docstage.pages.proof_marks import ProofMarks, Proofs
from markdown import Markdown
from playwright.sync_api import Browser, expect

from site_tests.conftest import fresh_page

FLOW = """\
import pytest


@pytest.mark.parametrize("n", [1, 2])
async def test_items_are_sent_at_once(n):
    assert n < 3


def test_both():
    pass
"""
MORE = '''\
class Test:
    def test_both(self):
        """This one."""
'''


@pytest.fixture
def tests(tmp_path: Path) -> Proofs:
    folder = tmp_path / "unit_tests" / "deep"
    folder.mkdir(parents=True)
    (folder / "test_flow.py").write_text(FLOW)
    (folder / "test_more.py").write_text(MORE)
    return Proofs(tmp_path)


@pytest.fixture
def render(tests: Proofs) -> Callable[[str], str]:
    extensions = ["pymdownx.superfences", "tables", ProofMarks(lambda: tests)]
    markdown = Markdown(extensions=extensions)
    return lambda text: markdown.reset().convert(text)


def shown(html: str) -> str:
    """The text of the popovers."""
    return re.sub("<[^>]*>", "", html.partition('<section class="proofs"')[2])


def test_a_name_in_parentheses_becomes_one_mark_that_is_announced_in_words(
    render: Callable[[str], str],
) -> None:
    html = render("Ready items are sent\n(`test_items_are_sent_at_once`).")
    assert html.startswith("<p>Ready items are sent<span ")
    assert ">✓</button></span>.</p>" in html
    assert 'aria-label="Tested by “items are sent at once”"' in html
    assert "test_items_are_sent_at_once(" not in html.partition("<section")[0]


def test_the_popover_of_a_mark_shows_the_tests_file_and_source(
    render: Callable[[str], str],
) -> None:
    html = render("Sent (`test_items_are_sent_at_once`).")
    (target,) = re.findall('class="proof"[^>]* popovertarget="([^"]+)"', html)
    assert f'popover id="{target}"' in html
    assert "unit_tests/deep/test_flow.py" in shown(html)
    assert '@pytest.mark.parametrize("n", [1, 2])\nasync def test_items_are_sent' in shown(html)
    assert "test_both" not in shown(html)


def test_names_side_by_side_share_a_mark(render: Callable[[str], str]) -> None:
    html = render("Sent (`test_items_are_sent_at_once`, `test_more.py::test_both`).")
    assert html.count('class="proof"') == 1
    assert "and 1 more" in html
    assert "This one." in shown(html)


def test_a_cell_of_a_table_needs_no_parentheses(render: Callable[[str], str]) -> None:
    html = render("| a | b |\n| --- | --- |\n| c | `test_items_are_sent_at_once` |")
    assert re.search('<td><span [^>]*><button [^>]*class="proof"[^>]*>✓</button></span></td>', html)


def test_a_test_that_is_named_twice_has_one_popover(render: Callable[[str], str]) -> None:
    html = render("One (`test_items_are_sent_at_once`), two (`test_items_are_sent_at_once`).")
    assert html.count('class="proof"') == 2
    assert html.count("<article") == 1


def test_a_page_without_names_is_left_alone(render: Callable[[str], str]) -> None:
    assert render("One (`test_items_are_sent_at_once`).") != ""
    assert render("In `test_flow.py` and `tests`.") == (
        "<p>In <code>test_flow.py</code> and <code>tests</code>.</p>"
    )


@pytest.mark.parametrize("name", ["test_of_nothing", "test_both", "test_other.py::test_both"])
def test_a_name_that_is_not_one_tests_fails_the_build(
    render: Callable[[str], str], name: str
) -> None:
    with pytest.raises(ValueError, match=f"'{name}', which must name one test"):
        render(f"One (`{name}`).")


def test_a_mark_opens_and_closes_from_the_keyboard_without_script(
    chromium: Browser, static_url: str
) -> None:
    with fresh_page(chromium, java_script_enabled=False) as page:
        page.goto(static_url + "guarantees/")
        mark = page.get_by_role("button", name="Tested by").first
        mark.focus()
        page.keyboard.press("Enter")
        popover = page.locator(".proof-popover:popover-open")
        expect(popover).to_be_visible()
        expect(popover).to_contain_text("def test_")
        page.keyboard.press("Escape")
        expect(popover).to_have_count(0)
        expect(mark).to_be_focused()


FIRST_ON_THEIR_LINES = """marks => marks.filter(mark => {
    const before = document.createTreeWalker(mark.closest("p, li, td, dd"), NodeFilter.SHOW_TEXT);
    let last = null;
    while (before.nextNode() && mark.compareDocumentPosition(before.currentNode) & Node.DOCUMENT_POSITION_PRECEDING)
        if (before.currentNode.data.trim()) last = before.currentNode;
    if (last === null) return false;
    const letter = document.createRange();
    const end = last.data.trimEnd().length;
    letter.setStart(last, end - 1);
    letter.setEnd(last, end);
    return letter.getBoundingClientRect().bottom <= mark.getBoundingClientRect().top;
}).map(mark => mark.title)"""


@pytest.mark.parametrize("width", [320, 360, 390, 411, 480, 768])
def test_a_mark_never_starts_a_line(chromium: Browser, static_url: str, width: int) -> None:
    with fresh_page(chromium, viewport={"width": width, "height": 800}) as page:
        page.goto(static_url + "guarantees/")
        marks = page.get_by_role("button", name="Tested by")
        assert marks.count() > 50
        assert marks.evaluate_all(FIRST_ON_THEIR_LINES) == []


def test_the_copy_for_language_models_names_the_tests(site: Path) -> None:
    text = (site / "guarantees" / "index.md").read_text("utf-8")
    assert re.search(r"\(`[\w/]*tests/[\w/]+\.py::test_\w+`", text)
    assert "✓" not in text
