"""Every page of the site, visited as a reader who browses does: one tab, one Python, one page after the other."""

from collections.abc import Generator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from site_tests.blocks import COLOURS, TIMEOUT, expect_state, output, press, shown, violations
from site_tests.conftest import fresh_page
from tests.support.root import ROOT

PAGES = sorted(
    str(path.relative_to(ROOT / "docs").with_suffix("")).removesuffix("index")
    for path in (ROOT / "docs").rglob("*.md")
)
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}

# By a link of the navigation, as a reader does.
GO = """url => {
    document.querySelector("article").dataset.left = "";
    [...document.querySelectorAll(".md-nav__link")].find(link => link.href === url).click();
}"""
DARK = "() => document.body.dataset.mdColorScheme === 'slate'"


@pytest.fixture(scope="module")
def tab(chromium: Browser, server_url: str) -> Generator[Page]:
    with fresh_page(chromium, viewport=PHONE, reduced_motion="reduce") as page:
        page.goto(server_url + "getting-started/")
        page.evaluate("window.isSamePage = true")
        page.locator(".live").first.get_by_label("This browser").check()
        yield page
        assert page.evaluate("window.isSamePage"), "one of the pages was loaded anew"


@pytest.fixture(scope="module", params=PAGES)
def page(tab: Page, server_url: str, request: pytest.FixtureRequest) -> Page:
    tab.set_viewport_size(PHONE)
    tab.evaluate(GO, server_url + (request.param and request.param.rstrip("/") + "/"))
    expect(tab.locator("article[data-left]")).to_have_count(0)
    return tab


def test_axe_finds_no_violation_in_light_and_in_dark(page: Page) -> None:
    for is_dark in (False, True):
        assert page.evaluate(DARK) is is_dark
        # What is not colour is the same in both.
        assert violations(page, COLOURS if is_dark else None) == []
        page.locator("[data-md-component=palette] label:visible").click()


def test_every_block_shows_what_was_recorded(page: Page) -> None:
    blocks = [
        where
        for where in page.locator(".live").all()
        if where.get_by_role("button", name="Run", exact=True).is_enabled()
    ]
    recorded = [shown(where) for where in blocks]
    for where in blocks:
        press(where, "Run")
    for where, expected in zip(blocks, recorded, strict=True):
        kinds = [kind for kind, _ in expected]
        if "disconnect" in kinds:
            leaving = kinds.index("disconnect")
            output(where).locator(".live-row").nth(leaving - 1).wait_for(timeout=TIMEOUT)
            assert shown(where)[:leaving] == expected[:leaving]
            if where.get_by_role("button", name="Stop", exact=True).is_enabled():
                press(where, "Stop")
            expect_state(where, "closed", "stopped")
        else:
            expect_state(where, "closed", "failed")
            assert shown(where) == expected


# 640 is a screen of 1280 at a zoom of 200 %.
@pytest.mark.parametrize("width", [360, 640])
def test_on_a_phone_and_at_twice_the_size_nothing_is_wider_than_the_screen(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
