"""The ways to look at a response: when each row came, its bytes, the run once more, and the run before beside it."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import (
    TIMEOUT,
    block,
    edit,
    expect_state,
    output,
    press,
    row,
    shown,
    violations,
)
from site_tests.conftest import fresh_page
from site_tests.project import PROJECT
from site_tests.tab import Tab

CATALOGUE = PROJECT.catalogue()


PAGE = "streaming/"


def opened(page: Page, url: str, snippet: str) -> Locator:
    page.goto(url + PAGE)
    return block(page, snippet)


def strip(where: Locator) -> Locator:
    return where.get_by_role("slider", name="Timeline", exact=True)


def look(where: Locator, view: str) -> Locator:
    where.get_by_role("tab", name=view).click()
    return where.get_by_role("tabpanel", name=view)


# When.


def test_the_line_below_the_strip_says_how_long_each_phase_took(tab: Tab) -> None:
    where = tab.block(PAGE, "streaming.keepalive")
    phases = where.locator(".live-phases").first
    expect(phases).to_contain_text("response started after 0.000 s")
    expect(phases).to_contain_text("3 items")
    expect(phases).to_contain_text("3 keepalives")
    expect(phases).to_contain_text("longest pause 0.500 s")
    expect(phases).to_contain_text("ended 0.000 s after the last byte")


def test_the_line_below_the_strip_says_when_the_client_left(tab: Tab) -> None:
    where = tab.block(PAGE, "streaming.lifecycle")
    exchange = next(e for e in CATALOGUE.get("streaming.lifecycle").exchanges if e.disconnect_after)
    where.get_by_label("Request", exact=True).select_option(exchange.name)
    phases = where.locator(".live-phases").first
    expect(phases).to_contain_text(f"client disconnected at {exchange.disconnect_after:.3f} s")
    expect(where.locator('[data-band="after"]')).to_have_count(1)


def test_arrow_keys_read_the_strip_row_by_row(either_tab: Tab) -> None:
    page = either_tab.open(PAGE)
    where = block(page, "streaming.ndjson")
    slider = strip(where)
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^0\.250 s: status 200"))
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(r'^0\.300 s, 0\.050 s after the previous row: ndjson \{"id":1')
    )
    expect(row(where, "ndjson", '"id":1')).to_have_attribute("data-marked", "")
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuenow", "6")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "6")
    page.keyboard.press("Tab")
    expect(slider).not_to_be_focused()
    expect(where.locator("[data-marked]")).to_have_count(0)


def test_pointing_at_the_strip_shows_the_row_there(tab: Tab) -> None:
    page = tab.open(PAGE)
    where = block(page, "streaming.ndjson")
    slider = strip(where)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.41, box["y"] + 10)
    expect(where.locator(".live-phases:visible")).to_contain_text("0.600 s, 0.300 s after")
    expect(row(where, "ndjson", '"id":2')).to_have_attribute("data-marked", "")
    page.mouse.move(box["x"], box["y"] - 200)
    expect(where.locator(".live-phases:visible")).to_contain_text("response started")


# Raw bytes.


def test_raw_bytes_shows_each_part_of_the_body_with_its_line_ends(either_tab: Tab) -> None:
    where = either_tab.block(PAGE, "streaming.sse")
    press(where, "Run")
    expect_state(where, "closed")
    raw = look(where, "Raw bytes")
    parts = raw.locator(".live-chunk")
    expect(parts).to_have_count(6)
    expect(parts.nth(0)).to_contain_text("content-type: text/event-stream")
    expect(parts.nth(3)).to_contain_text("45 bytes")
    expect(parts.nth(3).locator("pre")).to_have_text(
        "data: machine 1 is up\\n\ndata: machine 2 is up\\n\n\\n\n", use_inner_text=True
    )
    expect(parts.nth(5)).to_contain_text("4 parts, 204 bytes; complete")


def test_raw_bytes_grows_while_the_response_comes(either_tab: Tab) -> None:
    where = either_tab.block(PAGE, "streaming.disconnect")
    raw = look(where, "Raw bytes")
    press(where, "Run")
    expect_state(where, "running")
    expect(raw.locator(".live-chunk").nth(3)).to_be_visible(timeout=TIMEOUT)
    expect_state(where, "running")
    press(where, "Stop")
    expect(raw).to_contain_text("incomplete")


def test_raw_bytes_that_are_no_text_are_shown_as_digits(tab: Tab) -> None:
    where = tab.block(PAGE, "streaming.raw")
    edit(
        where,
        """async def app(scope, receive, send):
    if scope["type"] != "http": return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(range(250, 256)) + b"jero"})
    """,
    )
    press(where, "Run")
    expect_state(where, "closed")
    raw = look(where, "Raw bytes")
    expect(raw.locator(".live-hex")).to_have_text(
        "0000  fa fb fc fd fe ff 6a 65 72 6f                    ......jero"
    )


def test_tabs_are_worked_by_arrow_keys(tab: Tab) -> None:
    page = tab.open(PAGE)
    where = block(page, "streaming.ndjson")
    where.get_by_role("tab", name="Rows").focus()
    page.keyboard.press("ArrowRight")
    raw = where.get_by_role("tab", name="Raw bytes")
    expect(raw).to_be_focused()
    expect(raw).to_have_attribute("aria-selected", "true")
    expect(where.locator(".live-raw")).to_be_visible()
    expect(output(where)).to_be_hidden()
    page.keyboard.press("Home")
    expect(output(where)).to_be_visible()


# Once more.


@pytest.fixture
def slow(page: Page, static_url: str) -> Locator:
    """A block of a page whose clock can be stopped."""
    page.clock.install()
    return opened(page, static_url, "streaming.ndjson")


def visible(where: Locator) -> Locator:
    return output(where).locator(".live-row:visible")


@pytest.mark.parametrize(("speed", "rows"), [("1", 4), ("0.5", 2), ("0.25", 0)])
def test_a_replay_goes_at_the_chosen_pace(slow: Locator, speed: str, rows: int) -> None:
    press(slow, "Replay")
    press(slow, "Pause")
    press(slow, "Next row")
    back = slow.get_by_role("button", name="Previous row")
    while back.get_attribute("aria-disabled") is None:
        back.click()
    slow.get_by_label("Speed").select_option(speed)
    page = slow.page
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)
    # Playwright's own click would wait for the next frame, which does not come.
    slow.get_by_role("button", name="Play", exact=True).evaluate("play => play.click()")
    # Rows came after 0.25, 0.3, 0.6, 0.9 s and so on: at 0.95 s there are four, at half of that two.
    page.clock.run_for(950)
    assert visible(slow).count() == rows


def test_a_replay_shows_all_rows_when_it_is_over(tab: Tab) -> None:
    where = tab.block(PAGE, "streaming.ndjson")
    before = shown(where)
    press(where, "Replay")
    expect(where.get_by_role("button", name="Play")).to_be_visible(timeout=TIMEOUT)
    expect(visible(where)).to_have_count(len(before))
    press(where, "Done")
    expect(where.get_by_role("button", name="Replay")).to_be_focused()
    assert shown(where) == before


def test_a_run_ends_a_replay(either_tab: Tab) -> None:
    where = either_tab.block(PAGE, "streaming.ndjson")
    press(where, "Replay")
    expect(where.get_by_role("group", name="Replay")).to_be_visible()
    press(where, "Run")
    expect(where.get_by_role("group", name="Replay")).to_have_count(0)
    expect_state(where, "closed")
    expect(visible(where)).to_have_count(7)


def test_with_reduced_motion_a_replay_is_stepped_through_by_the_reader(
    chromium: Browser, static_url: str
) -> None:
    with fresh_page(chromium, reduced_motion="reduce") as page:
        where = opened(page, static_url, "streaming.ndjson")
        press(where, "Replay")
        expect(where.get_by_role("button", name="Pause")).to_have_count(0)
        expect(visible(where)).to_have_count(0)
        press(where, "Next row")
        press(where, "Next row")
        expect(visible(where)).to_have_count(2)
        press(where, "Previous row")
        expect(visible(where)).to_have_count(1)
        assert violations(where) == []


# The run before.


def stop_at(where: Locator, text: str) -> None:
    """Press Stop as soon as a row with that text is there: from outside the page, it might come after the end."""
    script = """async (where, text) => {
        const rows = where.querySelector('[role="log"][aria-label="Output"]');
        while (!rows.textContent.includes(text)) await new Promise(requestAnimationFrame);
        [...where.querySelectorAll("button")].find(one => one.textContent === "Stop").click();
    }"""
    where.evaluate(script, text)


def test_a_drained_run_and_a_stopped_one_stand_side_by_side(either_tab: Tab) -> None:
    page = either_tab.open(PAGE)
    where = block(page, "streaming.lifecycle")
    expect(where.get_by_role("button", name="Compare")).to_be_hidden()
    press(where, "Run")
    expect_state(where, "closed")
    drained = shown(where)
    press(where, "Run")
    stop_at(where, '"id":2')
    expect_state(where, "stopped")
    press(where, "Compare")
    earlier = where.get_by_role("region", name="Output of the previous run")
    expect(earlier.locator(".live-row")).to_have_count(len(drained))
    expect(earlier).not_to_contain_text("client disconnected")
    expect(output(where)).to_contain_text("client disconnected")
    expect(where.locator(".live-earlier")).to_contain_text("Previous: Closed after")
    spans = where.locator(".live-strip svg").evaluate_all(
        "all => all.map(svg => svg.getAttribute('viewBox'))"
    )
    assert len(set(spans)) == 1
    assert violations(where) == []
    press(where, "Compare")
    expect(earlier).to_have_count(0)
