"""A block zoomed to twice its size, and on paper: all of it is there."""

import io
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from site_tests.blocks import TIMEOUT, block, edit, expect_state, press, row
from site_tests.conftest import fresh_page
from site_tests.project import PROJECT
from site_tests.tab import Tab

LONG = """\
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/x-ndjson")]})
    for number in range(400):
        await send({"type": "http.response.body", "body": b"%d\\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
""" + "".join(f"# {number}\n" for number in range(200))


def opened(page: Page, url: str, snippet: str) -> Locator:
    page.goto(url + "streaming/")
    return block(page, snippet)


# On paper.


def printed(page: Page) -> str:
    """The text on the paper that the page fills."""
    return "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf())).pages)


def numbers(pattern: str, text: str) -> list[int]:
    return sorted({int(number) for number in re.findall(pattern, text)})


@pytest.fixture
def where(tab: Tab) -> Locator:
    return tab.block("streaming/", "streaming.ndjson")


def test_on_paper_all_rows_of_a_run_are_there(where: Locator) -> None:
    edit(where, LONG)
    press(where, "Run")
    expect_state(where, "closed")
    paper = printed(where.page)
    assert numbers(r"ndjson (\d+)\n", paper) == list(range(400))
    assert "response complete" in paper


def test_on_paper_a_run_of_too_many_rows_says_what_is_left_out(where: Locator) -> None:
    edit(where, LONG.replace("400", "1_200"))
    press(where, "Run")
    expect_state(where, "closed")
    paper = printed(where.page)
    assert numbers(r"ndjson (\d+)\n", paper) == list(range(201, 1_200))
    assert "Showing the newest 1,000 rows; 202 earlier rows are hidden." in paper


def missing_lines(source: str, paper: str) -> list[str]:
    """The lines that are not on the paper, where long ones go on in the next."""
    there = "".join(paper.split())
    return [line for line in source.splitlines() if "".join(line.split()) not in there]


def test_on_paper_all_lines_of_edited_code_are_there(where: Locator) -> None:
    edit(where, LONG)
    # The editor draws those in sight only.
    assert where.locator(".cm-line").count() < len(LONG.splitlines())
    paper = printed(where.page)
    assert missing_lines(LONG, paper) == []
    assert numbers(r"# (\d+)\n", paper) == list(range(200))


def test_on_paper_all_lines_of_the_original_code_are_there(where: Locator) -> None:
    source = PROJECT.catalogue().get("streaming.ndjson").source
    assert missing_lines(source, printed(where.page)) == []


# Zoomed.

CUT_OFF = """root => {
    const isScrolled = element => {
        for (let up = element; up !== root.parentElement; up = up.parentElement)
            if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up.scrollWidth > up.clientWidth) return true;
        return false;
    };
    const described = element => `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`;
    const found = [];
    for (const element of root.querySelectorAll("*")) {
        if (!element.checkVisibility()) continue;
        const {left, right, width} = element.getBoundingClientRect();
        if (!width || isScrolled(element)) continue;
        if (left < 0 || right > innerWidth + 0.5) found.push(`${described(element)}: ${left} to ${right}`);
        const {overflowX} = getComputedStyle(element);
        const isClipped = /hidden|clip/.test(overflowX) || element.matches("button, select");
        if (isClipped && element.scrollWidth > element.clientWidth + 1) found.push(`${described(element)}: clipped`);
    }
    return found;
}"""


def assert_all_is_there(where: Locator) -> None:
    """Everything in the block stands within the window, or in a box that scrolls; the page does not scroll sideways."""
    page = where.page
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert where.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("width", [1280, 800, 640])
def test_zoomed_to_twice_its_size_nothing_of_a_block_is_cut_off(
    chromium: Browser, static_url: str, width: int
) -> None:
    # What zooming does: half as many pixels of the page in the same window, each twice as large.
    zoomed = {"width": width // 2, "height": 400}
    with fresh_page(chromium, viewport=zoomed, device_scale_factor=2) as page:
        where = opened(page, static_url, "streaming.lifecycle")
        assert_all_is_there(where)
        press(where, "Edit")
        expect(where.get_by_role("textbox", name="Code of")).to_be_visible()
        press(where, "Edit request")
        expect(where.get_by_label("Path")).to_be_visible()
        assert_all_is_there(where)
        press(where, "Run")
        row(where, "end").wait_for(timeout=TIMEOUT)
        press(where, "Run")
        row(where, "end").wait_for(timeout=TIMEOUT)
        press(where, "Compare")
        press(where, "Replay")
        expect(where.get_by_role("group", name="Replay")).to_be_visible()
        assert_all_is_there(where)
        for view in ("Raw bytes", "Client code"):
            where.get_by_role("tab", name=view).click()
            expect(where.get_by_role("tabpanel", name=view)).to_be_visible()
            assert_all_is_there(where)
        press(where, "More")
        expect(where.get_by_role("button", name="Copy link")).to_be_visible()
        assert_all_is_there(where)
